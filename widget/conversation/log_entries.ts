/** What the widget's log shows of a timeline. Pure. */
import {
  type DayEntry,
  messageEntry,
  pendingEntry,
  type TextEntry,
  type UngroupedText,
  withDays,
  withGroups,
} from "../../client/conversation/log_entries";
import type { Timeline } from "../../client/conversation/timeline";
import type { Message } from "../../client/protocol/shared";
import { shownArgs } from "../../client/text/event_args";
import { sameDay, type TimeLocale } from "../../client/text/time_format";

interface EventTextEntry {
  kind: "event";
  key: string;
  at: string;
  text: string;
}

export type LogEntry = TextEntry | EventTextEntry | DayEntry;

export type EventTexts = Record<string, (args: Record<string, string>) => string>;

export function logEntries(
  { me, messages, pending }: Timeline,
  readByAgent: number,
  timeLocale: TimeLocale,
  events: EventTexts,
): LogEntry[] {
  const stored = messages.flatMap((message): (UngroupedText | EventTextEntry)[] => {
    const entry = messageEntry(message, me, readByAgent);
    return entry.kind === "text" ? [entry] : eventEntry(message, timeLocale, events);
  });
  const all = [...stored, ...pending.map(pendingEntry)];
  return withGroups(withDays(all, (a, b) => sameDay(a, b, timeLocale), Date.now()));
}

/** An event that this version has no text for is left out. */
function eventEntry(
  { seq, at, event }: Message,
  timeLocale: TimeLocale,
  events: EventTexts,
): EventTextEntry[] {
  const text = event && events[event.name]?.(shownArgs(event.args, timeLocale));
  return text ? [{ kind: "event", key: `m${seq}`, at, text }] : [];
}
