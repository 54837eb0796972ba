/** Language tags, as pages and browsers write them. */

/** The language of a tag, whatever its case and its separator: "fr" of "FR", "fr-CA" and "fr_FR"; "" without one. */
export const languageOf = (tag: string): string => /^[a-z]{2,3}(?![a-z])/i.exec(tag)?.[0].toLowerCase() ?? "";
