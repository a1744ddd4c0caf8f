import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Button, CheckField } from "@/ui/controls";
import { Confirm } from "@/ui/overlays";
import css from "../models.module.css";
import { useLetterActs } from "./acts";

/** What is to be done with those that are picked of what is open and shown. */
export function Bulk({
  open,
  picked,
  pick,
}: {
  open: string[];
  picked: string[];
  pick: (ids: string[], isPicked: boolean) => void;
}) {
  const { t } = useLingui();
  const act = useLetterActs();
  const [isBusy, setBusy] = useState(false);
  const count = picked.length;
  const replay = async () => {
    setBusy(true);
    await act("replay", picked).finally(() => setBusy(false));
    pick(picked, false);
  };
  const drop = async () => {
    await act("drop", picked);
    pick(picked, false);
  };
  return (
    <div className={css.bulk}>
      <CheckField
        label={count ? t`${count} picked` : t`Pick all that are shown`}
        checked={count === open.length}
        onChange={(event) => pick(open, event.currentTarget.checked)}
      />
      {count > 0 && (
        <>
          <Button busy={isBusy} onClick={replay}>{t`Replay`}</Button>
          <Confirm button={t`Drop`} title={t`Drop ${count} records?`} verb={t`Drop`} act={drop}>
            <p>{t`Nothing is made of them any more. They stay in the list of what was dropped until Kafka lets go of them.`}</p>
          </Confirm>
        </>
      )}
    </div>
  );
}
