import { expect, test } from "vitest";
import { intlLocale, languageOf } from "../text/locale";

test("a language is recognized in any case and with any separator", () => {
  for (const tag of ["fr", "FR", "FR-fr", "fr_FR", "Fr-Latn-CA", "fr-x-private", "fr@euro"])
    expect(languageOf(tag), tag).toBe("fr");
});

test("a language of three letters is not the one of its first two", () => {
  expect(languageOf("frr-DE")).toBe("frr");
  expect(languageOf("enm")).toBe("enm");
});

test("the locale is the reader's variant of the language, without the tags at which Intl throws", () => {
  expect(intlLocale(["en-US@posix", "de", "en-US"], "en")).toBe("en-US");
  expect(intlLocale(["fr_CA", "fr"], "fr")).toBe("fr-CA");
  expect(intlLocale(["en-US-u-fw-mon-mu-celsius"], "en")).toBe("en-US-u-fw-mon-mu-celsius");
  for (const bad of [[], ["en-US@posix"], ["en-"], ["en-a"], ["en_US.UTF-8"], ["C", "*"]])
    expect(intlLocale(bad, "en"), bad.join()).toBe("en");
});
