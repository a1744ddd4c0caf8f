// Sends a webcam's pictures: JPEGs over a WebSocket, about fifteen a second.

const A_SECOND = 15;
const SHORT_SIDE = 256;
const QUALITY = 0.8;
const MOST_WAITING = 256 * 1024;
const AGAIN_MS = 2_000;

/** `sent` and `skipped` are counts since the socket opened. */
export type Sending =
  | { state: "asking" | "connecting" }
  | { state: "sending"; sent: number; skipped: number }
  | { state: "refused" | "missing" | "insecure" | "lost"; detail: string };

/** From `start` to `close`. `tell` gets every change. */
export class WebcamSender {
  private stream: MediaStream | undefined;
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private readonly canvas = document.createElement("canvas");

  constructor(
    private readonly sourceId: string,
    private readonly video: HTMLVideoElement,
    private readonly tell: (sending: Sending) => void,
  ) {}

  async start(): Promise<void> {
    this.tell({ state: "asking" });
    if (!navigator.mediaDevices) return this.tell({ state: "insecure", detail: "" });
    try {
      const video = { width: { ideal: 640 } };
      this.stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      const { name, message } = error as DOMException;
      const state = name === "NotAllowedError" ? "refused" : "missing";
      return this.tell({ state, detail: message });
    }
    if (this.closed) return this.close();
    this.video.srcObject = this.stream;
    await this.video.play().catch(() => undefined);
    if (this.closed) return;
    this.connect();
    this.timer = setInterval(() => this.send(), 1000 / A_SECOND);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.again);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.socket?.close();
  }

  private connect(): void {
    this.tell({ state: "connecting" });
    const url = new URL(`/api/v1/cameras/${this.sourceId}/push`, window.location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      const { sent, skipped } = JSON.parse(data);
      this.tell({ state: "sending", sent, skipped });
    };
    socket.onclose = ({ reason }) => {
      if (this.closed) return;
      this.tell({ state: "lost", detail: reason });
      this.again = setTimeout(() => this.connect(), AGAIN_MS);
    };
  }

  /** While the network is slow pictures are left out, so that those that go are new. */
  private send(): void {
    const { video, canvas, socket } = this;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > MOST_WAITING) return;
    if (!video.videoWidth) return;
    const scale = Math.min(1, SHORT_SIDE / Math.min(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const pass = (jpeg: Blob | null) =>
      jpeg && socket.readyState === WebSocket.OPEN && socket.send(jpeg);
    canvas.toBlob(pass, "image/jpeg", QUALITY);
  }
}
