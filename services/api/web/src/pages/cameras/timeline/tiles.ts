// What is known of many cameras over time, read in tiles as they come into view, and kept current by
// what comes live.

import { type AlertView, type ConditionView, client, type TimelineView } from "@/api/client";
import { GRAINS, type Resolution, resolutionFor, tilesOf, type View } from "./view";

/** Highest score of each step; NaN where nothing was scored. `turn` changes with its content. */
export type Tile = { from: number; step: number; top: Float32Array; mark: number; turn: number };
export type Mark = { from: number; to: number; key: string };
export type AlertMark = Mark & { label: string; isHealth: boolean };
export type ConditionMark = Mark & { condition: ConditionView["condition"] };
export type Row = {
  alerts: Map<string, AlertMark>;
  conditions: Map<string, ConditionMark>;
  recorded: Map<string, Mark>;
};
export type Source = {
  timeline: (sourceId: string, view: View, resolution: Resolution) => Promise<TimelineView>;
  recordings: (sourceId: string, view: View) => Promise<{ since: string; until: string }[]>;
};

const AT_ONCE = 6;
const NO_MARK = 2;
const RECORDINGS = "recordings";
const COARSER: Record<Resolution, Resolution[]> = {
  clip: ["minute", "hour"],
  minute: ["hour"],
  hour: [],
};

export class Tiles {
  private readonly tiles = new Map<string, Tile>();
  private readonly rows = new Map<string, Row>();
  private readonly stale = new Set<string>();
  private readonly failed = new Set<string>();
  private readonly reading = new Set<string>();
  private wanted: [key: string, read: () => Promise<void>][] = [];
  private turns = 0;

  /** `changed` is called whenever there is more to show. */
  constructor(
    private readonly source: Source,
    private readonly changed: () => void,
  ) {}

  get isReading(): boolean {
    return this.reading.size > 0;
  }

  row(sourceId: string): Row {
    const known = this.rows.get(sourceId);
    if (known) return known;
    const row = { alerts: new Map(), conditions: new Map(), recorded: new Map() };
    this.rows.set(sourceId, row);
    return row;
  }

  /** The tile, or a coarser one that lies around it while it is not there. */
  tile(sourceId: string, resolution: Resolution, number: number): Tile | undefined {
    const from = number * GRAINS[resolution].tile;
    for (const each of [resolution, ...COARSER[resolution]]) {
      const found = this.tiles.get(keyOf(sourceId, each, Math.floor(from / GRAINS[each].tile)));
      if (found) return found;
    }
    return undefined;
  }

  /** Read what is in view and not there, nearest to the top first; what left the view is let be. */
  want(sourceIds: string[], view: View, width: number, selected: string | null): void {
    const resolution = resolutionFor(view, width);
    this.wanted = [];
    for (const number of tilesOf(view, resolution))
      for (const sourceId of sourceIds) this.ask(sourceId, resolution, number);
    if (selected && resolution !== "hour")
      for (const number of tilesOf(view, "minute")) this.askRecordings(selected, number);
    this.go();
  }

  /** What failed is tried again when it is wanted next. */
  retry(): void {
    this.failed.clear();
  }

  /** A score came: into those tiles that are there. */
  take(sourceId: string, from: number, to: number, score: number): void {
    for (const resolution of ["hour", "minute", "clip"] as const) {
      const { step, tile: size } = GRAINS[resolution];
      const tile = this.tiles.get(keyOf(sourceId, resolution, Math.floor(from / size)));
      if (!tile) continue;
      const last = Math.min(Math.floor((to - 1 - tile.from) / step), tile.top.length - 1);
      for (let place = Math.floor((from - tile.from) / step); place <= last; place += 1) {
        const before = tile.top[place] ?? Number.NaN;
        if (!(before >= score)) tile.top[place] = score;
      }
      tile.turn = this.nextTurn();
    }
    this.changed();
  }

  /** Something happened to a source: its tiles around that moment are read anew. */
  outdate(sourceId: string, at: number): void {
    for (const resolution of ["hour", "minute", "clip"] as const) {
      const key = keyOf(sourceId, resolution, Math.floor(at / GRAINS[resolution].tile));
      if (this.tiles.has(key)) this.stale.add(key);
    }
    this.changed();
  }

