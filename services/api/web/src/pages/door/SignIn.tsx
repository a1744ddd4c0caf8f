import { useLingui } from "@lingui/react/macro";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { $api, client, isProblem, type Login, type SignOnWay } from "@/api/client";
import { queries } from "@/api/queries";
import { FaultLine, useAct } from "@/ui/act";
import { Button, buttonClass, TextField } from "@/ui/controls";
import ui from "@/ui/ui.module.css";
import { Door } from "./Door";
import css from "./door.module.css";
import { text } from "./PasswordField";

const route = getRouteApi("/sign-in");
const SECOND_FACTOR = "/problems/second-factor";

export function SignIn() {
  const { t } = useLingui();
  const { next } = route.useSearch();
  const router = useRouter();
  const [byToken, setByToken] = useState(false);
  const [needsCode, setNeedsCode] = useState(false);
  const { busy, fault, run } = useAct();
  const enter = (body: Login) =>
    run(async () => {
      try {
        await client.POST("/api/v1/session", { body });
      } catch (error) {
        const asks = isProblem(error, 401) && error.kind === SECOND_FACTOR;
        setNeedsCode(asks);
        if (asks && !body.code) return;
        throw error;
      }
      queries.clear();
      router.history.push(next ?? "/");
    });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void enter(
      byToken
        ? { token: text(form, "token"), password: "", code: "" }
        : {
            email: text(form, "email"),
            password: text(form, "password"),
            code: text(form, "code"),
          },
    );
  };
  return (
    <Door title="Nightclerk">
      <form className={css.form} onSubmit={submit}>
        {byToken ? <Token /> : <MailAndPassword />}
        {needsCode && !byToken && <Code />}
        <FaultLine text={fault} />
        <Button type="submit" look="primary" busy={busy}>{t`Sign in`}</Button>
      </form>
      <div className={css.ways}>
        {!byToken && <Link to="/reset/forgotten">{t`Forgot your password?`}</Link>}
        <Button look="quiet" onClick={() => setByToken(!byToken)}>
          {byToken ? t`Use mail address and password` : t`Use the machine's token`}
        </Button>
      </div>
    </Door>
  );
}

/** Whoever's chain has single sign-on is shown the way there as soon as their address tells so. */
function MailAndPassword() {
  const { t } = useLingui();
  const [email, setEmail] = useState("");
  const [isOwner, setIsOwner] = useState(false);
  const ways = useWays(email);
  const takesPassword = !ways || ways.password || isOwner;
  return (
    <>
      <TextField
        label={t`Mail address`}
        name="email"
        type="email"
        autoComplete="username"
        onBlur={({ target }) => setEmail(target.validity.valid ? target.value : "")}
        required
      />
      <SignOn ways={ways?.single_sign_on ?? []} />
      {takesPassword ? (
        <TextField
          label={t`Password`}
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
      ) : (
        <Button look="quiet" onClick={() => setIsOwner(true)}>
          {t`I am an owner and use my password`}
        </Button>
      )}
    </>
  );
}

function useWays(email: string) {
  const query = email ? { email } : {};
  return $api.useQuery("get", "/api/v1/session/ways", { params: { query } }).data;
}

/** Links and no forms: they lead to another host, which the content security policy lets links do. */
function SignOn({ ways }: { ways: readonly SignOnWay[] }) {
  const { t } = useLingui();
  const { next } = route.useSearch();
  return ways.map(({ name, url }) => (
    <a
      key={url}
      className={buttonClass()}
      href={next ? `${url}?next=${encodeURIComponent(next)}` : url}
    >
      {t`Sign in with ${name}`}
    </a>
  ));
}

function Token() {
  const { t } = useLingui();
  return (
    <TextField
      label={t`The machine's token`}
      hint={t`For whoever runs the server: NIGHTCLERK_API_TOKEN.`}
      name="token"
      type="password"
      autoComplete="off"
      required
    />
  );
}

/** Appears once the password was right; whoever typed that goes on typing here. */
function Code() {
  const { t } = useLingui();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <>
      <p role="status" className={ui.hint}>{t`Your login takes a code as well.`}</p>
      <TextField
        ref={field}
        label={t`Code of your authenticator`}
        hint={t`Or one of your recovery codes, if the phone is not at hand.`}
        name="code"
        autoComplete="one-time-code"
        maxLength={64}
        required
      />
    </>
  );
}
