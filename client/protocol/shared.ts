/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */
import type { AuthorKind, Channel, ErrorCode, Mode, ServiceState, Side, Status } from "./vocabulary";

/** Who wrote a message; `id` only for agents; a visitor without a name has `name` null. */
export interface Author {
  kind: AuthorKind;
  name: string | null;
  id?: string;
}

/** An event of a ticket: a name and arguments, put into words by each reader's language. */
export interface TicketEvent {
  name: string;
  args: Record<string, string>;
}

/** A line that the visitor of the ticket may see. `event` only for kind "event", whose `text` is empty. */
export interface Message {
  ticket: string;
  seq: number;
  id: string;
  client_id: string | null;
  kind: "text" | "event";
  author: Author;
  text: string;
  at: string;
  event?: TicketEvent;
  files: string[];
}

/** The agent of a ticket as its visitor sees them. */
export interface Person {
  id: string;
  name: string;
  photo: string | null;
}

/** A waiting chat's place, from 1; `wait_s` whole seconds, null until enough chats have been measured. */
export interface Queue {
  position: number;
  wait_s: number | null;
}

/** The latest time by which we answer, with the calendar's offset. */
export interface AnswerPromise {
  due: string;
}

/** The highest seq that each side has read. */
export interface Read {
  visitor: number;
  agent: number;
}

/**
 * A ticket as both sides know it. `rev` grows with every change: older news than what one has is dropped.
 * `form_offered`: the wait is long, an address may be left. `reachable`: an address is known.
 * `reply_until`: until when a reply reopens a solved ticket. `link`: its page, told to its visitor only.
 */
export interface Ticket {
  id: string;
  number: number;
  status: Status;
  channel: Channel;
  category: string | null;
  agent: Person | null;
  queue: Queue | null;
  promise: AnswerPromise | null;
  read: Read;
  head: number;
  rev: number;
  form_offered: boolean;
  reachable: boolean;
  reply_until: string | null;
  link?: string;
}

/** The page a visitor is on, without its query. */
export interface Page {
  url: string;
  title: string;
  referrer: string;
}

/**
 * What is to be had now. `until`: when this state ends; `next_open`: null while open; times carry the
 * calendar's offset. `due` is null where the calendar never opens.
 */
export interface Service {
  state: ServiceState;
  mode: Mode;
  until: string | null;
  next_open: string | null;
  promise: AnswerPromise | null;
}

/**
 * Why a command was not done. `field`: what was wrong with it; `by`: who has it; `reason`: more than the
 * code says; `retry_after`: whole seconds; `service`: what is to be had instead.
 */
export interface Refusal {
  code: ErrorCode;
  message: string;
  field?: string;
  by?: Person;
  reason?: string;
  retry_after?: number;
  service?: Service;
}

/** The ack of a command that was not done: nothing has changed. */
export interface RefusedAck {
  ok: false;
  error: Refusal;
}

/** The ack of a command that has nothing to tell but that it is done. */
export interface Ack {
  ok: true;
}

/** The first command of a connection: answered with all one needs to draw the screen. */
export type Hello = Record<string, never>;

/** Say something on a ticket; acknowledged after it is stored. */
export interface SendMessage {
  ticket: string;
  client_id: string;
  text: string;
  files?: string[];
}

/** Stored: its number in the ticket and the server's time. */
export interface SendMessageAck extends Ack {
  seq: number;
  id: string;
  at: string;
}

/** Writing, or no longer. */
export interface Typing {
  ticket: string;
  on: boolean;
}

/** All up to `seq` has been seen; a smaller seq than before changes nothing. */
export interface MarkRead {
  ticket: string;
  seq: number;
}

/** A command that needs nothing but the ticket. */
export interface TicketCommand {
  ticket: string;
}

/** Done; the ticket as it now is. */
export interface TicketAck extends Ack {
  ticket: Ticket;
}

/** The other side writes, or no longer; forget it after 3 s. */
export interface TypingEvent {
  ticket: string;
  on: boolean;
  name: string | null;
}

/** The other side has read up to `seq`. */
export interface ReadEvent {
  ticket: string;
  seq: number;
  by: Side;
}

/** A page of the site; the server keeps it without its query. */
export interface SeenPage {
  url: string;
  title?: string;
  referrer?: string;
}

/** What came after `after`. */
export interface CatchUp {
  ticket: string;
  after: number;
}

/**
 * At most 200 messages with seq > after, oldest first; ask again until head. `restart`: the cursor was
 * newer than the data, these are the newest 200 and all else is to be forgotten.
 */
export interface CatchUpAck extends Ack {
  restart?: true;
  ticket: Ticket;
  messages: Message[];
  head: number;
}

/** How the server answers a command. */
export type Reply<T> = T | RefusedAck;

/** Limits that a client needs to know. */
export const LIMITS = {
  text_max: 4000,
  messages_at_once: 200,
  cards_a_page: 50,
  name_max: 100,
  email_max: 254,
  typing_forgotten_ms: 3000,
  typing_pause_ms: 1500,
  ack_timeout_ms: 15000,
} as const;
