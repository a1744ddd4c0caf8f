import { useLingui } from "@lingui/react/macro";
import { $api } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { Badge, Empty, Loaded, Page, Panel } from "@/ui/layout";

/** What there is to know at a glance. */
export function Overview() {
  const { t } = useLingui();
  const { ago } = useFormat();
  const alerts = $api.useQuery("get", "/api/v1/alerts", { params: { query: { limit: 10 } } });
  return (
    <Page title={t`Overview`}>
      <Loaded query={alerts}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t`All is quiet`}>
              <p>{t`Alerts appear here within seconds.`}</p>
            </Empty>
          ) : (
            items.map((alert) => (
              <Panel key={alert.alert_id}>
                <Badge tone={alert.state === "open" ? "bad" : "plain"}>{alert.label}</Badge>{" "}
                {alert.filename} · {ago(alert.started_at)}
              </Panel>
            ))
          )
        }
      </Loaded>
    </Page>
  );
}
