/** What a log shows, from a timeline: days, events and bubbles, grouped by who said them. Pure. */

import type { Pending, Timeline } from "../../client/conversation/timeline";
import type { Message } from "../../client/protocol";
import { type Reader, sameDay } from "../../client/text/time_format";

const GROUP_MS = 3 * 60_000;

export interface Said {
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
  | Said
  | { kind: "day"; key: string; at: string }
  | { kind: "event"; key: string; text: string };

export type EventWords = Record<string, (args: Record<string, string>) => string>;

export function entries(line: Timeline, readByAgent: number, reader: Reader, events: EventWords): Entry[] {
  const plain = [
    ...line.messages.flatMap((message) => spoken(message, readByAgent, events)),
    ...line.pending.filter((one) => !one.note).map(waiting),
  ];
  return withDays(grouped(plain), reader);
}

type Happened = { kind: "event"; key: string; text: string; at: string };
type Timed = Said | Happened;
type Loose = Omit<Said, "first" | "last"> | Happened;

function spoken(message: Message, readByAgent: number, events: EventWords): Loose[] {
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

function waiting({ client_id, text, at, state, retryAt }: Pending): Loose {
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
  const told = one.state === next.state && one.retryAt === next.retryAt && one.state !== "failed";
  return same && told && Date.parse(next.at) - Date.parse(one.at) < GROUP_MS;
}

function withDays(plain: Timed[], reader: Reader): Entry[] {
  const now = Date.now();
  return plain.flatMap((one, at) => {
    const before = plain[at - 1]?.at;
    // A conversation of today needs no date.
    const needed = before ? !sameDay(before, one.at, reader) : !sameDay(one.at, now, reader);
    return needed ? [{ kind: "day" as const, key: `day-${one.key}`, at: one.at }, one] : [one];
  });
}
