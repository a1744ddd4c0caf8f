// This browser's webcam as a camera: JPEG pictures over a WebSocket, about fifteen a second.

import { element } from "./text.js";

const A_SECOND = 15;
const SHORT_SIDE = 256;
const QUALITY = 0.8;
const MOST_WAITING = 256 * 1024;

export class Webcam {
  constructor(place, id) {
    this.id = id;
    this.state = element("p", { role: "status", id: "webcam-state" }, "Asking for the webcam…");
    this.video = element("video", { muted: true, playsInline: true, autoplay: true });
    this.canvas = document.createElement("canvas");
    this.sent = 0;
    place.replaceChildren(element("div", { className: "one" }, element("h1", {}, "This browser's webcam"), this.state,
      element("p", { className: "dim" }, "Pictures are sent while this page stays open and in front."),
      element("div", { className: "screen" }, this.video),
      element("p", { className: "buttons" }, element("a", { className: "small", href: `#${id}` }, "Stop sending"))));
  }

  async start() {
    if (!navigator.mediaDevices) return this.say("Browsers give webcams to pages on https or localhost only.");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } }, audio: false });
    } catch (error) {
      return this.say(error.name === "NotAllowedError" ? "The browser does not allow the webcam." : `There is no webcam to be had: ${error.message}`);
    }
    if (this.closed) return this.close();
    this.video.srcObject = this.stream;
    await this.video.play();
    this.#connect();
    this.timer = setInterval(() => this.#send(), 1000 / A_SECOND);
    return undefined;
  }

  say(sentence) {
    this.state.textContent = sentence;
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.again);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.socket?.close();
  }

  #connect() {
    const url = new URL(`api/v1/cameras/${this.id}/push`, document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.addEventListener("message", ({ data }) => {
      const { sent, skipped } = JSON.parse(data);
      this.say(`Sending: ${sent} pictures${skipped ? `, ${skipped} skipped` : ""}.`);
    });
    this.socket.addEventListener("close", (event) => {
      if (this.closed) return;
      this.say(event.reason || "The connection broke off; trying again.");
      this.again = setTimeout(() => this.#connect(), 2000);
    });
  }

  /** While the network is slow pictures are left out, so that those that go are new. */
  #send() {
    const { video, canvas, socket } = this;
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > MOST_WAITING || !video.videoWidth) return;
    const scale = Math.min(1, SHORT_SIDE / Math.min(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((jpeg) => { if (jpeg && socket.readyState === WebSocket.OPEN) socket.send(jpeg); }, "image/jpeg", QUALITY);
  }
}
