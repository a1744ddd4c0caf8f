// Records that could not be used: looked at, put on their topic again, or dropped; many at a time.

import { useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { client, type DeadLetterPage } from "@/api/client";
import { Empty, Loaded } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import ui from "@/ui/ui.module.css";
import css from "../models.module.css";
import type { LetterSearch } from "../search";
import { Bulk } from "./Bulk";
import { Filters } from "./Filters";
import { Letter } from "./Letter";

const PATH = "/api/v1/dead-letters";
const route = getRouteApi("/shell/models-section/dead-letters");

export function DeadLetters() {
  const { t } = useLingui();
  const search = route.useSearch();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const letters = usePages(PATH, search, async (cursor) => {
    const query = { ...asked(search), limit: 50, cursor };
    const { data } = await client.GET(PATH, { params: { query } });
    return data as DeadLetterPage;
  });
  const pick = (ids: string[], isPicked: boolean) =>
    setPicked((before) => {
      const after = new Set(before);
      for (const id of ids) isPicked ? after.add(id) : after.delete(id);
      return after;
    });
  return (
    <div className={css.stack}>
      <p className={css.lead}>
        {t`Messages between the services that could not be used. Once the cause is mended they can be put on their way again.`}
      </p>
      <Filters key={JSON.stringify(search)} search={search} />
      <Loaded query={letters} rows={5}>
        {({ pages }) => {
          const all = pages.flatMap(({ items }) => items);
          const open = all.filter(({ state }) => state === "open").map((each) => each.letter_id);
          if (!all.length)
            return (
              <Empty title={t`No dead letters`}>
                <p>{t`Whatever a service could not use is kept here for a week.`}</p>
              </Empty>
            );
          return (
            <>
              {open.length > 0 && (
                <Bulk open={open} picked={open.filter((id) => picked.has(id))} pick={pick} />
              )}
              <ul className={ui.rows} aria-label={t`Dead letters`}>
                {all.map((letter) => (
                  <Letter
                    key={letter.letter_id}
                    letter={letter}
                    isPicked={picked.has(letter.letter_id)}
                    pick={(isPicked) => pick([letter.letter_id], isPicked)}
                  />
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
      <More query={letters} />
    </div>
  );
}

/** Days as this browser has them: from the first's beginning to the last's end. */
function asked({ since, until, state = "open", ...rest }: LetterSearch) {
  return {
    ...rest,
    state,
    since: since && new Date(`${since}T00:00:00`).toISOString(),
    until: until && new Date(`${until}T23:59:59.999`).toISOString(),
  };
}
