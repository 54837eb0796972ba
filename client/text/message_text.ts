/** The text of a message as the server stores and counts it. */
import type { LIMITS } from "../protocol/shared";

/** Equal to the protocol's limit, by its type. Importing the value would bring all limits into the widget. */
export const TEXT_MAX: (typeof LIMITS)["text_max"] = 4000;

/** Trimmed and in Unicode's composed form (NFC). */
export const normalizeText = (text: string): string => text.trim().normalize("NFC");

/** The length that TEXT_MAX limits: code points of the normalized text. */
export const textLength = (text: string): number => [...normalizeText(text)].length;

/** The text cut to this many UTF-16 units, or one less where that would halve a character. */
export const cutText = (text: string, length: number): string =>
  text.length > length ? text.slice(0, length).replace(/[\ud800-\udbff]$/, "") : text;
