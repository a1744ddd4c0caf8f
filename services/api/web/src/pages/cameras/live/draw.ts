// A live picture on a canvas, with the people in it.

import { colours } from "@/ui/colours";
import type { LivePerson } from "./socket";

const BONES = [
  [5, 7],
  [7, 9],
  [6, 8],
  [8, 10],
  [5, 6],
  [5, 11],
  [6, 12],
  [11, 12],
  [11, 13],
  [13, 15],
  [12, 14],
  [14, 16],
] as const;
const SURE = 0.3;

export function drawPicture(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap,
  people: LivePerson[],
): void {
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.drawImage(picture, 0, 0);
  if (people.length === 0) return;
  const { accent, curve } = colours(canvas, "accent", "curve");
  for (const person of people) drawPerson(pen, person, accent, curve);
}

function drawPerson(
  pen: CanvasRenderingContext2D,
  { box: [left, top, right, bottom], keypoints }: LivePerson,
  boxColour: string,
  bonesColour: string,
): void {
  const { width, height } = pen.canvas;
  pen.lineWidth = Math.max(1, width / 250);
  pen.strokeStyle = boxColour;
  pen.strokeRect(left * width, top * height, (right - left) * width, (bottom - top) * height);
  pen.strokeStyle = bonesColour;
  pen.beginPath();
  for (const [from, to] of BONES) {
    const [start, end] = [keypoints[from], keypoints[to]];
    if (!start || !end || Math.min(start[2], end[2]) < SURE) continue;
    pen.moveTo(start[0] * width, start[1] * height);
    pen.lineTo(end[0] * width, end[1] * height);
  }
  pen.stroke();
}
