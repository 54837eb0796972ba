/**
 * The timeline of one ticket: its messages in order, whatever arrives and however often.
 *
 * Every function is pure: it takes a timeline and returns one. Only the message with `seq == last + 1` is applied.
 * One further ahead only raises `head`; then `hasGap` is true and the caller catches up.
 */
import type { Message } from "../protocol/shared";
import type { Side } from "../protocol/vocabulary";

export type PendingState = "sending" | "sent" | "failed";

/** A text of ours that is not in the timeline yet. `seq` is set if its ack came ahead of a gap. */
export interface Pending {
  client_id: string;
  text: string;
  at: string;
  state: PendingState;
  /** A note of the console: see agent_timeline.ts. */
  note?: boolean;
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
  readonly pending: readonly Pending[];
}

export interface Snapshot {
  messages: readonly Message[];
  head: number;
  restart?: boolean;
}

export interface AckedMessage {
  seq: number;
  id: string;
  at: string;
}

export function emptyTimeline(me: Side, ticket: string | null = null): Timeline {
  return { ticket, me, messages: [], last: 0, head: 0, pending: [] };
}

/** True if the server has messages that are not applied yet: send `catch_up`. */
export function hasGap(timeline: Timeline): boolean {
  return timeline.head > timeline.last;
}

/** The seq of the first message here if older ones are missing; 0 if the first message of the ticket is here. */
export function missingBefore(timeline: Timeline): number {
  const first = timeline.messages[0]?.seq ?? 1;
  return first > 1 ? first : 0;
}

/** Applies the ack of `hello` or `open_ticket`: adds it to the same ticket's timeline, or replaces the timeline. */
export function reset<T extends Timeline>(timeline: T, ticket: string, answer: Snapshot): T {
  const same = timeline.ticket === ticket ? timeline : { ...timeline, ...emptyTimeline(timeline.me, ticket) };
  return contradicts(same, answer) ? restart(same, answer) : applyCatchUp(same, answer);
}

/** Applies the ack of `catch_up`. */
export function applyCatchUp<T extends Timeline>(timeline: T, answer: Snapshot): T {
  if (answer.restart) return restart(timeline, answer);
  const base = timeline.last === 0 ? startAtFirstMessage(timeline, answer.messages) : timeline;
  const grown = answer.messages.reduce<T>(applyMessage, base);
  return { ...grown, head: Math.max(grown.head, answer.head) };
}

/** Applies one message of an event, an ack or a catch-up: once, and only if it is the next. */
export function applyMessage<T extends Timeline>(timeline: T, message: Message): T {
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

/** Adds messages that are older than the first one here. One that would leave a gap is ignored. */
export function prependOlder<T extends Timeline>(timeline: T, older: readonly Message[]): T {
  let messages = timeline.messages;
  for (const message of [...older].reverse()) {
    if (message.seq === (messages[0]?.seq ?? 0) - 1) messages = [message, ...messages];
  }
  return { ...timeline, messages };
}

/** Adds our own text before the server has it. Adding the same client_id again changes nothing. */
export function addPending<T extends Timeline>(timeline: T, draft: Omit<Pending, "state">): T {
  const { client_id } = draft;
  const exists =
    timeline.pending.some((one) => one.client_id === client_id) ||
    timeline.messages.some((one) => one.client_id === client_id && one.author.kind === timeline.me);
  return exists ? timeline : { ...timeline, pending: [...timeline.pending, { ...draft, state: "sending" }] };
}

/** Applies the ack of our message: the ack is our copy of it. Ahead of a gap the text stays pending as `sent`. */
export function applyAck<T extends Timeline>(timeline: T, client_id: string, ack: AckedMessage): T {
  const own = timeline.pending.find((one) => one.client_id === client_id && !one.note);
  if (!own) return timeline.head >= ack.seq ? timeline : { ...timeline, head: ack.seq };
  if (ack.seq <= timeline.last) return removePending(timeline, client_id);
  if (ack.seq === timeline.last + 1) return applyMessage(timeline, messageOf(timeline, own, ack));
  return {
    ...updatePending(timeline, client_id, { state: "sent", seq: ack.seq }),
    head: Math.max(timeline.head, ack.seq),
  };
}

/** Changes a pending text: failed, sending again, waiting until `retryAt`. */
export function updatePending<T extends Timeline>(
  timeline: T,
  client_id: string,
  change: Partial<Pending>,
): T {
  return {
    ...timeline,
    pending: timeline.pending.map((one) => (one.client_id === client_id ? { ...one, ...change } : one)),
  };
}

/** Removes a pending text that was refused or moved into the form. */
export function removePending<T extends Timeline>(timeline: T, client_id: string): T {
  return { ...timeline, pending: timeline.pending.filter((one) => one.client_id !== client_id) };
}

/**
 * Replaces our state by the server's, for example after a restored backup. Texts that were never acknowledged stay.
 */
function restart<T extends Timeline>(timeline: T, answer: Snapshot): T {
  const pending = timeline.pending.filter((one) => one.state !== "sent");
  const { restart: _, ...rest } = answer;
  return applyCatchUp({ ...timeline, ...emptyTimeline(timeline.me, timeline.ticket), pending }, rest);
}

/** The first answer may hold only the last 200 messages: then the timeline starts at the first of them. */
function startAtFirstMessage<T extends Timeline>(timeline: T, messages: readonly Message[]): T {
  const first = messages[0];
  return first && timeline.messages.length === 0 ? { ...timeline, last: first.seq - 1 } : timeline;
}

/**
 * True if the server has less than we have, or another message under one of our seqs: it was restored from a backup.
 */
export function contradicts(timeline: Timeline, answer: Snapshot): boolean {
  if (answer.head < timeline.last) return true;
  const ours = new Map(timeline.messages.map((one) => [one.seq, one.id]));
  return answer.messages.some((one) => ours.has(one.seq) && ours.get(one.seq) !== one.id);
}

/** Removes pending texts whose acknowledged seq has been applied. */
function dropApplied<T extends Timeline>(timeline: T): T {
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
