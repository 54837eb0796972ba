import { expect, test } from "vitest";
import { languageOf } from "../text/locale";

test("a language is recognized in any case and with any separator", () => {
  for (const tag of ["fr", "FR", "FR-fr", "fr_FR", "Fr-Latn-CA", "fr-x-private", "fr@euro"])
    expect(languageOf(tag), tag).toBe("fr");
});

test("a language of three letters is not the one of its first two", () => {
  expect(languageOf("frr-DE")).toBe("frr");
  expect(languageOf("enm")).toBe("enm");
});

test("what is no tag has no language", () => {
  for (const tag of ["", "x", "-fr", "*", "constructor", "1fr"]) expect(languageOf(tag), tag).toBe("");
});
