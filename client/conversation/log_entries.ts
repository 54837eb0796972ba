/** What a log shows of a timeline: texts in groups, events, days. The widget and the console add their own kinds. */
import type { Author, Message } from "../protocol/shared";
import type { Side } from "../protocol/vocabulary";
import type { Pending, PendingState } from "./timeline";

const GROUP_MS = 3 * 60_000;

/** A text before `withGroups` has marked its place in its group. */
export interface UngroupedText {
  kind: "text";
  key: string;
  at: string;
  text: string;
  /** Written on our side. */
  own: boolean;
  /** Null: our own text that is not stored yet. */
  author: Author | null;
  /** 0 for a text that is not stored yet. */
  seq: number;
  state: PendingState | "read";
  retryAt?: number;
}

export interface TextEntry extends UngroupedText {
  /** The name stands above the first text of a group, the time below the last. */
  first: boolean;
  last: boolean;
}

export interface EventEntry {
  kind: "event";
  key: string;
  at: string;
  message: Message;
}

export interface DayEntry {
  kind: "day";
  key: string;
  at: string;
}

/** `readSeq`: the highest seq that the other side has read. */
export function messageEntry(message: Message, me: Side, readSeq = 0): UngroupedText | EventEntry {
  const { kind, seq, at, author, text, client_id } = message;
  const own = author.kind === me;
  // A stored text keeps the key of its pending copy, so that its bubble stays and only its state changes.
  const key = own && client_id ? client_id : `m${seq}`;
  if (kind === "event") return { kind, key, at, message };
  const state = own && seq <= readSeq ? "read" : "sent";
  return { kind, key, at, text, own, author, seq, state };
}

export function pendingEntry({ client_id: key, at, text, state, retryAt }: Pending): UngroupedText {
  return { kind: "text", key, at, text, own: true, author: null, seq: 0, state, retryAt };
}

/** Puts a day entry where a new day begins. Above the first entry there is none if that is `today`. */
export function withDays<E extends { key: string; at: string }>(
  entries: readonly E[],
  sameDay: (a: string | number, b: string) => boolean,
  today?: number,
): (E | DayEntry)[] {
  return entries.flatMap((entry, index) => {
    const { key, at } = entry;
    const before = entries[index - 1]?.at ?? today;
    return before && sameDay(before, at) ? [entry] : [{ kind: "day" as const, key: `day-${key}`, at }, entry];
  });
}

/** Marks the first and last text of each group: one author and one state within three minutes, nothing in between. */
export function withGroups<E extends { kind: string }>(
  entries: readonly (E | UngroupedText)[],
): (Exclude<E, UngroupedText> | TextEntry)[] {
  return entries.map((entry, index) => {
    if (!isText(entry)) return entry as Exclude<E, UngroupedText>;
    return {
      ...entry,
      first: !inOneGroup(entries[index - 1], entry),
      last: !inOneGroup(entry, entries[index + 1]),
    };
  });
}

const isText = (entry: { kind: string } | undefined): entry is UngroupedText => entry?.kind === "text";

function inOneGroup(one: { kind: string } | undefined, next: { kind: string } | undefined): boolean {
  if (!isText(one) || !isText(next) || authorOf(one) !== authorOf(next)) return false;
  // A failed text stands alone with its retry button; a state that differs must be seen.
  const sameState = one.state === next.state && one.retryAt === next.retryAt && one.state !== "failed";
  return sameState && Date.parse(next.at) - Date.parse(one.at) < GROUP_MS;
}

const authorOf = ({ own, author }: UngroupedText): string => `${own} ${author?.id ?? ""}`;
