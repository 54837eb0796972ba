/** Times of the console: short, in the agent's language, of a steady width. */
import { dateFormat, dayLabel, sameDay, type TimeLocale, timeOfDay } from "../../client/text/time_format";
import type { Texts } from "../locales/fr";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (value: number): string => String(value).padStart(2, "0");

/** A wait: "0:52", "12:05", then "2 h", "3 d". Never negative if this computer's clock is behind. */
export function elapsed(since: string, now: number, texts: Texts): string {
  const ms = Math.max(0, now - Date.parse(since));
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}:${two(Math.floor((ms % MINUTE) / 1000))}`;
  return ms < 2 * DAY ? texts.time.hours(Math.floor(ms / HOUR)) : texts.time.days(Math.floor(ms / DAY));
}

/** A duration in one unit: "less than a minute", "4 min", "2 h", "3 d". */
export function roughDuration(seconds: number, texts: Texts): string {
  const ms = seconds * 1000;
  if (ms < MINUTE) return texts.time.brief;
  if (ms < HOUR) return texts.time.minutes(Math.floor(ms / MINUTE));
  return ms < 2 * DAY ? texts.time.hours(Math.floor(ms / HOUR)) : texts.time.days(Math.floor(ms / DAY));
}

function shortDay(at: string, timeLocale: TimeLocale): string {
  return dateFormat(timeLocale, { day: "numeric", month: "short" }).format(new Date(at));
}

/** The time of a card: the time today, "yesterday", else a date. */
export function cardTime(at: string, timeLocale: TimeLocale, now: number): string {
  if (sameDay(at, now, timeLocale)) return timeOfDay(at, timeLocale);
  return sameDay(at, now - DAY, timeLocale) ? dayLabel(at, timeLocale, now) : shortDay(at, timeLocale);
}

/** When an answer is due: "by 14:05", "by tomorrow 9:00", "by 25 Nov", or "late". */
export function dueText(at: string, timeLocale: TimeLocale, texts: Texts, now: number): string {
  if (Date.parse(at) < now) return texts.list.late;
  if (sameDay(at, now, timeLocale)) return `${texts.list.before} ${timeOfDay(at, timeLocale)}`;
  if (sameDay(at, now + DAY, timeLocale))
    return `${texts.list.before} ${texts.time.tomorrow} ${timeOfDay(at, timeLocale)}`;
  return `${texts.list.beforeDay} ${shortDay(at, timeLocale)}`;
}

/** The local time in another time zone; null if this browser does not know the zone. */
export function localTime(timeZone: string | null, timeLocale: TimeLocale, now: number): string | null {
  if (!timeZone) return null;
  try {
    return timeOfDay(now, { ...timeLocale, timeZone });
  } catch {
    return null;
  }
}
