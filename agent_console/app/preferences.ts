/** The agent's preferences on this browser: language, theme, sound, shortcuts. */
import { computed, effect } from "@preact/signals";
import type { TimeLocale } from "../../client/text/time_format";
import { en } from "../locales/en";
import { fr, type Texts } from "../locales/fr";
import { storedSignal } from "./local_storage";

export type Language = "fr" | "en";
export type Theme = "auto" | "light" | "dark";

const LANGUAGES: Record<Language, Texts> = { fr, en };

function browserLanguage(): Language {
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  return wanted.find((tag): tag is Language => tag === "fr" || tag === "en") ?? "en";
}

export const language = storedSignal<Language>("language", browserLanguage());
export const theme = storedSignal<Theme>("theme", "auto");
export const sound = storedSignal("sound", true);
export const shortcuts = storedSignal("shortcuts", true);

/** The browser's own variant of the chosen language, for times and for names of languages. */
export const timeLocale = computed<TimeLocale>(() => ({
  locale: navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value,
}));

export const texts = computed(() => LANGUAGES[language.value]);

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
