// Our few icons: 24 by 24, drawn by lines.

const PATHS = {
  home: "M4 11l8-7 8 7M6 10v9h12v-9",
  check: "M4 6h10M4 12h7M4 18h6M14 16l3 3 5-7",
  bell: "M6 17V11a6 6 0 0112 0v6l2 1H4zM10 21h4",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  camera: "M3 7h12v10H3zM15 11l6-3v8l-6-3z",
  bars: "M4 6h9M16 6h4M4 12h4M11 12h9M4 18h12M19 18h1",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9h4M4 15h4M16 9h4M16 15h4",
  album: "M4 7h16v13H4zM7 4h10M4 16l5-4 4 3 3-2 4 3",
  send: "M21 4L3 11l7 3 3 7zM10 14l5-5",
  sliders: "M4 7h8M16 7h4M14 5v4M4 17h4M12 17h8M10 15v4",
  model: "M5 5h5v5H5zM14 14h5v5h-5zM10 7.5h6.5V14M7.5 10v6.5H14",
  people:
    "M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM3 20a6 6 0 0112 0M16 5a3 3 0 010 6M18 14a6 6 0 013 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** Beside its word, and hidden from those who hear the page. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
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
