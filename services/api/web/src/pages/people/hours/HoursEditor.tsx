import { useLingui } from "@lingui/react/macro";
import { Field, SelectField } from "@/ui/controls";
import ui from "@/ui/ui.module.css";
import { HolidaysEditor } from "./HolidaysEditor";
import { everyDay, type Hours, timeZones, USUAL } from "./hours";
import css from "./hours.module.css";
import { WeekEditor } from "./WeekEditor";

/** When a store is open and staffed: by the week, with days that differ. */
export function HoursEditor({
  hours,
  onChange,
  brief = false,
}: {
  hours: Hours;
  onChange: (hours: Hours) => void;
  /** Without holidays and staff: for the first set-up. */
  brief?: boolean;
}) {
  const { t } = useLingui();
  const isAlwaysOpen = !hours.open;
  return (
    <div className={css.editor}>
      <SelectField
        label={t`Time zone`}
        hint={t`Hours and times of this store are by its wall clock.`}
        value={hours.time_zone}
        onChange={({ target }) => onChange({ ...hours, time_zone: target.value })}
      >
        {[...new Set([hours.time_zone, ...timeZones()])].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <Field
        label={t`Opening hours`}
        control={(ids) => (
          <select
            {...ids}
            value={isAlwaysOpen ? "always" : "hours"}
            onChange={({ target }) =>
              onChange({ ...hours, open: target.value === "always" ? null : everyDay([USUAL]) })
            }
          >
            <option value="always">{t`Around the clock`}</option>
            <option value="hours">{t`At certain hours`}</option>
          </select>
        )}
      />
      {hours.open && (
        <WeekEditor
          week={hours.open}
          none={t`closed`}
          onChange={(open) => onChange({ ...hours, open })}
        />
      )}
      {!brief && (
        <>
          <details className={css.more}>
            <summary>{t`When staff is there`}</summary>
            <p
              className={ui.hint}
            >{t`Policies can keep quiet while somebody of yours is in the store.`}</p>
            <WeekEditor
              week={hours.staffed}
              none={t`nobody`}
              onChange={(staffed) => onChange({ ...hours, staffed })}
            />
          </details>
          <details className={css.more}>
            <summary>{t`Holidays and other days that differ`}</summary>
            <HolidaysEditor
              holidays={hours.holidays}
              isAlwaysOpen={isAlwaysOpen}
              onChange={(holidays) => onChange({ ...hours, holidays })}
            />
          </details>
        </>
      )}
    </div>
  );
}
