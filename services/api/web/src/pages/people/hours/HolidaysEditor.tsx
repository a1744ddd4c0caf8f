import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { useFormat } from "@/i18n/format";
import { Button, TextField } from "@/ui/controls";
import ui from "@/ui/ui.module.css";
import type { Hours } from "./hours";
import css from "./hours.module.css";
import { SpansEditor } from "./WeekEditor";

type Holiday = Hours["holidays"][number];

/** Days on which other hours count than the weekday's; without any it is closed, and nobody there.
 * A store that never closes is open on them too.
 */
export function HolidaysEditor({
  holidays,
  isAlwaysOpen,
  onChange,
}: {
  holidays: readonly Holiday[];
  isAlwaysOpen: boolean;
  onChange: (holidays: Holiday[]) => void;
}) {
  const { t } = useLingui();
  const { longDay } = useFormat("UTC");
  const [day, setDay] = useState("");
  const isNew = day !== "" && !holidays.some((holiday) => holiday.day === day);
  const add = () => {
    const all = [...holidays, { day, open: [], staffed: [] }];
    onChange(all.sort((left, right) => left.day.localeCompare(right.day)));
    setDay("");
  };
  const change = (changed: Holiday) =>
    onChange(holidays.map((holiday) => (holiday.day === changed.day ? changed : holiday)));
  return (
    <div className={css.holidays}>
      {holidays.map((holiday) => {
        const name = longDay(holiday.day);
        return (
          <fieldset key={holiday.day} className={css.day}>
            <legend>{name}</legend>
            {!isAlwaysOpen && (
              <div className={css.spans}>
                <span className={ui.hint}>{t`open`}</span>
                <SpansEditor
                  name={t`${name}, open`}
                  spans={holiday.open}
                  none={t`closed`}
                  onChange={(open) => change({ ...holiday, open })}
                />
              </div>
            )}
            <div className={css.spans}>
              <span className={ui.hint}>{t`staff there`}</span>
              <SpansEditor
                name={t`${name}, staff there`}
                spans={holiday.staffed}
                none={t`nobody`}
                onChange={(staffed) => change({ ...holiday, staffed })}
              />
            </div>
            <Button
              look="quiet"
              aria-label={t`Remove ${name}`}
              onClick={() => onChange(holidays.filter((other) => other.day !== holiday.day))}
            >
              {t`Remove`}
            </Button>
          </fieldset>
        );
      })}
      <div className={css.adding}>
        <TextField
          label={t`Another day`}
          type="date"
          value={day}
          onChange={({ target }) => setDay(target.value)}
        />
        <Button disabled={!isNew} onClick={add}>{t`Add the day`}</Button>
      </div>
    </div>
  );
}
