// Evens out the light of a picture: its darkest and lightest hundredth become black and white, and
// dark parts are lifted. Nothing is invented.

const SHARE = 0.01;
const LIFT = 0.8;

/** In place, of RGBA bytes; all colours by the same curve, so that none shifts. */
export function evened(rgba: Uint8ClampedArray): void {
  const [low, high] = bounds(rgba);
  if (high <= low) return;
  const curve = Uint8ClampedArray.from({ length: 256 }, (_, value) => {
    const share = Math.min(Math.max((value - low) / (high - low), 0), 1);
    return 255 * share ** LIFT;
  });
  for (let at = 0; at < rgba.length; at += 4)
    for (let colour = at; colour < at + 3; colour += 1)
      rgba[colour] = curve[rgba[colour] ?? 0] ?? 0;
}

function bounds(rgba: Uint8ClampedArray): [number, number] {
  const counts = new Uint32Array(256);
  for (let at = 0; at < rgba.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = rgba.subarray(at, at + 3);
    const light = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    counts[light] = (counts[light] ?? 0) + 1;
  }
  const few = (rgba.length / 4) * SHARE;
  const reach = (values: number[]) => {
    let seen = 0;
    return values.find((value) => {
      seen += counts[value] ?? 0;
      return seen > few;
    });
  };
  const up = Array.from(counts.keys());
  return [reach(up) ?? 0, reach([...up].reverse()) ?? 255];
}
