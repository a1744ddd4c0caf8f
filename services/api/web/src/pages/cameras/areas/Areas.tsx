// Masks and zones, drawn on the camera's own picture by pointer or by keyboard.

import { useLingui } from "@lingui/react/macro";
import { useRef, useState } from "react";
import type { CameraView } from "@/api/client";
import { Button, TextField } from "@/ui/controls";
import { Panel, sentence } from "@/ui/layout";
import { notify, notifyFault } from "@/ui/toasts";
import ui from "@/ui/ui.module.css";
import { changeCamera } from "../actions";
import { Screen, type ScreenHandle } from "../live/Screen";
import { useLivePictures } from "../live/useLivePictures";
import { type Area, areasOf, bodyOf, freeName, type Kind, MOST_AREAS, unnamed } from "./areas";
import css from "./areas.module.css";
import { Drawing } from "./Drawing";
import { Outlines } from "./Outlines";

export default function Areas({ camera }: { camera: CameraView }) {
  const { t } = useLingui();
  const [areas, setAreas] = useState(() => areasOf(camera));
  const [chosen, choose] = useState<number | null>(null);
  const [drawing, draw] = useState<Kind | null>(null);
  const [busy, setBusy] = useState(false);
  const screen = useRef<ScreenHandle>(null);
  const path = camera.is_paused ? null : `/api/v1/sources/${camera.source_id}/live`;
  useLivePictures(path, (header, jpeg) => {
    if (jpeg) void screen.current?.show({ ...header, people: [] }, jpeg);
  });
  const isChanged = JSON.stringify(bodyOf(areas)) !== JSON.stringify(bodyOf(areasOf(camera)));
  const faulty = unnamed(areas);
  const change = (area: Area) =>
    setAreas((before) => before.map((each) => (each.key === area.key ? area : each)));
  const finish = (kind: Kind, points: Area["points"]) => {
    const key = Math.max(-1, ...areas.map((area) => area.key)) + 1;
    const name = kind === "zone" ? freeName(t`Zone`, areas) : "";
    setAreas([...areas, { key, kind, name, points }]);
    draw(null);
    choose(key);
  };
  const save = async () => {
    setBusy(true);
    try {
      await changeCamera(camera.source_id, bodyOf(areas));
      notify(t`Saved. It takes effect within seconds.`);
    } catch (error) {
      notifyFault(sentence(error, t`Nightclerk cannot be reached. Is it running?`));
      setBusy(false);
    }
  };
  return (
    <div className={css.columns}>
      <Screen
        ref={screen}
        label={t`Live picture of ${camera.name}`}
        empty={t`No picture yet; areas can be drawn all the same.`}
      >
        <Outlines areas={areas} chosen={chosen} choose={choose} change={change} />
        {drawing && (
          <Drawing
            kind={drawing}
            onDone={(points) => finish(drawing, points)}
            onCancel={() => draw(null)}
          />
        )}
      </Screen>
      <Panel className={css.side}>
        <p className="dim">{t`Masks are blackened before anybody or anything looks. Rules speak of zones by their names.`}</p>
        <div className={ui.actions}>
          <Button
            disabled={drawing !== null || areas.length >= MOST_AREAS}
            onClick={() => draw("zone")}
          >{t`Draw a zone`}</Button>
          <Button
            disabled={drawing !== null || areas.length >= MOST_AREAS}
            onClick={() => draw("mask")}
          >{t`Draw a mask`}</Button>
        </div>
        <ul className={css.list}>
          {areas.map((area) => (
            <Entry
              key={area.key}
              area={area}
              number={areas.filter(({ kind }) => kind === area.kind).indexOf(area) + 1}
              isChosen={area.key === chosen}
              isFaulty={faulty.has(area.key)}
              onChoose={() => choose(area.key)}
              onChange={change}
              onRemove={() => setAreas(areas.filter(({ key }) => key !== area.key))}
            />
          ))}
        </ul>
        <div className={ui.actions}>
          <Button
            look="primary"
            busy={busy}
            disabled={!isChanged || faulty.size > 0}
            onClick={save}
          >{t`Save`}</Button>
          <Button
            disabled={!isChanged}
            onClick={() => setAreas(areasOf(camera))}
          >{t`Undo changes`}</Button>
        </div>
      </Panel>
    </div>
  );
}

function Entry({
  area,
  number,
  isChosen,
  isFaulty,
  onChoose,
  onChange,
  onRemove,
}: {
  area: Area;
  number: number;
  isChosen: boolean;
  isFaulty: boolean;
  onChoose: () => void;
  onChange: (area: Area) => void;
  onRemove: () => void;
}) {
  const { t } = useLingui();
  const name = area.kind === "mask" ? t`Mask ${number}` : area.name;
  return (
    <li data-chosen={isChosen || undefined}>
      {area.kind === "zone" ? (
        <TextField
          label={t`Name of the zone`}
          value={area.name}
          maxLength={64}
          fault={isFaulty ? t`Each zone needs a name of its own.` : undefined}
          onFocus={onChoose}
          onChange={({ target }) => onChange({ ...area, name: target.value })}
        />
      ) : (
        <Button look="quiet" aria-pressed={isChosen} onClick={onChoose}>
          {name}
        </Button>
      )}
      <Button look="quiet" aria-label={t`Remove ${name}`} onClick={onRemove}>
        ×
      </Button>
    </li>
  );
}
