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

export interface Answer {
  messages: readonly Message[];
  head: number;
  notes?: readonly Note[];
  notes_head?: number;
  restart?: boolean;
}

export interface Acked {
  seq: number;
  id: string;
  at: string;
}

export function empty(me: Side, ticket: string | null = null): Timeline {
  return { ticket, me, messages: [], last: 0, head: 0, notes: [], notesLast: 0, notesHead: 0, pending: [] };
}

/** True while something is known to exist that has not been applied: time to `catch_up`. */
export function behind(line: Timeline): boolean {
  return line.head > line.last || line.notesHead > line.notesLast;
}

/** The seq from which on older messages are missing on this screen, or 0 when the beginning is here. */
export function missingBefore(line: Timeline): number {
  const first = line.messages[0]?.seq ?? 1;
  return first > 1 ? first : 0;
}

/** A `hello` or `open_ticket`: joined to what is here when it continues it, taken as it is when it does not. */
export function opened(line: Timeline, ticket: string, answer: Answer): Timeline {
  if (line.ticket === ticket && !contradicts(line, answer)) return caughtUp(line, answer);
  return restarted(line.ticket === ticket ? line : empty(line.me, ticket), answer);
}

/** An answer to `catch_up`. */
export function caughtUp(line: Timeline, answer: Answer): Timeline {
  if (answer.restart) return restarted(line, answer);
  const base = line.last === 0 ? startingAt(line, answer.messages) : line;
  const grown = answer.messages.reduce(posted, base);
  const noted = (answer.notes ?? []).reduce(noteAdded, startingNotesAt(grown, answer.notes ?? []));
  return {
    ...noted,
    head: Math.max(noted.head, answer.head),
    notesHead: Math.max(noted.notesHead, answer.notes_head ?? 0),
  };
}

/** One message, from an event, an ack or a catch-up: applied once, and only when it is the next. */
export function posted(line: Timeline, message: Message): Timeline {
  const head = Math.max(line.head, message.seq);
  if (message.seq !== line.last + 1) return head === line.head ? line : { ...line, head };
  return settle({
    ...line,
    head,
    last: message.seq,
    messages: [...line.messages, message],
    pending: line.pending.filter((one) => one.note || !isCopyOf(line, message, one)),
  });
}

/** One note: the same rule in its own numbering. */
export function noteAdded(line: Timeline, note: Note): Timeline {
  const notesHead = Math.max(line.notesHead, note.note_seq);
  if (note.note_seq !== line.notesLast + 1)
    return notesHead === line.notesHead ? line : { ...line, notesHead };
  return settle({
    ...line,
    notesHead,
    notesLast: note.note_seq,
    notes: [...line.notes, note],
    pending: line.pending.filter((one) => !one.note || one.client_id !== note.client_id),
  });
}

/** Messages older than the first one here; anything that does not join it without a gap is left out. */
export function prepended(line: Timeline, older: readonly Message[]): Timeline {
  let messages = line.messages;
  for (const message of [...older].reverse()) {
    if (message.seq === (messages[0]?.seq ?? 0) - 1) messages = [message, ...messages];
  }
  return { ...line, messages };
}

/** Our own text, shown before the server has it. The same client_id again (a reload) adds nothing. */
export function written(
  line: Timeline,
  draft: { client_id: string; text: string; at: string; note?: boolean },
): Timeline {
  const { client_id, text, at, note = false } = draft;
  const known =
    line.pending.some((one) => one.client_id === client_id) ||
    line.messages.some((one) => one.client_id === client_id && one.author.kind === line.me);
  return known
    ? line
    : { ...line, pending: [...line.pending, { client_id, text, at, note, state: "sending" }] };
}

