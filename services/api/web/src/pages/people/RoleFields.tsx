import { useLingui } from "@lingui/react/macro";
import { SelectField } from "@/ui/controls";
import { StoreChoice } from "./StoreChoice";
import { ROLES, type Role, useRoleHints, useRoleNames } from "./words";

export type Place = { role: Role; store_ids: string[] | null };

/** What somebody may do, and where; an owner sees all stores. */
export function RoleFields({
  place,
  onChange,
}: {
  place: Place;
  onChange: (place: Place) => void;
}) {
  const { t } = useLingui();
  const names = useRoleNames();
  const hints = useRoleHints();
  const choose = (role: Role) =>
    onChange({ role, store_ids: role === "owner" ? null : place.store_ids });
  return (
    <>
      <SelectField
        label={t`Role`}
        hint={hints[place.role]}
        value={place.role}
        onChange={({ target }) => choose(target.value as Role)}
      >
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {names[role]}
          </option>
        ))}
      </SelectField>
      {place.role !== "owner" && (
        <StoreChoice
          value={place.store_ids}
          onChange={(store_ids) => onChange({ ...place, store_ids })}
        />
      )}
    </>
  );
}
