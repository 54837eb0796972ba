/** The log as it is drawn: messages, notes in their place, days and the unread divider; pure. */

import type { Pending, Timeline } from "../../../client/conversation/timeline";
import type { Message, Note } from "../../../client/protocol";

export type Line =
  | { kind: "day"; key: string; at: string }
  | { kind: "unread"; key: string }
  | { kind: "event"; key: string; message: Message }
  | { kind: "note"; key: string; note: Note | Pending }
  | { kind: "text"; key: string; message: Message; first: boolean; last: boolean }
  | { kind: "pending"; key: string; pending: Pending; first: boolean; last: boolean };

const GROUP_MS = 3 * 60_000;

type Spoken = { author: string; at: number } | null;

function spoken(line: Line | undefined): Spoken {
  if (line?.kind === "text") {
    const { kind, id } = line.message.author;
    return { author: `${kind}:${kind === "agent" ? (id ?? "") : ""}`, at: Date.parse(line.message.at) };
  }
  return line?.kind === "pending" ? { author: "agent:", at: Date.parse(line.pending.at) } : null;
}

function together(one: Line | undefined, two: Line | undefined): boolean {
  const [a, b] = [spoken(one), spoken(two)];
  return a !== null && b !== null && a.author === b.author && b.at - a.at < GROUP_MS;
}

/** A group is one author within three minutes: only its first has a name above, only its last a time below. */
function grouped(lines: Line[]): Line[] {
  return lines.map((line, at) => {
    if (line.kind !== "text" && line.kind !== "pending") return line;
    return { ...line, first: !together(lines[at - 1], line), last: !together(line, lines[at + 1]) };
  });
}

function lineOf(message: Message): Line {
  const key = `m${message.seq}`;
  if (message.kind === "event") return { kind: "event", key, message };
  return { kind: "text", key, message, first: true, last: true };
}

/** A note stands after the message it followed; one from before the first line shown stands on top. */
function withNotes(timeline: Timeline): Line[] {
  const notes = [...timeline.notes];
  const lines: Line[] = [];
  const notesUpTo = (seq: number) => {
    while (notes[0] && notes[0].after < seq) {
      const note = notes.shift() as Note;
      lines.push({ kind: "note", key: `n${note.note_seq}`, note });
    }
  };
  for (const message of timeline.messages) {
    notesUpTo(message.seq);
    lines.push(lineOf(message));
  }
  notesUpTo(Number.POSITIVE_INFINITY);
  return lines;
}

function timeOf(line: Line): string | null {
  if (line.kind === "text" || line.kind === "event") return line.message.at;
  if (line.kind === "note") return line.note.at;
  return line.kind === "pending" ? line.pending.at : null;
}

const seqOf = (line: Line): number => (line.kind === "text" || line.kind === "event" ? line.message.seq : 0);

/** `sameDay` in the reader's zone; `unreadFrom` 0 for no divider. */
function withMarks(lines: Line[], unreadFrom: number, sameDay: (a: string, b: string) => boolean): Line[] {
  const marked: Line[] = [];
  let day: string | null = null;
  let divided = unreadFrom === 0;
  for (const line of lines) {
    const at = timeOf(line);
    if (at && (day === null || !sameDay(day, at))) marked.push({ kind: "day", key: `d${at}`, at });
    if (at) day = at;
    if (!divided && seqOf(line) >= unreadFrom) {
      // Above the very first line there is nothing to divide.
      if (marked.length > 1) marked.push({ kind: "unread", key: "unread" });
      divided = true;
    }
    marked.push(line);
  }
  return marked;
}

function pendingLine(pending: Pending): Line {
  const key = `p${pending.client_id}`;
  if (pending.note) return { kind: "note", key, note: pending };
  return { kind: "pending", key, pending, first: true, last: true };
}

export function linesOf(
  timeline: Timeline,
  unreadFrom: number,
  sameDay: (a: string, b: string) => boolean,
): Line[] {
  const all = [...withNotes(timeline), ...timeline.pending.map(pendingLine)];
  return grouped(withMarks(all, unreadFrom, sameDay));
}
