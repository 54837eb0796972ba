/** The rules of the texts that people see, for a table with the texts of each language. Used by tests only. */

/** Returns the arguments for the function at this path. */
export type ArgumentsFor = (path: string) => readonly unknown[];

const WRONG = /^\s*$|!|undefined|\[object|NaN/;
const WRONG_IN_FRENCH = /[^\u00a0]:|[^\u202f][?;]|n° |« | »|'/;
/** The key "?", and a time like 0:52. */
const NO_PUNCTUATION = /, \? montre|\d:\d/g;

/** Every text with its path. Functions are called. */
function sentences(texts: unknown, argumentsFor: ArgumentsFor, path = ""): [string, string][] {
  if (typeof texts === "function") return sentences(texts(...argumentsFor(path)), argumentsFor, path);
  if (texts === null || typeof texts !== "object") return [[path, String(texts)]];
  return Object.entries(texts).flatMap(([key, value]) => sentences(value, argumentsFor, `${path}.${key}`));
}

/**
 * The texts that are empty, have an exclamation mark, an undefined value or wrong French spaces, and the first one of
 * each language that is not the same as in French. Unless `argumentsFor` says otherwise, each function gets two numbers.
 */
export function textFaults(
  table: Readonly<Record<string, unknown>>,
  argumentsFor: ArgumentsFor = () => [2, 4],
): string[] {
  const french = sentences(table.fr, argumentsFor);
  return Object.entries(table).flatMap(([language, texts]) => {
    const given = sentences(texts, argumentsFor);
    const at = [...french, ...given].findIndex((_, index) => french[index]?.[0] !== given[index]?.[0]);
    const wrong = given.filter(([, text]) => isWrong(language, text));
    return [
      ...(at < 0 ? [] : [`${language} has ${given[at]?.[0]} where fr has ${french[at]?.[0]}`]),
      ...wrong.map(([path, text]) => `${language}${path}: ${text}`),
    ];
  });
}

const isWrong = (language: string, text: string): boolean =>
  WRONG.test(text) || (language === "fr" && WRONG_IN_FRENCH.test(text.replace(NO_PUNCTUATION, "")));
