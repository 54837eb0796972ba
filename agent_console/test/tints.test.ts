/** Avatars: initials are readable in both themes, and no avatar glares on a dark page. */
import { expect, test } from "vitest";
import { coloursOf, contrast, lightness } from "../../client/test/contrast";
import css from "../styles/tints.css?raw";

const colours = coloursOf(css);

test.each([1, 2, 3, 4, 5, 6])("tint %i", (tint) => {
  const [light, dark] = colours.get(`--tint-${tint}`) ?? ["", ""];
  const [onLight, onDark] = colours.get(`--on-tint-${tint}`) ?? ["", ""];
  expect(contrast(light, onLight)).toBeGreaterThanOrEqual(6);
  expect(contrast(dark, onDark)).toBeGreaterThanOrEqual(6);
  expect(lightness(dark)).toBeLessThanOrEqual(0.3);
});
