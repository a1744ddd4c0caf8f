// Replaying and dropping dead letters, one or many, with a note of how it went.

import { useLingui } from "@lingui/react/macro";
import { client, isProblem } from "@/api/client";
import { refresh } from "@/api/queries";
import { sentence } from "@/ui/layout";
import { notify, notifyFault } from "@/ui/toasts";

const AT_ONCE = 4;
export type LetterAct = "replay" | "drop";

/** Those that cannot be replayed any more are counted, and the first of them says why. */
export function useLetterActs(): (act: LetterAct, ids: readonly string[]) => Promise<void> {
  const { t } = useLingui();
  return async (act, ids) => {
    const faults = await each(ids, async (letter_id) => {
      const params = { path: { letter_id } };
      if (act === "drop") await client.DELETE("/api/v1/dead-letters/{letter_id}", { params });
      else await client.POST("/api/v1/dead-letters/{letter_id}/replay", { params });
    });
    await refresh("/api/v1/dead-letters");
    const count = ids.length - faults.length;
    if (count)
      notify(act === "drop" ? t`Dropped: ${count}` : t`Put on their topics again: ${count}`);
    const [fault] = faults;
    if (fault === undefined) return;
    const why = sentence(fault, t`Nightclerk cannot be reached. Is it running?`);
    const left = faults.length;
    notifyFault(left > 1 ? t`${left} were left as they are. ${why}` : why);
  };
}

/** What was refused; anything but the API's refusals goes on. */
async function each(
  ids: readonly string[],
  act: (id: string) => Promise<void>,
): Promise<unknown[]> {
  const waiting = [...ids];
  const faults: unknown[] = [];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift())
      await act(id).catch((error: unknown) => {
        if (!isProblem(error)) throw error;
        faults.push(error);
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return faults;
}
