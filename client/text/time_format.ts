/** Times in words, in the reader's zone and language: "9 h 12", "mercredi 2 décembre à 9 h", "hier". */

export interface Reader {
  /** A BCP 47 tag; its first part decides the words. */
  locale: string;
  /** Their own zone when absent. */
  timeZone?: string;
}

export const NBSP = "\u00a0";
export const isFrench = (reader: Reader) => reader.locale.startsWith("fr");

// Building a format costs more than using it a hundred times.
const formats = new Map<string, Intl.DateTimeFormat>();

export function format(reader: Reader, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([reader, options]);
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(reader.locale, { ...options, timeZone: reader.timeZone });
  formats.set(key, made);
  return made;
}

/** A time of day: "9 h 12" and "9 h" in French, as the locale has it elsewhere ("9:12 AM", "09:12"). */
export function clock(at: string | number, reader: Reader): string {
  const when = new Date(at);
  if (!isFrench(reader))
    return format(reader, { hour: "numeric", minute: "2-digit" }).format(when).replace(" ", NBSP);
  const parts = format(reader, { hour: "numeric", minute: "2-digit", hourCycle: "h23" }).formatToParts(when);
  const number = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const minutes = number("minute");
  const shown = minutes ? NBSP + String(minutes).padStart(2, "0") : "";
  return `${number("hour")}${NBSP}h${shown}`;
}

/** A date without its time: "mercredi 2 décembre", with the year only when it is not `now`'s. */
export function day(at: string | number, reader: Reader, now: number = Date.now()): string {
  const when = new Date(at);
  const year = format(reader, { year: "numeric" });
  const other = year.format(when) !== year.format(now) ? ({ year: "numeric" } as const) : {};
  const words = format(reader, { weekday: "long", day: "numeric", month: "long", ...other }).format(when);
  // French says "1er", Intl says "1"; a number and its month stay on one line.
  const said = isFrench(reader) ? words.replace(/ 1 /, " 1er ") : words;
  return said.replace(/(\d(?:er)?) (?=\p{L})/u, `$1${NBSP}`);
}

/** The head of a day in a log: "aujourd’hui", "hier", else the date. */
export function dayLabel(at: string | number, reader: Reader, now: number = Date.now()): string {
  const ago = daysBetween(at, now, reader);
  if (ago < 0 || ago > 1) return day(at, reader, now);
  return new Intl.RelativeTimeFormat(reader.locale, { numeric: "auto" }).format(-ago, "day");
}

export function sameDay(a: string | number, b: string | number, reader: Reader): boolean {
  return daysBetween(a, b, reader) === 0;
}

/** Calendar days from `a` to `b` in the reader's zone: 0 on the same date, whatever the hours. */
export function daysBetween(a: string | number, b: string | number, reader: Reader): number {
  const date = (at: string | number) => {
    const parts = format(
      { ...reader, locale: "en-US" },
      { year: "numeric", month: "numeric", day: "numeric" },
    );
    const found = parts.formatToParts(new Date(at));
    const number = (type: string) => Number(found.find((part) => part.type === type)?.value);
    return Date.UTC(number("year"), number("month") - 1, number("day"));
  };
  return Math.round((date(b) - date(a)) / 86_400_000);
}
