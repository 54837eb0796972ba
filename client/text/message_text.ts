/** The text of a message as the server stores and counts it. */

/** Trimmed and in Unicode's composed form (NFC). */
export const normalizeText = (text: string): string => text.trim().normalize("NFC");

/** The length that `LIMITS.text_max` limits: code points of the normalized text. */
export const textLength = (text: string): number => [...normalizeText(text)].length;
