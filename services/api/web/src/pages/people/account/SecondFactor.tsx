import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { $api, client, type SecondFactorBegun } from "@/api/client";
import { queries, refresh } from "@/api/queries";
import { ME } from "@/api/session";
import { text } from "@/pages/door/PasswordField";
import { FaultLine, useAct } from "@/ui/act";
import { Button, TextField } from "@/ui/controls";
import { CopyField } from "@/ui/copy";
import { Actions, Badge, Loaded, Panel } from "@/ui/layout";
import css from "../people.module.css";

const PATH = "/api/v1/me/second-factor";

/** A code of an authenticator app beside the password: set up, recovery codes, taken away. */
export function SecondFactor() {
  const { t } = useLingui();
  const factor = $api.useQuery("get", PATH);
  const [codes, setCodes] = useState<string[]>([]);
  return (
    <Panel className={css.panel}>
      <h2>{t`Second factor`}</h2>
      {codes.length > 0 ? (
        <RecoveryCodes codes={codes} onKept={() => setCodes([])} />
      ) : (
        <Loaded query={factor} rows={1}>
          {({ is_confirmed, is_required, recovery_codes_left }) =>
            is_confirmed ? (
              <Confirmed left={recovery_codes_left} onCodes={setCodes} />
            ) : (
              <SetUp isRequired={is_required} onCodes={setCodes} />
            )
          }
        </Loaded>
      )}
    </Panel>
  );
}

type OnCodes = { onCodes: (codes: string[]) => void };

function SetUp({ isRequired, onCodes }: OnCodes & { isRequired: boolean }) {
  const { t } = useLingui();
  const [begun, setBegun] = useState<SecondFactorBegun | null>(null);
  const { busy, fault, run } = useAct();
  const begin = () =>
    run(async () => {
      const { data } = await client.POST(PATH);
      setBegun(data ?? null);
    });
  if (begun) return <ConfirmByCode begun={begun} onCodes={onCodes} />;
  return (
    <>
      {isRequired && (
        <p role="status">
          <Badge tone="warn">{t`Needed`}</Badge>{" "}
          {t`Owners here need one before they may do anything else.`}
        </p>
      )}
      <p>{t`A code of an app on your phone, beside your password: whoever learns the password alone does not get in.`}</p>
      <FaultLine text={fault} />
      <div>
        <Button look="primary" busy={busy} onClick={begin}>{t`Set up a second factor`}</Button>
      </div>
    </>
  );
}

function ConfirmByCode({ begun, onCodes }: OnCodes & { begun: SecondFactorBegun }) {
  const { t } = useLingui();
  const confirm = async (code: string) => {
    const { data } = await client.POST(`${PATH}/confirmation`, { body: { code } });
    onCodes(data?.codes ?? []);
    await refresh(PATH);
    // Whoever was shut out without one may do what their role allows now.
    await queries.invalidateQueries({ queryKey: ME.queryKey });
  };
  return (
    <>
      <p>{t`Scan this with an authenticator app, then enter the code it shows.`}</p>
      <img
        className={css.qr}
        src={`data:image/svg+xml,${encodeURIComponent(begun.qr_svg)}`}
        alt={t`QR code of the secret below`}
        width="200"
        height="200"
      />
      <CopyField label={t`Or enter the secret by hand`} value={begun.secret} />
      <CodeForm verb={t`Confirm`} act={confirm} />
    </>
  );
}

function Confirmed({ left, onCodes }: OnCodes & { left: number }) {
  const { t } = useLingui();
  const [wanted, setWanted] = useState<"codes" | "removal" | null>(null);
  const renew = async (code: string) => {
    const { data } = await client.POST(`${PATH}/recovery-codes`, { body: { code } });
    onCodes(data?.codes ?? []);
    await refresh(PATH);
  };
  const remove = async (code: string) => {
    await client.POST(`${PATH}/removal`, { body: { code } });
    await refresh(PATH);
  };
  return (
    <>
      <p>
        <Badge tone="good">{t`On`}</Badge> {t`Recovery codes left: ${left}`}
      </p>
      <Actions>
        <Button onClick={() => setWanted("codes")}>{t`New recovery codes`}</Button>
        <Button look="danger" onClick={() => setWanted("removal")}>{t`Take it away`}</Button>
      </Actions>
      {wanted === "codes" && <CodeForm verb={t`Make new codes`} act={renew} />}
      {wanted === "removal" && <CodeForm verb={t`Take it away`} act={remove} />}
    </>
  );
}

function CodeForm({ verb, act }: { verb: string; act: (code: string) => Promise<void> }) {
  const { t } = useLingui();
  const { busy, fault, run } = useAct();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = text(new FormData(event.currentTarget), "code");
    void run(() => act(code));
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <TextField
        label={t`Code of your authenticator`}
        name="code"
        autoComplete="one-time-code"
        maxLength={64}
        required
      />
      <FaultLine text={fault} />
      <div>
        <Button type="submit" look="primary" busy={busy}>
          {verb}
        </Button>
      </div>
    </form>
  );
}

function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const { t } = useLingui();
  return (
    <>
      <p role="status">{t`Keep these recovery codes where your phone is not. Each lets you in once without the app; they are shown only now.`}</p>
      <ul className={css.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <CopyField label={t`All of them`} value={codes.join(" ")} />
      <div>
        <Button look="primary" onClick={onKept}>{t`I have kept them`}</Button>
      </div>
    </>
  );
}
