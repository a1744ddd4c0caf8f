// Live pictures over a WebSocket, drawn on canvases with what is known of them.

const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const SKELETON = [[5, 7], [7, 9], [6, 8], [8, 10], [5, 6], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16]];
const SURE = 0.3;
const LATE_S = 6;

/** A socket that comes back by itself. `heard(header, jpeg)`: jpeg is null while no picture comes. */
export class Live {
  constructor(path, heard, said = () => {}) {
    this.path = path;
    this.heard = heard;
    this.said = said;
    this.tries = 0;
    this.open();
  }

  open() {
    const url = new URL(`api/v1/${this.path}`, document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => {
      this.tries = 0;
      if (typeof data === "string") this.heard(JSON.parse(data), null);
      else this.heard(...split(data));
    });
    this.socket.addEventListener("close", (event) => {
      if (this.closed) return;
      this.said(event.reason || "The connection broke off; trying again.");
      this.timer = setTimeout(() => this.open(), RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]);
      this.tries += 1;
    });
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}

function split(data) {
  const length = new DataView(data).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return [header, new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" })];
}

/** One camera's screen: the newest picture, boxes and skeletons, and its age. */
export class Screen {
  constructor(canvas, age) {
    this.canvas = canvas;
    this.age = age;
    this.pen = canvas.getContext("2d");
    this.shown = 0;
  }

  /** Pictures that are decoded late are not drawn over newer ones. */
  async show(header, jpeg) {
    if (!jpeg) return this.old(header);
    const turn = ++this.shown;
    const bitmap = await createImageBitmap(jpeg);
    if (turn === this.shown) this.draw(header, bitmap);
    bitmap.close();
    return undefined;
  }

  draw(header, bitmap) {
    const { canvas, pen } = this;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.style.setProperty("aspect-ratio", `${bitmap.width} / ${bitmap.height}`);
    }
    pen.drawImage(bitmap, 0, 0);
    for (const person of header.people) this.person(person);
    this.taken = new Date(header.at) - (new Date(header.now) - Date.now()); // by this clock
    this.write();
  }

  person({ box: [left, top, right, bottom], keypoints }) {
    const { pen, canvas: { width, height } } = this;
    pen.strokeStyle = "#ffb454";
    pen.lineWidth = Math.max(1, width / 250);
    pen.strokeRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
    pen.strokeStyle = "#5cc8ff";
    pen.beginPath();
    for (const [one, other] of SKELETON) {
      if (Math.min(keypoints[one][2], keypoints[other][2]) < SURE) continue;
      pen.moveTo(keypoints[one][0] * width, keypoints[one][1] * height);
      pen.lineTo(keypoints[other][0] * width, keypoints[other][1] * height);
    }
    pen.stroke();
  }

  old() {
    this.write();
  }

  write() {
    const seconds = this.taken ? (Date.now() - this.taken) / 1000 : null;
    this.age.textContent = seconds === null ? "no picture yet" : `${seconds.toFixed(1)} s ago`;
    this.age.classList.toggle("late", seconds === null || seconds > LATE_S);
  }
}
