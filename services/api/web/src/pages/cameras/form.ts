// From the fields of a camera's form to what the API takes.

import type { CameraChange, CameraEntry, CameraView } from "@/api/client";

const FRAMES = 16;
type Typed = Record<string, string>;

function typed(form: FormData): Typed {
  const entries = [...form].map(([name, value]) => [name, String(value).trim()]);
  return Object.fromEntries(entries);
}

function settings(values: Typed) {
  return {
    transport: (values.transport || "auto") as CameraEntry["transport"],
    recording: (values.recording || "ring") as CameraEntry["recording"],
    motion_gate: values.motion_gate === "on",
    masks_recordings: values.masks_recordings === "on",
    spec: {
      frames: FRAMES,
      frame_rate: Number(values.frame_rate) || 15,
      hop: Number(values.hop) || FRAMES,
    },
  };
}

/** A camera to be added, of a form that was filled in. */
export function entryOf(form: FormData): CameraEntry {
  const values = typed(form);
  return {
    name: values.name ?? "",
    address: values.address ?? "",
    store_id: values.store_id || null,
    record_address: values.record_address || null,
    username: values.username ?? "",
    password: values.password ?? "",
    is_paused: false,
    masks: [],
    zones: [],
    ...settings(values),
  };
}

/** What of a camera changes. A password that was left empty stays as it is. */
export function changeOf(form: FormData, camera: CameraView): CameraChange {
  const values = typed(form);
  const change: CameraChange = { ...settings(values) };
  if (values.name !== camera.name) change.name = values.name;
  if (values.store_id && values.store_id !== camera.store_id) change.store_id = values.store_id;
  if (values.address !== camera.address) change.address = values.address;
  const record = values.record_address || null;
  if (record !== camera.record_address) change.record_address = record;
  if (values.username) change.username = values.username;
  if (values.password) change.password = values.password;
  if (values.forget === "on") Object.assign(change, { username: null, password: null });
  if (sameSpec(change.spec, camera.spec)) delete change.spec;
  return change;
}

function sameSpec(one: CameraChange["spec"], other: CameraView["spec"]): boolean {
  return one?.frame_rate === other.frame_rate && one.hop === other.hop;
}
