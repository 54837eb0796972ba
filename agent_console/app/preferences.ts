/** The agent's own choices on this browser: language, theme, sound, shortcuts. */
import { computed, effect } from "@preact/signals";
import type { Reader } from "../../client/text/time_format";
import { en } from "../locales/en";
import { fr, type Words } from "../locales/fr";
import { kept } from "./local_storage";

export type Language = "fr" | "en";
export type Theme = "auto" | "light" | "dark";

const LANGUAGES: Record<Language, Words> = { fr, en };

function spokenHere(): Language {
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  return wanted.find((tag): tag is Language => tag === "fr" || tag === "en") ?? "en";
}

export const language = kept<Language>("language", spokenHere());
export const theme = kept<Theme>("theme", "auto");
export const sound = kept("sound", true);
export const shortcuts = kept("shortcuts", true);

/** How times and names of languages are written: the browser's own variant of the chosen language. */
export const reader = computed<Reader>(() => ({
  locale: navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value,
}));

export const words = computed(() => LANGUAGES[language.value]);

/** Keeps <html lang data-theme> true; answers a function that stops. */
export function dressPage(): () => void {
  const night = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => {
    const root = document.documentElement;
    root.lang = language.value;
    root.dataset.theme = theme.value === "auto" ? (night.matches ? "dark" : "light") : theme.value;
  };
  const stop = effect(dress);
  night.addEventListener("change", dress);
  return () => {
    stop();
    night.removeEventListener("change", dress);
  };
}
