/** Times as text, in the reader's time zone and language: "9 h 12", "mercredi 2 décembre à 9 h", "hier". */
import { languageOf } from "./locale";

export interface TimeLocale {
  /** A BCP 47 tag; its first part decides the language. */
  locale: string;
  /** The word before a time of day: "at", "à". */
  at: string;
  /** The browser's own time zone if absent. */
  timeZone?: string;
}

export const NBSP = "\u00a0";
export const isFrench = (timeLocale: TimeLocale) => languageOf(timeLocale.locale) === "fr";

// Making a format costs more than using it a hundred times.
const formats = new Map<string, Intl.DateTimeFormat>();

export function dateFormat(timeLocale: TimeLocale, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([timeLocale, options]);
  const cached = formats.get(key);
  if (cached) return cached;
  const made = new Intl.DateTimeFormat(timeLocale.locale, {
    // Our texts put the parts together, so a tag with digits or a calendar of its own does not choose them.
    numberingSystem: "latn",
    calendar: "gregory",
    ...options,
    timeZone: timeLocale.timeZone,
  });
  formats.set(key, made);
  return made;
}

/** A time of day: "9 h 12" and "9 h" in French, elsewhere as the locale has it ("9:12 AM", "09:12"). */
export function timeOfDay(at: string | number, timeLocale: TimeLocale): string {
  const when = new Date(at);
  if (!isFrench(timeLocale))
    return dateFormat(timeLocale, { hour: "numeric", minute: "2-digit" }).format(when).replace(" ", NBSP);
  const parts = dateFormat(timeLocale, {
    hour: "numeric",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(when);
  const number = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const minutes = number("minute");
  const shown = minutes ? NBSP + String(minutes).padStart(2, "0") : "";
  return `${number("hour")}${NBSP}h${shown}`;
}

/** A date without its time: "mercredi 2 décembre", with the year only if it is not `now`'s. */
export function dateText(at: string | number, timeLocale: TimeLocale, now: number = Date.now()): string {
  const when = new Date(at);
  const year = dateFormat(timeLocale, { year: "numeric" });
  const other = year.format(when) !== year.format(now) ? ({ year: "numeric" } as const) : {};
  const text = dateFormat(timeLocale, { weekday: "long", day: "numeric", month: "long", ...other }).format(
    when,
  );
  // French writes "1er" where Intl writes "1". A no-break space keeps the number and the month on one line.
  const french = isFrench(timeLocale) ? text.replace(/ 1 /, " 1er ") : text;
  return french.replace(/(\d(?:er)?) (?=\p{L})/u, `$1${NBSP}`);
}

/** The heading of a day in a log: "aujourd’hui", "hier", else the date. */
export function dayLabel(at: string | number, timeLocale: TimeLocale, now: number = Date.now()): string {
  const ago = daysBetween(at, now, timeLocale);
  if (ago < 0 || ago > 1) return dateText(at, timeLocale, now);
  return new Intl.RelativeTimeFormat(timeLocale.locale, { numeric: "auto" }).format(-ago, "day");
}

export function sameDay(a: string | number, b: string | number, timeLocale: TimeLocale): boolean {
  return daysBetween(a, b, timeLocale) === 0;
}

/** Calendar days from `a` to `b` in the reader's time zone: 0 on the same date, whatever the hours. */
export function daysBetween(a: string | number, b: string | number, timeLocale: TimeLocale): number {
  const date = (at: string | number) => {
    const parts = dateFormat(
      { ...timeLocale, locale: "en-US" },
      { year: "numeric", month: "numeric", day: "numeric" },
    );
    const found = parts.formatToParts(new Date(at));
    const number = (type: string) => Number(found.find((part) => part.type === type)?.value);
    return Date.UTC(number("year"), number("month") - 1, number("day"));
  };
  return Math.round((date(b) - date(a)) / 86_400_000);
}
