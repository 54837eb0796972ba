/** Makes a site's colour our accent colour: readable on both backgrounds, with a readable text colour on it. */

type Rgb = [number, number, number];

const BACKGROUNDS = { light: [255, 255, 255] as Rgb, dark: [20, 25, 24] as Rgb };
const MIN_CONTRAST = 4.5;

export interface Accent {
  accent: string;
  ink: string;
  text: string;
}

/** `color` as #rrggbb. For anything else it returns null, and our own accent stays. */
export function accentOf(color: string, theme: "light" | "dark"): Accent | null {
  if (!/^#[0-9a-f]{6}$/i.test(color)) return null;
  const base = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as Rgb;
  const background = BACKGROUNDS[theme];
  const surface = adjustUntil(base, theme, (one) => contrast(one, background) >= 3);
  const text = adjustUntil(base, theme, (one) => contrast(one, background) >= MIN_CONTRAST + 0.4);
  const ink: Rgb = contrast(surface, [255, 255, 255]) >= MIN_CONTRAST ? [255, 255, 255] : [0, 0, 0];
  return { accent: css(surface), ink: css(ink), text: css(text) };
}

/** Sets the accent of both themes. Styles set by script are not inline styles to a content security policy. */
export function applyThemeColor(color: string, root: HTMLElement = document.documentElement): void {
  const [light, dark] = [accentOf(color, "light"), accentOf(color, "dark")];
  if (!light || !dark) return;
  const both = (part: keyof Accent) => `light-dark(${light[part]}, ${dark[part]})`;
  const set = {
    accent: both("accent"),
    "accent-hover": both("accent"),
    "on-accent": both("ink"),
    "accent-text": both("text"),
  };
  const mine = { "bub-me": light.accent, "bub-me-text": light.ink };
  for (const [name, value] of Object.entries({ ...set, ...mine })) root.style.setProperty(`--${name}`, value);
}

function adjustUntil(color: Rgb, theme: "light" | "dark", good: (color: Rgb) => boolean): Rgb {
  const target = theme === "light" ? 0 : 255;
  let now = color;
  for (let step = 0; step < 40 && !good(now); step++) {
    now = now.map((part) => Math.round(part + (target - part) * 0.08)) as Rgb;
  }
  return now;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function css(color: Rgb): string {
  return `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
