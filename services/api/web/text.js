// Small things of text and elements. Content is only ever set as text, never as HTML.

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function clock(seconds, tenths = false) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(whole / 3600);
  const shown = hours ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
  return tenths ? `${shown}.${Math.floor((seconds - whole) * 10)}` : shown;
}

export function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  const step = bytes ? Math.min(3, Math.floor(Math.log10(bytes) / 3)) : 0;
  const amount = bytes / 1000 ** step;
  return `${amount < 10 && step ? amount.toFixed(1) : Math.round(amount)} ${units[step]}`;
}

export function ago(moment) {
  const seconds = (Date.now() - new Date(moment)) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(moment).toLocaleDateString();
}
