/** Times to come, in words: until when we answer, and when we open again. */
import { clock, day, daysBetween, format, isFrench, NBSP, type Reader } from "./time_format";

/** A promise: "mercredi 2 décembre à 9 h", "Wednesday, December 2 at 9:00 AM". Always a date, never "tomorrow". */
export function dayAndClock(at: string | number, reader: Reader, now: number = Date.now()): string {
  const joint = isFrench(reader) ? "à" : "at";
  return `${day(at, reader, now)} ${joint}${NBSP}${clock(at, reader)}`;
}

/** When we open again: "à 9 h" today, "demain à 9 h", "lundi à 9 h" within a week, else the date. */
export function opening(at: string | number, reader: Reader, now: number = Date.now()): string {
  const ahead = -daysBetween(at, now, reader);
  const time = `${isFrench(reader) ? "à" : "at"}${NBSP}${clock(at, reader)}`;
  if (ahead <= 0) return time;
  if (ahead > 6) return dayAndClock(at, reader, now);
  const relative = new Intl.RelativeTimeFormat(reader.locale, { numeric: "auto" }).format(ahead, "day");
  const name = ahead === 1 ? relative : format(reader, { weekday: "long" }).format(new Date(at));
  return `${name} ${time}`;
}
