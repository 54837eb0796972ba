/** What the server and the host page decide: the site, the language and the colour scheme. */
import { languageOf } from "../../client/text/locale";
import type { LoaderConfig } from "../bridge/messages";

declare const __GUICHET_CONFIG__: LoaderConfig;

export const { key, origin, texts, color } = __GUICHET_CONFIG__;
const page = document.documentElement;

// The page's language, else the browser's, else English.
const tags = [page.lang, ...(navigator.languages ?? [])];
export const lang = tags.map(languageOf).find((language) => texts[language]?.title) ?? "en";
export const labels = texts[lang] as LoaderConfig["texts"][string];
/** "light" or "dark" if the page sets a colour scheme; else the browser's preference. */
export const theme = getComputedStyle(page).colorScheme;
