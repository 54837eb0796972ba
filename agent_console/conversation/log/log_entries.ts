/** What the console's log shows of a timeline: also the notes and the unread divider. Pure. */

import type { AgentTimeline } from "../../../client/conversation/agent_timeline";
import {
  type DayEntry,
  type EventEntry,
  messageEntry,
  pendingEntry,
  type TextEntry,
  type UngroupedText,
  withDays,
  withGroups,
} from "../../../client/conversation/log_entries";
import { missingBefore, type Pending } from "../../../client/conversation/timeline";
import type { Note } from "../../../client/protocol/agent";

interface NoteEntry {
  kind: "note";
  key: string;
  at: string;
  note: Note | Pending;
}

interface UnreadDivider {
  kind: "unread";
  key: string;
}

type UngroupedEntry = UngroupedText | EventEntry | DayEntry | NoteEntry | UnreadDivider;

export type LogEntry = Exclude<UngroupedEntry, UngroupedText> | TextEntry;

/** `sameDay` in the agent's time zone; `unreadFrom` is the first unread seq, 0 for no divider. */
export function logEntries(
  timeline: AgentTimeline,
  unreadFrom: number,
  sameDay: (a: string | number, b: string) => boolean,
): LogEntry[] {
  const pending = timeline.pending.map((one) => (one.note ? noteEntry(one) : pendingEntry(one)));
  const days = withDays([...withNotes(timeline), ...pending], sameDay);
  return withGroups(withUnreadDivider(days, unreadFrom));
}

/** Puts each note behind the message that it follows. While that message is not loaded, the note is not shown. */
function withNotes(timeline: AgentTimeline) {
  const { me, messages } = timeline;
  const from = missingBefore(timeline);
  const notes = timeline.notes.filter(({ after }) => after >= from);
  const before = (from: number, to: number) =>
    notes.filter(({ after }) => after >= from && after < to).map(noteEntry);
  const stored = messages.flatMap((message, index) => [
    ...before(messages[index - 1]?.seq ?? Number.NEGATIVE_INFINITY, message.seq),
    messageEntry(message, me),
  ]);
  return [...stored, ...before(messages.at(-1)?.seq ?? Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)];
}

function noteEntry(note: Note | Pending): NoteEntry {
  return { kind: "note", key: "note_seq" in note ? `n${note.note_seq}` : note.client_id, at: note.at, note };
}

function withUnreadDivider(entries: readonly UngroupedEntry[], unreadFrom: number): UngroupedEntry[] {
  const at = unreadFrom ? entries.findIndex((entry) => seqOf(entry) >= unreadFrom) : -1;
  // Above the first text there is only its day: nothing to divide.
  return at > 1 ? entries.toSpliced(at, 0, { kind: "unread", key: "unread" }) : [...entries];
}

function seqOf(entry: UngroupedEntry): number {
  if (entry.kind === "event") return entry.message.seq;
  return entry.kind === "text" ? entry.seq : 0;
}