/** The ack is our copy of our own message. Ahead of a gap it waits as `sent` until the catch-up brings it. */
export function acked(line: Timeline, client_id: string, ack: Acked): Timeline {
  const own = line.pending.find((one) => one.client_id === client_id && !one.note);
  if (!own) return line.head >= ack.seq ? line : { ...line, head: ack.seq };
  if (ack.seq <= line.last) return forgotten(line, client_id);
  if (ack.seq === line.last + 1) return posted(line, messageOf(line, own, ack));
  return { ...changed(line, client_id, { state: "sent", seq: ack.seq }), head: Math.max(line.head, ack.seq) };
}

/** The ack of a note; `after` is the seq it follows, for us the last we have. */
export function noteAcked(
  line: Timeline,
  client_id: string,
  ack: { note_seq: number; id: string; at: string },
): Timeline {
  const own = line.pending.find((one) => one.client_id === client_id && one.note);
  if (!own) return line.notesHead >= ack.note_seq ? line : { ...line, notesHead: ack.note_seq };
  if (ack.note_seq <= line.notesLast) return forgotten(line, client_id);
  if (ack.note_seq > line.notesLast + 1) {
    return {
      ...changed(line, client_id, { state: "sent" }),
      notesHead: Math.max(line.notesHead, ack.note_seq),
    };
  }
  const { id, at, note_seq } = ack;
  const author = { kind: line.me, name: null };
  const note = {
    ticket: line.ticket ?? "",
    note_seq,
    after: line.last,
    id,
    client_id,
    author,
    text: own.text,
    at,
  };
  return noteAdded(line, note);
}

/** Changes the look of a pending text: failed, sending again, waiting until `retryAt`. */
export function changed(line: Timeline, client_id: string, change: Partial<Pending>): Timeline {
  return {
    ...line,
    pending: line.pending.map((one) => (one.client_id === client_id ? { ...one, ...change } : one)),
  };
}

/** Takes a pending text away (refused, or moved into the form). */
export function forgotten(line: Timeline, client_id: string): Timeline {
  return { ...line, pending: line.pending.filter((one) => one.client_id !== client_id) };
}

/** The server's truth instead of ours (a restored backup): only what was never acknowledged is kept. */
function restarted(line: Timeline, answer: Answer): Timeline {
  const unsent = line.pending.filter((one) => one.state !== "sent");
  const fresh = { ...empty(line.me, line.ticket), pending: unsent };
  const { restart: _, ...rest } = answer;
  return caughtUp(fresh, rest);
}

/** A first answer may be the last 200 of many: the line begins where it begins. */
function startingAt(line: Timeline, messages: readonly Message[]): Timeline {
  const first = messages[0];
  return first && line.messages.length === 0 ? { ...line, last: first.seq - 1 } : line;
}

function startingNotesAt(line: Timeline, notes: readonly Note[]): Timeline {
  const first = notes[0];
  return first && line.notesLast === 0 ? { ...line, notesLast: first.note_seq - 1 } : line;
}

/** A head behind ours, or another message under a seq we hold: the server was restored, we may not merge. */
function contradicts(line: Timeline, answer: Answer): boolean {
  if (answer.head < line.last) return true;
  const ours = new Map(line.messages.map((one) => [one.seq, one.id]));
  return answer.messages.some((one) => ours.has(one.seq) && ours.get(one.seq) !== one.id);
}

/** Drops pending texts whose acknowledged seq has been applied meanwhile. */
function settle(line: Timeline): Timeline {
  const open = line.pending.filter((one) => one.seq === undefined || one.seq > line.last);
  return open.length === line.pending.length ? line : { ...line, pending: open };
}

function isCopyOf(line: Timeline, message: Message, own: Pending): boolean {
  return message.client_id === own.client_id && message.author.kind === line.me;
}

function messageOf(line: Timeline, own: Pending, ack: Acked): Message {
  return {
    ticket: line.ticket ?? "",
    seq: ack.seq,
    id: ack.id,
    client_id: own.client_id,
    kind: "text",
    author: { kind: line.me, name: null },
    text: own.text,
    files: [],
    at: ack.at,
  };
}
