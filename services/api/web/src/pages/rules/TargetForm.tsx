// The form of a target, to add one or to change it.

import { useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import type { TargetEntry, TargetView } from "@/api/client";
import { useFormat } from "@/i18n/format";
import { isEmpty, type Week, weekOf } from "@/pages/people/hours/hours";
import { SelectField, TextField } from "@/ui/controls";
import { DialogForm } from "@/ui/forms";
import { sentence } from "@/ui/layout";
import { Dialog } from "@/ui/overlays";
import ui from "@/ui/ui.module.css";
import { canPush, subscribe } from "./push";
import css from "./rules.module.css";
import { CHANNELS, type Channel, DELAYS_S, DIGESTS_S, entryOf, useChannelWords } from "./targets";
import { Wants } from "./Wants";

type Props = {
  title: string;
  target?: TargetView;
  open: boolean;
  close: () => void;
  /** Raises what the API says. */
  save: (entry: TargetEntry) => Promise<unknown>;
};

export function TargetForm({ title, target, open, close, save }: Props) {
  const { t } = useLingui();
  const [channel, setChannel] = useState<Channel>(target?.channel ?? "email");
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const [hours, setHours] = useState<Week | null>(() => weekOf(target?.wants.hours));
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const entry = entryOf(new FormData(event.currentTarget), channel, hours, target);
    if (hours && isEmpty(hours)) return setFault(t`Choose hours on at least one day.`);
    setBusy(true);
    setFault("");
    try {
      if (channel === "webpush" && !target)
        entry.subscription = await subscribe(t`This browser does not allow notifications.`);
      await save(entry);
      close();
    } catch (error) {
      setFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} open={open} onClose={close}>
      <DialogForm
        verb={target ? t`Save` : t`Add`}
        submit={submit}
        cancel={close}
        busy={busy}
        fault={fault}
      >
        {!target && <Channels value={channel} choose={setChannel} />}
        <TextField
          label={t`Name`}
          name="name"
          required
          maxLength={200}
          defaultValue={target?.name}
          autoComplete="off"
        />
        <Address channel={channel} target={target} />
        <Wants target={target} hours={hours} onHours={setHours} />
        <When target={target} />
      </DialogForm>
    </Dialog>
  );
}

function Channels({ value, choose }: { value: Channel; choose: (channel: Channel) => void }) {
  const { t } = useLingui();
  const words = useChannelWords();
  const offered = CHANNELS.filter((channel) => channel !== "webpush" || canPush());
  return (
    <SelectField
      label={t`Channel`}
      value={value}
      onChange={(event) => choose(event.currentTarget.value as Channel)}
    >
      {offered.map((channel) => (
        <option key={channel} value={channel}>
          {words[channel]}
        </option>
      ))}
    </SelectField>
  );
}

/** It is shown in part only once it is kept: left empty, it stays. */
function Address({ channel, target }: { channel: Channel; target: TargetView | undefined }) {
  const { t } = useLingui();
  if (channel === "webpush")
    return target ? null : (
      <p
        className={ui.hint}
      >{t`The browser asks whether it may show notifications of Nightclerk.`}</p>
    );
  const labels = {
    email: t`Mail address`,
    webhook: t`URL that takes the messages`,
    slack: t`URL of the incoming webhook`,
    mqtt: t`Broker and topic`,
  };
  const examples = {
    email: "guard@store.example",
    webhook: "https://hooks.example/nightclerk",
    slack: "https://hooks.slack.com/services/…",
    mqtt: "mqtts://user:password@broker.example/stores/alerts",
  };
  return (
    <TextField
      label={labels[channel]}
      name="address"
      type={channel === "email" ? "email" : "text"}
      required={!target}
      placeholder={target ? target.address : examples[channel]}
      hint={target ? t`Left empty it stays as it is.` : undefined}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

function When({ target }: { target: TargetView | undefined }) {
  const { t, i18n } = useLingui();
  const { duration } = useFormat();
  const [known, digest] = [target?.after_s ?? 0, target?.pacing.digest_every_s ?? 0];
  return (
    <details className={css.more} open={Boolean(known || digest)}>
      <summary>{t`When, and how`}</summary>
      <SelectField
        label={t`Escalation`}
        name="after"
        defaultValue={known}
        hint={t`With a delay it hears only of what nobody has seen until then.`}
      >
        {withOwn(DELAYS_S, known).map((seconds) => (
          <option key={seconds} value={seconds}>
            {seconds ? duration(seconds) : t`At once`}
          </option>
        ))}
      </SelectField>
      <SelectField label={t`Digest`} name="digest" defaultValue={digest}>
        {withOwn(DIGESTS_S, digest).map((seconds) => (
          <option key={seconds} value={seconds}>
            {seconds ? duration(seconds) : t`Each alert by itself`}
          </option>
        ))}
      </SelectField>
      <TextField
        label={t`Single messages an hour at most`}
        name="most"
        type="number"
        min={1}
        max={10_000}
        defaultValue={target?.pacing.most_per_hour ?? 60}
        hint={t`What is more comes gathered in one message.`}
      />
      <SelectField
        label={t`Language of messages`}
        name="language"
        defaultValue={target?.language ?? i18n.locale}
      >
        <option value="en">English</option>
        <option value="ko">한국어</option>
      </SelectField>
    </details>
  );
}

function withOwn(offered: number[], own: number): number[] {
  return offered.includes(own) ? offered : [...offered, own].sort((a, b) => a - b);
}
