/** The arguments of an event as text. */
import { dateAndTime } from "./future_time";
import type { TimeLocale } from "./time_format";

const TIMES = ["promised", "due"];

/** Times are written in the reader's language and zone; all else stays. */
export function shownArgs(args: Record<string, string>, timeLocale: TimeLocale): Record<string, string> {
  const shown = Object.entries(args).map(([name, value]) => [
    name,
    TIMES.includes(name) ? dateAndTime(value, timeLocale) : value,
  ]);
  return Object.fromEntries(shown) as Record<string, string>;
}
