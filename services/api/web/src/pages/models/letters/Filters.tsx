import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { $api } from "@/api/client";
import { Button, SelectField, TextField } from "@/ui/controls";
import { Actions } from "@/ui/layout";
import css from "../models.module.css";
import { type LetterSearch, letterSearch } from "../search";
import { useLetterStates } from "./words";

export function Filters({ search }: { search: LetterSearch }) {
  const { t } = useLingui();
  const states = useLetterStates();
  const navigate = useNavigate();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget));
    void navigate({ to: "/dead-letters", search: letterSearch(given) });
  };
  const params = { query: { limit: 1 } };
  const open = $api.useQuery("get", "/api/v1/dead-letters", { params }).data?.open_by_topic ?? {};
  const topics = [...new Set([...Object.keys(open), ...(search.topic ? [search.topic] : [])])];
  return (
    <search>
      <form className={css.filters} onSubmit={submit}>
        <SelectField label={t`Topic`} name="topic" defaultValue={search.topic ?? ""}>
          <option value="">{t`All`}</option>
          {topics.sort().map((topic) => (
            <option key={topic} value={topic}>
              {topic} ({open[topic] ?? 0})
            </option>
          ))}
        </SelectField>
        <TextField label={t`Reason`} name="reason" defaultValue={search.reason} maxLength={200} />
        <SelectField label={t`State`} name="state" defaultValue={search.state ?? "open"}>
          {Object.entries(states).map(([state, word]) => (
            <option key={state} value={state}>
              {word}
            </option>
          ))}
        </SelectField>
        <TextField label={t`From`} name="since" type="date" defaultValue={search.since} />
        <TextField label={t`Until`} name="until" type="date" defaultValue={search.until} />
        <Actions>
          <Button type="submit">{t`Search`}</Button>
          {Object.keys(search).length > 0 && (
            <Button look="quiet" onClick={() => navigate({ to: "/dead-letters", search: {} })}>
              {t`Show all`}
            </Button>
          )}
        </Actions>
      </form>
    </search>
  );
}
