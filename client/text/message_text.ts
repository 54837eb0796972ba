/** The text of a message as the server stores and counts it. */
import type { LIMITS } from "../protocol/shared";

/** Equal to the protocol's limit, by its type. Importing the value would bring all limits into the widget. */
export const TEXT_MAX: (typeof LIMITS)["text_max"] = 4000;

/** Trimmed and in Unicode's composed form (NFC). */
export const normalizeText = (text: string): string => text.trim().normalize("NFC");

/** The length that TEXT_MAX limits: code points of the normalized text. */
export const textLength = (text: string): number => [...normalizeText(text)].length;
