import { useLingui } from "@lingui/react/macro";
import { $api, type AlertView, client } from "@/api/client";
import { useMay, useMe } from "@/api/session";
import { SelectField } from "@/ui/controls";
import { useTelling } from "./acts";

/** Who sees to it. Whoever may not list people assigns to themselves only. */
export function Assignment({ alerts }: { alerts: AlertView[] }) {
  const { t } = useLingui();
  const me = useMe();
  const may = useMay("review");
  const assign = useAssign();
  const people = usePeople();
  const to = alerts[0]?.review.assigned_to ?? "";
  if (to && !people.has(to)) people.set(to, t`Somebody else`);
  if (!may || (me.kind !== "user" && people.size === 0)) return null;
  return (
    <SelectField
      label={t`Assigned to`}
      value={to}
      onChange={(event) => void assign(alerts, event.currentTarget.value || null)}
    >
      <option value="">{t`Nobody`}</option>
      {[...people].map(([id, name]) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

/** Names by id: oneself, and all others for whoever may list them. */
export function usePeople(): Map<string, string> {
  const { t } = useLingui();
  const me = useMe();
  const enabled = useMay("administer") && me.kind === "user";
  const params = { query: { limit: 200 } };
  const { data } = $api.useQuery(
    "get",
    "/api/v1/users",
    { params },
    { enabled, staleTime: 300_000 },
  );
  const people = new Map<string, string>();
  if (me.user_id) people.set(me.user_id, t`${me.name} (me)`);
  for (const user of data?.items ?? [])
    if (user.is_active && user.user_id !== me.user_id) people.set(user.user_id, user.name);
  return people;
}

export function useAssign() {
  const telling = useTelling();
  return (alerts: AlertView[], assigned_to: string | null) =>
    telling(() =>
      Promise.all(
        alerts.map(({ alert_id, review }) => {
          const header = { "If-Match": `"${review.version}"` };
          const params = { path: { alert_id }, header };
          return assigned_to
            ? client.PUT("/api/v1/alerts/{alert_id}/assignment", { params, body: { assigned_to } })
            : client.DELETE("/api/v1/alerts/{alert_id}/assignment", { params });
        }),
      ),
    );
}
