import { Menu } from "@base-ui/react/menu";
import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { client, type UserView } from "@/api/client";
import { refresh } from "@/api/queries";
import { joined } from "@/ui/controls";
import { CopyField } from "@/ui/copy";
import { sentence } from "@/ui/layout";
import { Dialog, Question } from "@/ui/overlays";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import { PersonDialog } from "./PersonDialog";

type Asked = { title: string; verb: string; text: string; act: () => Promise<unknown> };

/** All that may be done with a person; what cannot be undone asks once. */
export function PersonMenu({ user }: { user: UserView }) {
  const { t } = useLingui();
  const [editing, setEditing] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [link, setLink] = useState("");
  const { name, email, is_active } = user;
  const path = { path: { user_id: user.user_id } };
  const ask = (question: Asked) => {
    setAsked(question);
    setAsking(true);
  };
  const activate = async (isActive: boolean) => {
    await client.PATCH("/api/v1/users/{user_id}", {
      params: path,
      body: { is_active: isActive },
    });
    await refresh("/api/v1/users");
  };
  const sendReset = async () => {
    try {
      const { data } = await client.POST("/api/v1/users/{user_id}/password-reset", {
        params: path,
      });
      if (data?.url) setLink(data.url);
      else notify(t`A link to another password is on its way to ${email}.`);
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
    }
  };
  const questions = useQuestions(user, () => activate(false));
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className={joined(ui.button, ui.quiet)} aria-label={t`Actions for ${name}`}>
          ⋯
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={4} align="end">
            <Menu.Popup className={ui.menu}>
              <Menu.Item className={ui.item} onClick={() => setEditing(true)}>{t`Edit…`}</Menu.Item>
              <Menu.Item className={ui.item} onClick={sendReset}>
                {t`Send a link to another password`}
              </Menu.Item>
              {questions.map((question) => (
                <Menu.Item key={question.title} className={ui.item} onClick={() => ask(question)}>
                  {question.verb}…
                </Menu.Item>
              ))}
              {!is_active && (
                <Menu.Item className={ui.item} onClick={() => activate(true)}>
                  {t`Let in again`}
                </Menu.Item>
              )}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <PersonDialog user={user} open={editing} onClose={() => setEditing(false)} />
      {asked && (
        <Question
          title={asked.title}
          verb={asked.verb}
          act={asked.act}
          open={isAsking}
          onClose={() => setAsking(false)}
        >
          {asked.text}
        </Question>
      )}
      <Dialog title={t`A link to another password`} open={link !== ""} onClose={() => setLink("")}>
        <p>{t`No mail server is set. Send this link to ${email} yourself; it works once, for an hour.`}</p>
        <CopyField label={t`Link`} value={link} />
      </Dialog>
    </>
  );
}

function useQuestions(user: UserView, deactivate: () => Promise<void>): Asked[] {
  const { t } = useLingui();
  const { name, email, user_id, is_active } = user;
  const params = { path: { user_id } };
  const endSessions = () => client.DELETE("/api/v1/users/{user_id}/sessions", { params });
  const removeFactor = () => client.DELETE("/api/v1/users/{user_id}/second-factor", { params });
  const remove = async () => {
    await client.DELETE("/api/v1/users/{user_id}", { params });
    await refresh("/api/v1/users");
  };
  const all: (Asked | false)[] = [
    {
      title: t`End all logins of ${name}?`,
      verb: t`End all logins`,
      text: t`${name} has to sign in anew on every device.`,
      act: endSessions,
    },
    {
      title: t`Take away the second factor of ${name}?`,
      verb: t`Take away the second factor`,
      text: t`For somebody who lost the phone: the next login takes the password alone.`,
      act: removeFactor,
    },
    is_active && {
      title: t`Deactivate ${name}?`,
      verb: t`Deactivate`,
      text: t`${name} is signed out everywhere and may not sign in until you allow it again.`,
      act: deactivate,
    },
    {
      title: t`Remove ${name}?`,
      verb: t`Remove`,
      text: t`The account ${email} goes, with its logins and keys. What they did stays in the audit log.`,
      act: remove,
    },
  ];
  return all.filter((question) => question !== false);
}
