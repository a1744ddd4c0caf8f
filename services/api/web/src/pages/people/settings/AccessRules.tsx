import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { $api, type AccessRulesView, client } from "@/api/client";
import { queries, refresh } from "@/api/queries";
import { ME } from "@/api/session";
import { FaultLine, useAct } from "@/ui/act";
import { CheckField } from "@/ui/controls";
import { Loaded, Panel } from "@/ui/layout";
import { notify } from "@/ui/toasts";
import css from "../people.module.css";

const PATH = "/api/v1/access-rules";
const RULES = $api.queryOptions("get", PATH);

/** Each takes effect as it is ticked. */
export function AccessRules() {
  const { t } = useLingui();
  const rules = useQuery(RULES);
  const { busy, fault, run } = useAct();
  const router = useRouter();
  const change = async (body: Partial<AccessRulesView>) => {
    queries.setQueryData<AccessRulesView>(
      RULES.queryKey,
      (before) => before && { ...before, ...body },
    );
    const done = await run(() => client.PATCH(PATH, { body }));
    if (!done) return refresh(PATH);
    notify(t`Saved.`);
    // It may concern oneself: then there is no more to be done than a second factor.
    await queries.invalidateQueries({ queryKey: ME.queryKey });
    await router.invalidate();
  };
  return (
    <Panel className={css.panel}>
      <h2>{t`What logins take`}</h2>
      <Loaded query={rules} rows={1}>
        {({ owners_need_second_factor, only_owners_use_passwords }) => (
          <>
            <CheckField
              label={t`Owners need a second factor`}
              hint={t`Those without one may do nothing but set it up; that may be you.`}
              checked={owners_need_second_factor}
              disabled={busy}
              onChange={({ target }) => change({ owners_need_second_factor: target.checked })}
            />
            <CheckField
              label={t`Only owners sign in by password`}
              hint={t`All others by single sign-on, which has to be set up first.`}
              checked={only_owners_use_passwords}
              disabled={busy}
              onChange={({ target }) => change({ only_owners_use_passwords: target.checked })}
            />
          </>
        )}
      </Loaded>
      <FaultLine text={fault} />
    </Panel>
  );
}
