/** Times in the future as text: until when we answer, and when we open again. */
import { dateFormat, dateText, daysBetween, NBSP, type TimeLocale, timeOfDay } from "./time_format";

/**
 * The time of a promise: "mercredi 2 décembre à 9 h", "Wednesday, December 2 at 9:00 AM". Always a date, not
 * "tomorrow".
 */
export function dateAndTime(at: string | number, timeLocale: TimeLocale, now: number = Date.now()): string {
  return `${dateText(at, timeLocale, now)} ${timeLocale.at}${NBSP}${timeOfDay(at, timeLocale)}`;
}

/** When we open again: "à 9 h" today, "demain à 9 h", "lundi à 9 h" within a week, else with the date. */
export function reopeningTime(at: string | number, timeLocale: TimeLocale, now: number = Date.now()): string {
  const ahead = -daysBetween(at, now, timeLocale);
  const time = `${timeLocale.at}${NBSP}${timeOfDay(at, timeLocale)}`;
  if (ahead <= 0) return time;
  if (ahead > 6) return dateAndTime(at, timeLocale, now);
  const relative = new Intl.RelativeTimeFormat(timeLocale.locale, { numeric: "auto" }).format(ahead, "day");
  const name = ahead === 1 ? relative : dateFormat(timeLocale, { weekday: "long" }).format(new Date(at));
  return `${name} ${time}`;
}
