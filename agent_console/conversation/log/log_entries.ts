/** The log as it is drawn: messages, notes in their place, days and the unread divider; pure. */

import type { Pending, Timeline } from "../../../client/conversation/timeline";
import type { Message, Note } from "../../../client/protocol";

export type LogEntry =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string }
  | { kind: "event"; key: string; message: Message }
  | { kind: "note"; key: string; note: Note | Pending }
  | { kind: "text"; key: string; message: Message; first: boolean; last: boolean }
  | { kind: "pending"; key: string; pending: Pending; first: boolean; last: boolean };

const GROUP_MS = 3 * 60_000;

type AuthorAndTime = { author: string; at: number } | null;

function authorAndTime(entry: LogEntry | undefined): AuthorAndTime {
  if (entry?.kind === "text") {
    const { kind, id } = entry.message.author;
    return { author: `${kind}:${kind === "agent" ? (id ?? "") : ""}`, at: Date.parse(entry.message.at) };
  }
  return entry?.kind === "pending" ? { author: "agent:", at: Date.parse(entry.pending.at) } : null;
}

function together(one: LogEntry | undefined, two: LogEntry | undefined): boolean {
  const [a, b] = [authorAndTime(one), authorAndTime(two)];
  return a !== null && b !== null && a.author === b.author && b.at - a.at < GROUP_MS;
}

/** A group is one author within three minutes: only its first has a name above, only its last a time below. */
function grouped(entries: LogEntry[]): LogEntry[] {
  return entries.map((entry, at) => {
    if (entry.kind !== "text" && entry.kind !== "pending") return entry;
    return { ...entry, first: !together(entries[at - 1], entry), last: !together(entry, entries[at + 1]) };
  });
}

function messageEntry(message: Message): LogEntry {
  const key = `m${message.seq}`;
  if (message.kind === "event") return { kind: "event", key, message };
  return { kind: "text", key, message, first: true, last: true };
}

/** A note stands after the message it followed; one from before the first line shown stands on top. */
function withNotes(timeline: Timeline): LogEntry[] {
  const notes = [...timeline.notes];
  const entries: LogEntry[] = [];
  const notesUpTo = (seq: number) => {
    while (notes[0] && notes[0].after < seq) {
      const note = notes.shift() as Note;
      entries.push({ kind: "note", key: `n${note.note_seq}`, note });
    }
  };
  for (const message of timeline.messages) {
    notesUpTo(message.seq);
    entries.push(messageEntry(message));
  }
  notesUpTo(Number.POSITIVE_INFINITY);
  return entries;
}

function timeOf(entry: LogEntry): string | null {
  if (entry.kind === "text" || entry.kind === "event") return entry.message.at;
  if (entry.kind === "note") return entry.note.at;
  return entry.kind === "pending" ? entry.pending.at : null;
}

const seqOf = (entry: LogEntry): number =>
  entry.kind === "text" || entry.kind === "event" ? entry.message.seq : 0;

/** `sameDay` in the reader's zone; `unreadFrom` 0 for no divider. */
function withMarks(
  entries: LogEntry[],
  unreadFrom: number,
  sameDay: (a: string, b: string) => boolean,
): LogEntry[] {
  const marked: LogEntry[] = [];
  let day: string | null = null;
  let divided = unreadFrom === 0;
  for (const entry of entries) {
    const at = timeOf(entry);
    if (at && (day === null || !sameDay(day, at))) marked.push({ kind: "day", key: `d${at}`, at });
    if (at) day = at;
    if (!divided && seqOf(entry) >= unreadFrom) {
      // Above the very first line there is nothing to divide.
      if (marked.length > 1) marked.push({ kind: "unread", key: "unread" });
      divided = true;
    }
    marked.push(entry);
  }
  return marked;
}

function pendingEntry(pending: Pending): LogEntry {
  const key = `p${pending.client_id}`;
  if (pending.note) return { kind: "note", key, note: pending };
  return { kind: "pending", key, pending, first: true, last: true };
}

export function logEntries(
  timeline: Timeline,
  unreadFrom: number,
  sameDay: (a: string, b: string) => boolean,
): LogEntry[] {
  const all = [...withNotes(timeline), ...timeline.pending.map(pendingEntry)];
  return grouped(withMarks(all, unreadFrom, sameDay));
}
