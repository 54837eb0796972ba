/** The timeline: what one ticket's reader sees, kept in order whatever arrives and however often.
 *
 * Pure: every function takes a timeline and returns one. Only `seq == last + 1` is applied; anything further
 * ahead only raises `head`, and `behind` then says that the caller has to catch up.
 */
import type { Message, Note, Side } from "../protocol";

export type PendingState = "sending" | "sent" | "failed";

/** A text of ours that the server has not shown us yet. `seq` is known once it is acknowledged ahead of a gap. */
export interface Pending {
  client_id: string;
  text: string;
  at: string;
  state: PendingState;
  note: boolean;
  seq?: number;
  /** While the server asked us to slow down: when we try again, milliseconds since 1970. */
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

/** True while something is known to exist that has not been applied: time to `catch_up`. */
export function hasGap(timeline: Timeline): boolean {
  return timeline.head > timeline.last || timeline.notesHead > timeline.notesLast;
}

/** The seq from which on older messages are missing on this screen, or 0 when the beginning is here. */
export function missingBefore(timeline: Timeline): number {
  const first = timeline.messages[0]?.seq ?? 1;
  return first > 1 ? first : 0;
}

/** A `hello` or `open_ticket`: joined to what is here when it continues it, taken as it is when it does not. */
export function reset(timeline: Timeline, ticket: string, answer: Snapshot): Timeline {
  if (timeline.ticket === ticket && !contradicts(timeline, answer)) return applyCatchUp(timeline, answer);
  return restart(timeline.ticket === ticket ? timeline : emptyTimeline(timeline.me, ticket), answer);
}

/** An answer to `catch_up`. */
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

/** One message, from an event, an ack or a catch-up: applied once, and only when it is the next. */
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

/** One note: the same rule in its own numbering. */
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

/** Messages older than the first one here; anything that does not join it without a gap is left out. */
export function prependOlder(timeline: Timeline, older: readonly Message[]): Timeline {
  let messages = timeline.messages;
  for (const message of [...older].reverse()) {
    if (message.seq === (messages[0]?.seq ?? 0) - 1) messages = [message, ...messages];
  }
  return { ...timeline, messages };
}

/** Our own text, shown before the server has it. The same client_id again (a reload) adds nothing. */
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

/** The ack is our copy of our own message. Ahead of a gap it waits as `sent` until the catch-up brings it. */
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

/** The ack of a note; `after` is the seq it follows, for us the last we have. */
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

/** Changes the look of a pending text: failed, sending again, waiting until `retryAt`. */
export function updatePending(timeline: Timeline, client_id: string, change: Partial<Pending>): Timeline {
  return {
    ...timeline,
    pending: timeline.pending.map((one) => (one.client_id === client_id ? { ...one, ...change } : one)),
  };
}

/** Takes a pending text away (refused, or moved into the form). */
export function removePending(timeline: Timeline, client_id: string): Timeline {
  return { ...timeline, pending: timeline.pending.filter((one) => one.client_id !== client_id) };
}

/** The server's truth instead of ours (a restored backup): only what was never acknowledged is kept. */
function restart(timeline: Timeline, answer: Snapshot): Timeline {
  const unsent = timeline.pending.filter((one) => one.state !== "sent");
  const fresh = { ...emptyTimeline(timeline.me, timeline.ticket), pending: unsent };
  const { restart: _, ...rest } = answer;
  return applyCatchUp(fresh, rest);
}

/** A first answer may be the last 200 of many: the line begins where it begins. */
function startAtFirstMessage(timeline: Timeline, messages: readonly Message[]): Timeline {
  const first = messages[0];
  return first && timeline.messages.length === 0 ? { ...timeline, last: first.seq - 1 } : timeline;
}

function startAtFirstNote(timeline: Timeline, notes: readonly Note[]): Timeline {
  const first = notes[0];
  return first && timeline.notesLast === 0 ? { ...timeline, notesLast: first.note_seq - 1 } : timeline;
}

/** A head behind ours, or another message under a seq we hold: the server was restored, we may not merge. */
function contradicts(timeline: Timeline, answer: Snapshot): boolean {
  if (answer.head < timeline.last) return true;
  const ours = new Map(timeline.messages.map((one) => [one.seq, one.id]));
  return answer.messages.some((one) => ours.has(one.seq) && ours.get(one.seq) !== one.id);
}

/** Drops pending texts whose acknowledged seq has been applied meanwhile. */
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
