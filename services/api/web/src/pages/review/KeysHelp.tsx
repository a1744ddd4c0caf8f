import { useLingui } from "@lingui/react/macro";
import { Dialog } from "@/ui/overlays";
import css from "./review.module.css";

/** The keys of the review queue. */
export function KeysHelp({ open, close }: { open: boolean; close: () => void }) {
  const { t } = useLingui();
  const keys: [string[], string][] = [
    [["J", "↓"], t`Next incident`],
    [["K", "↑"], t`Previous incident`],
    [["[", "]"], t`Alerts of the incident`],
    [["Space"], t`Play or pause`],
    [["←", "→"], t`Five seconds back or on`],
    [["T"], t`True alarm`],
    [["F"], t`False alarm`],
    [["A"], t`Acknowledge`],
    [["M"], t`Assign to me`],
    [["R"], t`Write a reason`],
    [["C"], t`Comment`],
    [["Shift", "A"], t`Mark all as seen`],
    [["U"], t`Undo`],
    [["?"], t`These keys`],
  ];
  return (
    <Dialog title={t`Keys`} open={open} onClose={close}>
      <dl className={css.keys}>
        {keys.map(([names, meaning]) => (
          <div key={meaning}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
