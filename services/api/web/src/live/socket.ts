// Events of the API over a WebSocket that comes back by itself and goes on where it was left.
// Not Server-Sent Events: a browser gives a host six connections, and each tab would hold one.

/** `name` and `data` as docs/how-to/follow-events.md describes them. */
export type LiveEvent = {
  name: string;
  data: Record<string, unknown> & { source_id?: string };
};
export type Connection = "connecting" | "live" | "lost";
export type Wanted = { kind?: string[]; source_id?: string[]; score_every_s?: number };
type Socket = Pick<WebSocket, "close" | "onmessage" | "onclose">;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** The API sends a heartbeat each 15 s; one that is silent for much longer is gone. */
const SILENCE_MS = 45_000;
/** So long a loss is not worth a word. */
const GRACE_MS = 1_500;

export class EventSocket {
  private latest = "";
  private wait = FIRST_WAIT_MS;
  private socket: Socket | null = null;
  private again: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private grace: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  /** Opens at once. `hear` gets each event once and in order, at first `ready`: all that happens from
   * then on comes. `tell` gets each change of the state. */
  constructor(
    private readonly wanted: Wanted,
    private readonly hear: (event: LiveEvent) => void,
    private readonly tell: (state: Connection) => void = () => {},
    private readonly open: (url: string) => Socket = (url) => new WebSocket(url),
  ) {
    this.tell("connecting");
    window.addEventListener("online", this.now);
    this.connect();
  }

  close(): void {
    this.closed = true;
    window.removeEventListener("online", this.now);
    for (const timer of [this.again, this.silence, this.grace]) clearTimeout(timer);
    this.socket?.close();
  }

  private now = (): void => {
    if (this.socket) return;
    clearTimeout(this.again);
    this.connect();
  };

  private connect(): void {
    const socket = this.open(address(this.wanted, this.latest));
    this.socket = socket;
    this.listen(SILENCE_MS);
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    socket.onclose = () => this.lost(socket);
  }

  private listen(patience: number): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket?.close(), patience);
  }

  private take({ id, event, data }: { id: string; event: string; data: LiveEvent["data"] }): void {
    const isNews = event === "ready" ? !this.latest : event !== "heartbeat";
    this.latest = id;
    this.wait = FIRST_WAIT_MS;
    this.listen(SILENCE_MS);
    clearTimeout(this.grace);
    this.grace = undefined;
    this.tell("live");
    if (isNews) this.hear({ name: event, data });
  }

  private lost(socket: Socket): void {
    if (this.closed || this.socket !== socket) return;
    this.socket = null;
    clearTimeout(this.silence);
    this.grace ??= setTimeout(() => this.tell("lost"), GRACE_MS);
    this.again = setTimeout(() => this.connect(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}

export function address(wanted: Wanted, after: string): string {
  const url = new URL("/api/v1/events/socket", window.location.href);
  url.protocol = url.protocol.replace("http", "ws");
  for (const [name, value] of Object.entries(wanted))
    for (const each of [value].flat()) url.searchParams.append(name, String(each));
  if (after) url.searchParams.set("after", after);
  return url.href;
}
