/** Language tags, as pages and browsers write them. */

/** The language of a tag, whatever its case and its separator: "fr" of "FR", "fr-CA" and "fr_FR". */
export const languageOf = (tag: string): string => (tag.split(/[-_@]/)[0] as string).toLowerCase();

/**
 * The first of the tags in this language that Intl accepts, else the language: a browser may report "en-US@posix", at
 * which Intl throws.
 */
export function intlLocale(tags: readonly string[], language: string): string {
  const variants = tags.filter((tag) => languageOf(tag) === language).map((tag) => tag.replaceAll("_", "-"));
  return variants.find(isAccepted) ?? language;
}

function isAccepted(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
