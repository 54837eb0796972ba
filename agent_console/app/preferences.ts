/** The agent's preferences on this browser: language, theme, sound, shortcuts. */
import { computed, effect } from "@preact/signals";
import { LOCALES, type Locale } from "../../client/protocol/vocabulary";
import { intlLocale, languageOf } from "../../client/text/locale";
import type { TimeLocale } from "../../client/text/time_format";
import type { Texts } from "../locales/fr";
import { storedSignal } from "./local_storage";

export type Theme = "auto" | "light" | "dark";

const ALL_TEXTS = import.meta.glob<Texts>("../locales/??.ts", {
  eager: true,
  import: "texts",
});

// Some embedded browsers report none at all.
const languages = navigator.languages ?? [];

function browserLanguage(): Locale {
  const wanted = languages.map(languageOf);
  return wanted.find((tag): tag is Locale => (LOCALES as readonly string[]).includes(tag)) ?? "en";
}

export const language = storedSignal<Locale>("language", browserLanguage());
export const theme = storedSignal<Theme>("theme", "auto");
export const sound = storedSignal("sound", true);
export const shortcuts = storedSignal("shortcuts", true);

export const texts = computed(() => ALL_TEXTS[`../locales/${language.value}.ts`] as Texts);

/** The browser's own variant of the chosen language, for times and for names of languages. */
export const timeLocale = computed<TimeLocale>(() => ({
  locale: intlLocale(languages, language.value),
  at: texts.value.time.at,
}));

/** Sets <html lang data-theme> and keeps them up to date. Returns a function that stops. */
export function applyPagePreferences(): () => void {
  const night = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const root = document.documentElement;
    root.lang = language.value;
    root.dataset.theme = theme.value === "auto" ? (night.matches ? "dark" : "light") : theme.value;
  };
  const stop = effect(apply);
  night.addEventListener("change", apply);
  return () => {
    stop();
    night.removeEventListener("change", apply);
  };
}
