/** The colours of a style sheet and the contrast of two of them. Used by tests only. */

/** Each custom property that is a `light-dark()`: its two colours. */
export const coloursOf = (css: string): ReadonlyMap<string, readonly [light: string, dark: string]> =>
  new Map(
    [...css.matchAll(/(--[a-z0-9-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
      ([, name = "", light = "", dark = ""]) => [name, [light, dark]],
    ),
  );

const parts = (hex: string): [number, number, number] =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];

/** The lightness of HSL, 0 to 1. */
export function lightness(hex: string): number {
  const rgb = parts(hex);
  return (Math.max(...rgb) + Math.min(...rgb)) / 2;
}

function luminance(hex: string): number {
  const [r, g, b] = parts(hex).map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast ratio of WCAG, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
