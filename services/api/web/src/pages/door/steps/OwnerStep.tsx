import { useLingui } from "@lingui/react/macro";
import { $api } from "@/api/client";
import { useMe } from "@/api/session";
import { buttonClass } from "@/ui/controls";
import { Loaded } from "@/ui/layout";
import { Onward } from "./Onward";

/** Whoever has signed up is the owner; this machine's own user is shown the way there. */
export function OwnerStep() {
  const { t } = useLingui();
  const { kind, name, email } = useMe();
  if (kind !== "machine")
    return (
      <>
        <p>{t`You are signed in as ${name} (${email ?? ""}).`}</p>
        <Onward to="store" />
      </>
    );
  return <SignUpLinks />;
}

function SignUpLinks() {
  const { t } = useLingui();
  const tenants = $api.useQuery("get", "/api/v1/tenants");
  return (
    <Loaded query={tenants}>
      {({ items }) => {
        const open = items.filter(({ setup_url }) => setup_url);
        return (
          <>
            <p>
              {t`At present everybody at this computer may use Nightclerk without a login, and nobody elsewhere. Create an owner to be asked for one.`}
            </p>
            {open.map(({ tenant_id, name, setup_url }) => (
              <a
                key={tenant_id}
                className={buttonClass("primary")}
                href={new URL(setup_url ?? "", location.origin).pathname}
              >
                {open.length > 1 ? t`Create the owner of ${name}` : t`Create the owner`}
              </a>
            ))}
            {open.length === 0 && (
              <p>
                {t`No owner can sign up here: there are some already, or NIGHTCLERK_SECRET_KEY is not set.`}
              </p>
            )}
            <Onward to="store" skips />
          </>
        );
      }}
    </Loaded>
  );
}
