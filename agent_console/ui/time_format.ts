/** Times as the console shows them: short, in the agent's language, never jumping in width. */
import { clock, dayLabel, type Reader, sameDay } from "../../client/text/time_format";
import type { Words } from "../locales/fr";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (value: number): string => String(value).padStart(2, "0");

/** A wait: "0:52", "12:05", then "2 h", "3 d"; a clock that is behind the server's shows 0:00. */
export function elapsed(since: string, now: number, words: Words): string {
  const ms = Math.max(0, now - Date.parse(since));
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}:${two(Math.floor((ms % MINUTE) / 1000))}`;
  return ms < 2 * DAY ? words.time.hours(Math.floor(ms / HOUR)) : words.time.days(Math.floor(ms / DAY));
}

/** A length of time in one unit: "less than a minute", "4 min", "2 h", "3 d". */
export function roughly(seconds: number, words: Words): string {
  const ms = seconds * 1000;
  if (ms < MINUTE) return words.time.brief;
  if (ms < HOUR) return words.time.minutes(Math.floor(ms / MINUTE));
  return ms < 2 * DAY ? words.time.hours(Math.floor(ms / HOUR)) : words.time.days(Math.floor(ms / DAY));
}

function shortDay(at: string, reader: Reader): string {
  return new Intl.DateTimeFormat(reader.locale, { day: "numeric", month: "short" }).format(new Date(at));
}

/** The time of a card: the hour today, "yesterday", else a date. */
export function stamp(at: string, reader: Reader, now: number): string {
  if (sameDay(at, now, reader)) return clock(at, reader);
  return sameDay(at, now - DAY, reader) ? dayLabel(at, reader, now) : shortDay(at, reader);
}

/** When an answer is due: "by 14:05", "by tomorrow 9:00", "by 25 Nov", or "late". */
export function due(at: string, reader: Reader, words: Words, now: number): string {
  if (Date.parse(at) < now) return words.list.late;
  if (sameDay(at, now, reader)) return `${words.list.before} ${clock(at, reader)}`;
  if (sameDay(at, now + DAY, reader))
    return `${words.list.before} ${words.time.tomorrow} ${clock(at, reader)}`;
  return `${words.list.before} ${shortDay(at, reader)}`;
}

/** The hour where somebody else is; null when their zone is unknown to this browser. */
export function hourIn(timeZone: string | null, reader: Reader, now: number): string | null {
  if (!timeZone) return null;
  try {
    return clock(now, { ...reader, timeZone });
  } catch {
    return null;
  }
}
