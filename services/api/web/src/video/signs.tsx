// The signs on a player's buttons.

const PATHS = {
  play: "M7 5l12 7-12 7z",
  pause: "M7 5h4v14H7zM14 5h4v14h-4z",
  back: "M15 6l-7 6 7 6zM6 6v12",
  on: "M9 6l7 6-7 6zM18 6v12",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  loud: "M4 9h4l5-4v14l-5-4H4zM16 9a4 4 0 010 6M18.5 6.5a8 8 0 010 11",
  silent: "M4 9h4l5-4v14l-5-4H4zM16 9.5l5 5M21 9.5l-5 5",
} as const;
const FILLED = new Set(["play", "pause"]);

export function Sign({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill={FILLED.has(name) ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