  private ask(sourceId: string, resolution: Resolution, number: number): void {
    const key = keyOf(sourceId, resolution, number);
    if (this.tiles.has(key) && !this.stale.has(key)) return;
    const { tile } = GRAINS[resolution];
    const view = { from: number * tile, to: (number + 1) * tile };
    this.push(key, async () => {
      this.stale.delete(key);
      const read = await this.source.timeline(sourceId, view, resolution);
      this.tiles.set(key, { ...tileOf(read, view.from, resolution), turn: this.nextTurn() });
      this.note(sourceId, read.alerts, read.conditions);
    });
  }

  private askRecordings(sourceId: string, number: number): void {
    const key = keyOf(sourceId, RECORDINGS, number);
    const row = this.row(sourceId);
    const { tile } = GRAINS.minute;
    if (row.recorded.has(key)) return;
    this.push(key, async () => {
      const view = { from: number * tile, to: (number + 1) * tile };
      const read = await this.source.recordings(sourceId, view);
      row.recorded.set(key, { key, from: 0, to: 0 });
      for (const { since, until } of read)
        row.recorded.set(since, { key: since, from: Date.parse(since), to: Date.parse(until) });
    });
  }

  private push(key: string, read: () => Promise<void>): void {
    if (!this.reading.has(key) && !this.failed.has(key)) this.wanted.push([key, read]);
  }

  private go(): void {
    while (this.reading.size < AT_ONCE) {
      const next = this.wanted.shift();
      if (!next) return;
      const [key, read] = next;
      this.reading.add(key);
      void read()
        .catch(() => this.failed.add(key))
        .finally(() => {
          this.reading.delete(key);
          this.changed();
          this.go();
        });
    }
  }

  private note(sourceId: string, alerts: AlertView[], conditions: ConditionView[]): void {
    const row = this.row(sourceId);
    for (const { alert_id, label, kind, ...span } of alerts)
      row.alerts.set(alert_id, {
        ...spanOf(span),
        key: alert_id,
        label,
        isHealth: kind === "health",
      });
    for (const { condition, is_over, ...span } of conditions) {
      const key = `${condition} ${span.started_at}`;
      const found = spanOf(span);
      row.conditions.set(key, { ...found, to: is_over ? found.to : Infinity, key, condition });
    }
  }

  private nextTurn(): number {
    this.turns += 1;
    return this.turns;
  }
}

/** The API as the source of tiles. */
export const API: Source = {
  async timeline(sourceId, view, resolution) {
    const query = { ...moments(view), resolution, limit: 10_000 };
    const params = { path: { source_id: sourceId }, query };
    const { data } = await client.GET("/api/v1/sources/{source_id}/timeline", { params });
    return data as TimelineView;
  },
  async recordings(sourceId, view) {
    const params = { path: { source_id: sourceId }, query: moments(view) };
    const { data } = await client.GET("/api/v1/sources/{source_id}/recordings", { params });
    return data?.items ?? [];
  },
};

export function tileOf(
  read: Pick<TimelineView, "clips" | "maxima" | "heads">,
  from: number,
  resolution: Resolution,
): Omit<Tile, "turn"> {
  const { step, tile } = GRAINS[resolution];
  const top = new Float32Array(tile / step).fill(Number.NaN);
  const put = (place: number, score: number) => {
    const before = top[place];
    if (before !== undefined && !(before > score)) top[place] = score;
  };
  for (const clip of read.clips) {
    const at = Date.parse(clip.at) - from;
    const end = at + (clip.end_s - clip.start_s) * 1000;
    for (let place = Math.floor(at / step); place * step < end - 1; place += 1)
      put(place, clip.calibrated);
  }
  if (read.maxima) {
    const first = Math.round((Date.parse(read.maxima.at) - from) / step);
    for (const { calibrated } of read.maxima.heads)
      calibrated.forEach((score, place) => {
        if (score !== null) put(first + place, score);
      });
  }
  const marks = read.heads.map(({ high_mark }) => high_mark ?? NO_MARK);
  return { from, step, top, mark: Math.min(NO_MARK, ...marks) };
}

function keyOf(sourceId: string, kind: string, number: number): string {
  return `${sourceId} ${kind} ${number}`;
}

function moments({ from, to }: View) {
  return { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
}

function spanOf({ started_at, ended_at }: { started_at: string; ended_at: string }) {
  return { from: Date.parse(started_at), to: Date.parse(ended_at) };
}
