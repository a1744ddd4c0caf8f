// What was wrong with a camera, newest first.

import { useLingui } from "@lingui/react/macro";
import { type CameraView, type ConditionPage, client } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { said } from "@/i18n/said";
import { joined } from "@/ui/controls";
import { Badge, Empty, Loaded, Panel, Scroll } from "@/ui/layout";
import { More, usePages } from "@/ui/lists";
import { useZone } from "@/ui/stores";
import ui from "@/ui/ui.module.css";
import css from "./cameras.module.css";
import { useWords } from "./words";

const PATH = "/api/v1/sources/{source_id}/conditions";

export default function History({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const { conditions } = useWords();
  const { moment, duration, number } = useFormat(useZone()(camera.store_id));
  const sourceId = camera.source_id;
  const pages = usePages(PATH, { sourceId }, async (cursor) => {
    const params = { path: { source_id: sourceId }, query: { cursor, limit: 50 } };
    return (await client.GET(PATH, { params })).data as ConditionPage;
  });
  const items = pages.data?.pages.flatMap((page) => page.items);
  return (
    <>
      <Loaded query={{ data: items, error: pages.error, refetch: pages.refetch }}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={t`Nothing was ever wrong`}>
              <p>{t`Outages, dark or covered pictures and the like are listed here.`}</p>
            </Empty>
          ) : (
            <Panel>
              <Scroll label={t`Health`}>
                <table className={joined("numbers", ui.stacked)}>
                  <thead>
                    <tr>
                      <th>{t`What`}</th>
                      <th>{t`Began`}</th>
                      <th>{t`Lasted`}</th>
                      <th>{t`Details`}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.map((each) => (
                      <tr key={`${each.condition} ${each.started_at}`}>
                        <td data-label={t`What`}>
                          <Badge tone={each.is_over ? "plain" : "bad"}>
                            {conditions[each.condition]}
                          </Badge>
                        </td>
                        <td data-label={t`Began`}>{moment(each.started_at)}</td>
                        <td data-label={t`Lasted`}>
                          {each.is_over ? duration(lasted(each)) : t`Still so`}
                        </td>
                        <td data-label={t`Details`}>
                          {[
                            said(each.detail),
                            each.count > 0 && t`Clips left out: ${number(each.count)}`,
                          ]
                            .filter(Boolean)
                            .join(" ")}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
            </Panel>
          )
        }
      </Loaded>
      <div className={css.buttons}>
        <More query={pages} />
      </div>
    </>
  );
}

function lasted({ started_at, ended_at }: { started_at: string; ended_at: string }): number {
  return (Date.parse(ended_at) - Date.parse(started_at)) / 1000;
}
