/**
 * The timeline of one ticket: its messages in order, whatever arrives and however often.
 *
 * Every function is pure: it takes a timeline and returns one. Only the message with `seq == last + 1` is applied.
 * One further ahead only raises `head`; then `hasGap` is true and the caller catches up.
 */
import type { Message, Note, Side } from "../protocol";

export type PendingState = "sending" | "sent" | "failed";

/** A text of ours that is not in the timeline yet. `seq` is set if its ack came ahead of a gap. */
export interface Pending {
  client_id: string;
  text: string;
  at: string;
  state: PendingState;
  note: boolean;
  seq?: number;
  /** When the outbox sends it again after the server asked for a pause, in milliseconds since 1970. */
  retryAt?: number;
}

export interface Timeline {
  readonly ticket: string | null;
  readonly me: Side;
  readonly messages: readonly Message[];
  readonly last: number;
  readonly head: number;
  readonly notes: readonly Note[];
  readonly notesLast: number;
  readonly notesHead: number;
  readonly pending: readonly Pending[];
}

export interface Snapshot {
  messages: readonly Message[];
  head: number;
  notes?: readonly Note[];
  notes_head?: number;
  restart?: boolean;
}

export interface AckedMessage {
  seq: number;
  id: string;
  at: string;
}

export function emptyTimeline(me: Side, ticket: string | null = null): Timeline {
  return { ticket, me, messages: [], last: 0, head: 0, notes: [], notesLast: 0, notesHead: 0, pending: [] };
}

/** True if the server has messages or notes that are not applied yet: send `catch_up`. */
export function hasGap(timeline: Timeline): boolean {
  return timeline.head > timeline.last || timeline.notesHead > timeline.notesLast;
}

/** The seq of the first message here if older ones are missing; 0 if the first message of the ticket is here. */
export function missingBefore(timeline: Timeline): number {
  const first = timeline.messages[0]?.seq ?? 1;
  return first > 1 ? first : 0;
}

/** Applies the ack of `hello` or `open_ticket`: adds it to the same ticket's timeline, or replaces the timeline. */
export function reset(timeline: Timeline, ticket: string, answer: Snapshot): Timeline {
  if (timeline.ticket === ticket && !contradicts(timeline, answer)) return applyCatchUp(timeline, answer);
  return restart(timeline.ticket === ticket ? timeline : emptyTimeline(timeline.me, ticket), answer);
}

/** Applies the ack of `catch_up`. */
export function applyCatchUp(timeline: Timeline, answer: Snapshot): Timeline {
  if (answer.restart) return restart(timeline, answer);
  const base = timeline.last === 0 ? startAtFirstMessage(timeline, answer.messages) : timeline;
  const grown = answer.messages.reduce(applyMessage, base);
  const noted = (answer.notes ?? []).reduce(applyNote, startAtFirstNote(grown, answer.notes ?? []));
  return {
    ...noted,
    head: Math.max(noted.head, answer.head),
    notesHead: Math.max(noted.notesHead, answer.notes_head ?? 0),
  };
}

/** Applies one message of an event, an ack or a catch-up: once, and only if it is the next. */
export function applyMessage(timeline: Timeline, message: Message): Timeline {
  const head = Math.max(timeline.head, message.seq);
  if (message.seq !== timeline.last + 1) return head === timeline.head ? timeline : { ...timeline, head };
  return dropApplied({
    ...timeline,
    head,
    last: message.seq,
    messages: [...timeline.messages, message],
    pending: timeline.pending.filter((one) => one.note || !isCopyOf(timeline, message, one)),
  });
}

/** Applies one note by the same rule; notes have their own numbers. */
export function applyNote(timeline: Timeline, note: Note): Timeline {
  const notesHead = Math.max(timeline.notesHead, note.note_seq);
  if (note.note_seq !== timeline.notesLast + 1)
    return notesHead === timeline.notesHead ? timeline : { ...timeline, notesHead };
  return dropApplied({
    ...timeline,
    notesHead,
    notesLast: note.note_seq,
    notes: [...timeline.notes, note],
    pending: timeline.pending.filter((one) => !one.note || one.client_id !== note.client_id),
  });
}

/** Adds messages that are older than the first one here. One that would leave a gap is ignored. */
export function prependOlder(timeline: Timeline, older: readonly Message[]): Timeline {
  let messages = timeline.messages;
  for (const message of [...older].reverse()) {
    if (message.seq === (messages[0]?.seq ?? 0) - 1) messages = [message, ...messages];
  }
  return { ...timeline, messages };
}

/** Adds our own text before the server has it. Adding the same client_id again changes nothing. */
export function addPending(
  timeline: Timeline,
  draft: { client_id: string; text: string; at: string; note?: boolean },
): Timeline {
  const { client_id, text, at, note = false } = draft;
  const exists =
    timeline.pending.some((one) => one.client_id === client_id) ||
    timeline.messages.some((one) => one.client_id === client_id && one.author.kind === timeline.me);
  return exists
    ? timeline
    : { ...timeline, pending: [...timeline.pending, { client_id, text, at, note, state: "sending" }] };
}

