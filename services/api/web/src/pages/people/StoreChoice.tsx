import { useLingui } from "@lingui/react/macro";
import { useMe } from "@/api/session";
import { CheckField } from "@/ui/controls";
import css from "./people.module.css";

/** Which stores somebody, or a key, sees; null: all, those that come later too. */
export function StoreChoice({
  value,
  onChange,
}: {
  value: readonly string[] | null;
  onChange: (value: string[] | null) => void;
}) {
  const { t } = useLingui();
  const { stores } = useMe();
  const toggle = (id: string, isIn: boolean) =>
    onChange((value ?? []).filter((other) => other !== id).concat(isIn ? [id] : []));
  return (
    <fieldset className={css.choices}>
      <legend>{t`Stores`}</legend>
      <CheckField
        label={t`All stores, later ones too`}
        checked={value === null}
        onChange={({ target }) => onChange(target.checked ? null : [])}
      />
      {value !== null &&
        stores.map(({ store_id, name }) => (
          <CheckField
            key={store_id}
            label={name}
            checked={value.includes(store_id)}
            onChange={({ target }) => toggle(store_id, target.checked)}
          />
        ))}
    </fieldset>
  );
}

/** Their names in a line. */
export function useStoresInWords(): (ids: readonly string[] | null) => string {
  const { t } = useLingui();
  const { stores } = useMe();
  return (ids) => {
    if (ids === null) return t`All stores`;
    const names = stores.filter(({ store_id }) => ids.includes(store_id)).map(({ name }) => name);
    return names.join(", ") || t`No store`;
  };
}
