// Live pictures over a WebSocket that comes back by itself.

/** A person as shares of the picture's width and height. */
export type LivePerson = {
  track_id: number | null;
  box: [number, number, number, number];
  keypoints: [number, number, number][];
};
export type LiveScore = {
  at: string;
  until: string;
  calibrated: number;
  heads: { rule: string; label: string; calibrated: number; high_mark: number | null }[];
};
/** What comes before each picture; without one, `at` and `people` are missing. */
export type LiveHeader = {
  source_id: string;
  now: string;
  at?: string;
  width?: number;
  height?: number;
  people?: LivePerson[];
  score: LiveScore | null;
  conditions: { condition: string; detail: string; started_at: string }[];
};
type Take = (header: LiveHeader, jpeg: Blob | null) => void;

const WAITS_MS = [500, 1000, 2000, 5000, 10_000];

export class LiveSocket {
  private socket: WebSocket | undefined;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  /** Opens at once. `tell` gets why it is not open, "" once something comes. */
  constructor(
    private readonly path: string,
    private readonly take: Take,
    private readonly tell: (why: string | null) => void,
  ) {
    this.open();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private open(): void {
    const url = new URL(this.path, window.location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      this.tries = 0;
      this.tell(null);
      if (typeof data === "string") this.take(JSON.parse(data), null);
      else this.take(...parted(data));
    };
    socket.onclose = ({ reason }) => {
      if (this.closed) return;
      this.tell(reason);
      const wait = WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)];
      this.timer = setTimeout(() => this.open(), wait);
      this.tries += 1;
    };
  }
}

/** Header and picture of a binary message: four bytes of length, JSON, JPEG. */
export function parted(data: ArrayBuffer): [LiveHeader, Blob] {
  const length = new DataView(data).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return [header, new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" })];
}
