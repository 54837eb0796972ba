/** What a log shows, from a timeline: days, events and bubbles, grouped by who said them. Pure. */

import type { Pending, Timeline } from "../../client/conversation/timeline";
import type { Message } from "../../client/protocol";
import { sameDay, type TimeLocale } from "../../client/text/time_format";

const GROUP_MS = 3 * 60_000;

export interface TextEntry {
  kind: "said";
  key: string;
  mine: boolean;
  author: string | null;
  text: string;
  at: string;
  /** First and last of a group: the name is told at the first, the time at the last. */
  first: boolean;
  last: boolean;
  state: "sending" | "failed" | "sent" | "read";
  retryAt?: number;
}

export type Entry =
  | TextEntry
  | { kind: "day"; key: string; at: string }
  | { kind: "event"; key: string; text: string };

export type EventTexts = Record<string, (args: Record<string, string>) => string>;

export function logEntries(
  timeline: Timeline,
  readByAgent: number,
  timeLocale: TimeLocale,
  events: EventTexts,
): Entry[] {
  const plain = [
    ...timeline.messages.flatMap((message) => messageEntries(message, readByAgent, events)),
    ...timeline.pending.filter((one) => !one.note).map(pendingEntry),
  ];
  return withDays(grouped(plain), timeLocale);
}

type EventEntry = { kind: "event"; key: string; text: string; at: string };
type Timed = TextEntry | EventEntry;
type Loose = Omit<TextEntry, "first" | "last"> | EventEntry;

function messageEntries(message: Message, readByAgent: number, events: EventTexts): Loose[] {
  const { seq, at, author, event } = message;
  const mine = author.kind === "visitor";
  // The key of our own message is that of its pending copy: the bubble stays, only its state changes.
  const key = mine && message.client_id ? message.client_id : `${seq}`;
  if (event) {
    const text = events[event.name]?.(event.args);
    return text ? [{ kind: "event", key, text, at }] : [];
  }
  const state = mine && seq <= readByAgent ? "read" : "sent";
  return [{ kind: "said", key, mine, author: author.name, text: message.text, at, state }];
}

function pendingEntry({ client_id, text, at, state, retryAt }: Pending): Loose {
  return { kind: "said", key: client_id, mine: true, author: null, text, at, state, retryAt };
}

function grouped(plain: Loose[]): Timed[] {
  return plain.map((one, at) => {
    if (one.kind !== "said") return one;
    return { ...one, first: !together(plain[at - 1], one), last: !together(one, plain[at + 1]) };
  });
}

function together(one: Loose | undefined, next: Loose | undefined): boolean {
  if (one?.kind !== "said" || next?.kind !== "said") return false;
  const same = one.mine === next.mine && (one.mine || one.author === next.author);
  // A failed text has a line of its own, with its retry; a state that differs must be seen.
  const sameState = one.state === next.state && one.retryAt === next.retryAt && one.state !== "failed";
  return same && sameState && Date.parse(next.at) - Date.parse(one.at) < GROUP_MS;
}

function withDays(plain: Timed[], timeLocale: TimeLocale): Entry[] {
  const now = Date.now();
  return plain.flatMap((one, at) => {
    const before = plain[at - 1]?.at;
    // A conversation of today needs no date.
    const needed = before ? !sameDay(before, one.at, timeLocale) : !sameDay(one.at, now, timeLocale);
    return needed ? [{ kind: "day" as const, key: `day-${one.key}`, at: one.at }, one] : [one];
  });
}
