/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */
import type {
  AuthorKind,
  Channel,
  ErrorCode,
  EventName,
  Mode,
  ServiceState,
  Side,
  Status,
} from "./vocabulary";

/** The ack of a command that was done. Other acks add fields. */
export interface Ack {
  ok: true;
}

/** The author of a message. Only agents have an `id`; `name` is null for a visitor without a name. */
export interface Author {
  kind: AuthorKind;
  name: string | null;
  id?: string;
}

/**
 * An event in a ticket's history: a name and arguments. Each client makes a sentence in its reader's
 * language.
 */
export interface TicketEvent {
  name: EventName;
  args: Record<string, string>;
}

/** A message that the ticket's visitor may see. Only kind "event" has an `event`; its `text` is empty. */
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

/** A ticket's agent as the visitor sees them. */
export interface Person {
  id: string;
  name: string;
  photo: string | null;
}

/**
 * A waiting chat's position in the queue, from 1, and its estimated wait in whole seconds, null until
 * enough chats have been measured.
 */
export interface Queue {
  position: number;
  wait_s: number | null;
}

/** The latest time of our answer, with the calendar's offset. */
export interface AnswerPromise {
  due: string;
}

/** The highest seq that each side has read. */
export interface Read {
  visitor: number;
  agent: number;
}

/** Until when a ticket is on hold. `reason`: what the visitor was told of it; null if only the team knows. */
export interface HoldState {
  until: string;
  reason: string | null;
}

/**
 * A ticket as both sides see it. `rev` grows with every change; a client ignores a ticket with a smaller
 * `rev` than its own. `form_offered`: the wait is long, so the visitor may leave an e-mail address.
 * `reachable`: an e-mail address is known. `reply_until`: until then a reply reopens a solved ticket.
 * `link`: the ticket's page, sent only to its visitor.
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
  hold: HoldState | null;
  read: Read;
  head: number;
  rev: number;
  form_offered: boolean;
  reachable: boolean;
  reply_until: string | null;
  link?: string;
}

/**
 * The opening state and whether a visitor gets a chat or the form. `until`: when this state ends.
 * `next_open`: null while open. `promise`: null where the calendar never opens. Times have the calendar's
 * offset. `extra_hours`: true in hours that were added to the regular ones. `reply_s`: in how many
 * seconds chats usually get their first answer.
 */
export interface Service {
  state: ServiceState;
  mode: Mode;
  until: string | null;
  next_open: string | null;
  promise: AnswerPromise | null;
  extra_hours?: boolean;
  reply_s?: number;
}

/**
 * Why the server refused a command. `field`: the field that was wrong. `by`: the agent who has the
 * ticket. `reason`: more detail than the code. `retry_after`: whole seconds. `service`: what is available
 * instead.
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

/** The ack of a refused command: nothing has changed. */
export interface RefusedAck {
  ok: false;
  error: Refusal;
}

/** The first command of a connection. The ack has everything for the first screen. */
export type Hello = Record<string, never>;

/** Post a message to a ticket. The ack comes after the message is stored. */
export interface SendMessage {
  ticket: string;
  client_id: string;
  text: string;
  files?: string[];
}

/** The stored message's number in the ticket, its id, and the server's time. */
export interface SendMessageAck extends Ack {
  seq: number;
  id: string;
  at: string;
}

/** The sender types, or has stopped. */
export interface Typing {
  ticket: string;
  on: boolean;
}

/** The sender has read all messages up to `seq`. A smaller seq than before changes nothing. */
export interface MarkRead {
  ticket: string;
  seq: number;
}

/** A command whose only argument is the ticket. */
export interface TicketCommand {
  ticket: string;
}

/** The ticket after the command. */
export interface TicketAck extends Ack {
  ticket: Ticket;
}

/** The other side types, or has stopped. It expires after 3 s. */
export interface TypingEvent {
  ticket: string;
  on: boolean;
  name: string | null;
}

/** The other side has read all messages up to `seq`. */
export interface ReadEvent {
  ticket: string;
  seq: number;
  by: Side;
}

/**
 * At most 200 messages with seq > after, oldest first; repeat until `head`. `restart`: `after` was beyond
 * `head`, so these are the newest 200 messages and the client drops all others.
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
