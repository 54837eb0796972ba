/**
 * The timeline of an agent: a timeline with notes. Notes have their own numbers. The widget does not import this file.
 */
import type { Note } from "../protocol/agent";
import {
  applyCatchUp,
  contradicts,
  emptyTimeline,
  hasGap,
  missingBefore,
  prependOlder,
  removePending,
  reset,
  type Snapshot,
  type Timeline,
  updatePending,
} from "./timeline";

export interface AgentTimeline extends Timeline {
  readonly notes: readonly Note[];
  readonly notesLast: number;
  readonly notesHead: number;
}

export interface AgentSnapshot extends Snapshot {
  notes: readonly Note[];
  notes_head: number;
}

/** The last page before a number begins behind the number before this many. */
const PAGE = 200;

interface NoteAck {
  note_seq: number;
  id: string;
  at: string;
}

const NO_NOTES = { notes: [], notesLast: 0, notesHead: 0 } as const;

export function emptyAgentTimeline(ticket: string | null = null): AgentTimeline {
  return { ...emptyTimeline("agent", ticket), ...NO_NOTES };
}

/** True if the server has messages or notes that are not applied yet: send `catch_up`. */
export function hasAgentGap(timeline: AgentTimeline): boolean {
  return hasGap(timeline) || timeline.notesHead > timeline.notesLast;
}

/** Applies the ack of `open_ticket`: adds it to the same ticket's timeline, or replaces the timeline. */
export function resetAgent(timeline: AgentTimeline, ticket: string, answer: AgentSnapshot): AgentTimeline {
  const continues = timeline.ticket === ticket && !contradicts(timeline, answer);
  return applyNotes(reset(continues ? timeline : { ...timeline, ...NO_NOTES }, ticket, answer), answer);
}

/** Applies the ack of `catch_up`. */
export function applyAgentCatchUp(timeline: AgentTimeline, answer: AgentSnapshot): AgentTimeline {
  return applyNotes(applyCatchUp(answer.restart ? { ...timeline, ...NO_NOTES } : timeline, answer), answer);
}

/** Applies one note: once, and only if it is the next. */
export function applyNote(timeline: AgentTimeline, note: Note): AgentTimeline {
  const notesHead = Math.max(timeline.notesHead, note.note_seq);
  if (note.note_seq !== timeline.notesLast + 1)
    return notesHead === timeline.notesHead ? timeline : { ...timeline, notesHead };
  return {
    ...timeline,
    notesHead,
    notesLast: note.note_seq,
    notes: [...timeline.notes, note],
    pending: timeline.pending.filter((one) => !one.note || one.client_id !== note.client_id),
  };
}

/** Applies the ack of our note. The note follows the last message that we have. */
export function applyNoteAck(timeline: AgentTimeline, client_id: string, ack: NoteAck): AgentTimeline {
  const { note_seq } = ack;
  const own = timeline.pending.find((one) => one.client_id === client_id && one.note);
  if (!own) return { ...timeline, notesHead: Math.max(timeline.notesHead, note_seq) };
  if (note_seq <= timeline.notesLast) return removePending(timeline, client_id);
  if (note_seq > timeline.notesLast + 1) {
    const notesHead = Math.max(timeline.notesHead, note_seq);
    return { ...updatePending(timeline, client_id, { state: "sent" }), notesHead };
  }
  const author = { kind: timeline.me, name: null };
  const ticket = timeline.ticket ?? "";
  return applyNote(timeline, { ...ack, ticket, after: timeline.last, client_id, author, text: own.text });
}

/** True if the ticket has messages or notes before the first ones here. */
export function hasOlder(timeline: AgentTimeline): boolean {
  return missingBefore(timeline) > 0 || missingNotesBefore(timeline) > 0;
}

/** True if notes are missing that stand among the messages here. */
export function lacksNotes(timeline: AgentTimeline): boolean {
  return missingNotesBefore(timeline) > 0 && (timeline.notes[0]?.after ?? 0) >= missingBefore(timeline);
}

/** The cursors of `catch_up` for the page before the first message, or before the first note if notes are missing. */
export function olderCursors(timeline: AgentTimeline): { after: number; notes_after: number } {
  const before = (first: number) => Math.max(0, first - PAGE - 1);
  return lacksNotes(timeline)
    ? { after: timeline.last, notes_after: before(missingNotesBefore(timeline)) }
    : { after: before(missingBefore(timeline)), notes_after: timeline.notesLast };
}

/** Adds the page that `olderCursors` asked for. A message or note that would leave a gap is ignored. */
export function prependAgentOlder(
  timeline: AgentTimeline,
  { messages, notes }: AgentSnapshot,
): AgentTimeline {
  const first = missingNotesBefore(timeline);
  const older = notes.filter(({ note_seq }) => note_seq < first);
  const joins = older.at(-1)?.note_seq === first - 1;
  const all = joins ? [...older, ...timeline.notes] : timeline.notes;
  return { ...prependOlder(timeline, messages), notes: all };
}

/** The number of the first note here if older ones are missing; else 0. */
function missingNotesBefore({ notes }: AgentTimeline): number {
  const first = notes[0]?.note_seq ?? 1;
  return first > 1 ? first : 0;
}

function applyNotes(timeline: AgentTimeline, { notes, notes_head }: AgentSnapshot): AgentTimeline {
  const first = notes[0];
  const base = first && timeline.notesLast === 0 ? { ...timeline, notesLast: first.note_seq - 1 } : timeline;
  const grown = notes.reduce(applyNote, base);
  return { ...grown, notesHead: Math.max(grown.notesHead, notes_head) };
}