/** Applies the ack of our message: the ack is our copy of it. Ahead of a gap the text stays pending as `sent`. */
export function applyAck(timeline: Timeline, client_id: string, ack: AckedMessage): Timeline {
  const own = timeline.pending.find((one) => one.client_id === client_id && !one.note);
  if (!own) return timeline.head >= ack.seq ? timeline : { ...timeline, head: ack.seq };
  if (ack.seq <= timeline.last) return removePending(timeline, client_id);
  if (ack.seq === timeline.last + 1) return applyMessage(timeline, messageOf(timeline, own, ack));
  return {
    ...updatePending(timeline, client_id, { state: "sent", seq: ack.seq }),
    head: Math.max(timeline.head, ack.seq),
  };
}

/** Applies the ack of a note. `after` is the seq that the note follows: for our own note, our last one. */
export function applyNoteAck(
  timeline: Timeline,
  client_id: string,
  ack: { note_seq: number; id: string; at: string },
): Timeline {
  const own = timeline.pending.find((one) => one.client_id === client_id && one.note);
  if (!own) return timeline.notesHead >= ack.note_seq ? timeline : { ...timeline, notesHead: ack.note_seq };
  if (ack.note_seq <= timeline.notesLast) return removePending(timeline, client_id);
  if (ack.note_seq > timeline.notesLast + 1) {
    return {
      ...updatePending(timeline, client_id, { state: "sent" }),
      notesHead: Math.max(timeline.notesHead, ack.note_seq),
    };
  }
  const { id, at, note_seq } = ack;
  const author = { kind: timeline.me, name: null };
  const note = {
    ticket: timeline.ticket ?? "",
    note_seq,
    after: timeline.last,
    id,
    client_id,
    author,
    text: own.text,
    at,
  };
  return applyNote(timeline, note);
}

/** Changes a pending text: failed, sending again, waiting until `retryAt`. */
export function updatePending(timeline: Timeline, client_id: string, change: Partial<Pending>): Timeline {
  return {
    ...timeline,
    pending: timeline.pending.map((one) => (one.client_id === client_id ? { ...one, ...change } : one)),
  };
}

/** Removes a pending text that was refused or moved into the form. */
export function removePending(timeline: Timeline, client_id: string): Timeline {
  return { ...timeline, pending: timeline.pending.filter((one) => one.client_id !== client_id) };
}

/**
 * Replaces our state by the server's, for example after a restored backup. Texts that were never acknowledged stay.
 */
function restart(timeline: Timeline, answer: Snapshot): Timeline {
  const unsent = timeline.pending.filter((one) => one.state !== "sent");
  const fresh = { ...emptyTimeline(timeline.me, timeline.ticket), pending: unsent };
  const { restart: _, ...rest } = answer;
  return applyCatchUp(fresh, rest);
}

/** The first answer may hold only the last 200 messages: then the timeline starts at the first of them. */
function startAtFirstMessage(timeline: Timeline, messages: readonly Message[]): Timeline {
  const first = messages[0];
  return first && timeline.messages.length === 0 ? { ...timeline, last: first.seq - 1 } : timeline;
}

function startAtFirstNote(timeline: Timeline, notes: readonly Note[]): Timeline {
  const first = notes[0];
  return first && timeline.notesLast === 0 ? { ...timeline, notesLast: first.note_seq - 1 } : timeline;
}

/**
 * True if the server has less than we have, or another message under one of our seqs: it was restored from a backup.
 */
function contradicts(timeline: Timeline, answer: Snapshot): boolean {
  if (answer.head < timeline.last) return true;
  const ours = new Map(timeline.messages.map((one) => [one.seq, one.id]));
  return answer.messages.some((one) => ours.has(one.seq) && ours.get(one.seq) !== one.id);
}

/** Removes pending texts whose acknowledged seq has been applied. */
function dropApplied(timeline: Timeline): Timeline {
  const open = timeline.pending.filter((one) => one.seq === undefined || one.seq > timeline.last);
  return open.length === timeline.pending.length ? timeline : { ...timeline, pending: open };
}

function isCopyOf(timeline: Timeline, message: Message, own: Pending): boolean {
  return message.client_id === own.client_id && message.author.kind === timeline.me;
}

function messageOf(timeline: Timeline, own: Pending, ack: AckedMessage): Message {
  return {
    ticket: timeline.ticket ?? "",
    seq: ack.seq,
    id: ack.id,
    client_id: own.client_id,
    kind: "text",
    author: { kind: timeline.me, name: null },
    text: own.text,
    files: [],
    at: ack.at,
  };
}
