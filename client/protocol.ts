/** The wire, generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */

export type Status = "live" | "open" | "pending" | "on_hold" | "solved" | "closed";

export type Channel = "chat" | "form" | "email" | "api";

export type Kind = "question" | "dispute" | "suggestion";

export type FormControl = "textarea" | "select" | "text" | "email";

export type Side = "visitor" | "agent";

export type AuthorKind = "visitor" | "agent" | "system";

export type VisitorPresence = "here" | "hidden" | "gone";

export type Role = "admin" | "supervisor" | "agent";

export type AgentState = "available" | "away";

export type AgentPresence = "available" | "away" | "offline";

export type InboxView = "mine" | "waiting" | "open" | "all";

export type OfferOutcome = "taken" | "declined" | "missed" | "withdrawn";

export type OfferEnd = "taken" | "expired" | "withdrawn";

export type ServiceState = "open" | "limited" | "closed";

export type Mode = "chat" | "form";

export type PromiseUnit = "working_days" | "opening_hours";

export type Locale = "fr" | "en";

export type ErrorCode =
  | "bad_request"
  | "not_found"
  | "not_allowed"
  | "form_instead"
  | "ticket_ended"
  | "conflict"
  | "empty"
  | "too_long"
  | "too_many"
  | "unavailable";

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

/**
 * What a visitor's connect carries. `identity` is reserved: whoever sends one is known by their token
 * only, as long as it is not understood.
 */
export interface VisitorAuth {
  site: string;
  token?: string | null;
  identity?: string | null;
  locale?: string | null;
  timezone?: string | null;
  page?: SeenPage | null;
}

/** The newest ticket of this visitor and its last 200 messages; `token` when none came. */
export interface VisitorHelloAck extends Ack {
  service: Service;
  ticket: Ticket | null;
  messages: Message[];
  head: number;
  token?: string;
}

/** The first words of a chat; posts to the visitor's live ticket when there is one. */
export interface StartChat {
  client_id: string;
  text: string;
  name?: string | null;
  email?: string | null;
  category?: string | null;
}

/** The ticket and its message, stored. */
export interface StartChatAck extends Ack {
  ticket: Ticket;
  message: Message;
}

/** The visitor has moved to another page of the site. */
export interface SetPage {
  url: string;
  title?: string;
}

/** The visitor reads another language. */
export interface SetLocale {
  locale: string;
}

/** Whether the visitor can see the page. */
export interface SetVisible {
  on: boolean;
}

/** An address to answer to. `wait: false` leaves the queue; true keeps waiting. */
export interface GiveContact {
  ticket: string;
  email: string;
  wait: boolean;
  name?: string | null;
}

/** A line that only agents may see; it stands after message `after`. */
export interface Note {
  ticket: string;
  note_seq: number;
  after: number;
  id: string;
  client_id: string;
  author: Author;
  text: string;
  at: string;
}

/** A line of the inbox. `waiting_since`: the visitor's oldest word that nobody has answered. */
export interface Card {
  ticket: string;
  number: number;
  status: Status;
  channel: Channel;
  category: string | null;
  name: string | null;
  preview: string;
  agent: Person | null;
  visitor: VisitorPresence;
  unread: number;
  waiting_since: string | null;
  due: string | null;
  updated_at: string;
  rev: number;
  last_from: AuthorKind;
  queued_at: string | null;
}

/** A member of the team. `why`: what set them away, when they did not do it themselves. */
export interface Agent {
  id: string;
  name: string;
  photo: string | null;
  role: Role;
  state: AgentPresence;
  since: string;
  chats: number;
  capacity: number;
  departments: string[];
  why: "missed" | null;
}

/** A part of the team that a ticket can be handed to. */
export interface Department {
  id: string;
  name: string;
}

/** The person behind a ticket; `tickets` are their earlier ones. */
export interface Visitor {
  id: string;
  name: string | null;
  email: string | null;
  verified: boolean;
  locale: string;
  page: Page | null;
  timezone: string | null;
  tickets: Card[];
}

/** One agent as the routing saw them; `excluded` says why not, null for a real candidate. */
export interface RoutingCandidate {
  agent: string;
  name: string;
  chats: number;
  capacity: number;
  idle_s: number;
  excluded: string | null;
}

/** Why a ticket rang where it did. */
export interface Decision {
  at: string;
  rule: string;
  chosen: string | null;
  candidates: RoutingCandidate[];
}

/** The three lists. */
export interface Cards {
  mine: Card[];
  waiting: Card[];
  open: Card[];
}

/** How long each list is. */
export interface Counts {
  mine: number;
  waiting: number;
  open: number;
}

/** A ticket rings here until `expires_at`; `why` names the rule that chose, `by` who hands it over. */
export interface Offer {
  card: Card;
  expires_at: string;
  why: string;
  by: Person | null;
}

/** All that the console shows first; `offers` are ringing now. */
export interface AgentHelloAck extends Ack {
  agent: Agent;
  presence: AgentState;
  cards: Cards;
  counts: Counts;
  team: Agent[];
  departments: Department[];
  offers: Offer[];
  service: Service;
}

/** Available for chats, or away. */
export interface SetPresence {
  state: AgentState;
}

/** The state that now holds. */
export interface SetPresenceAck extends Ack {
  presence: AgentState;
}

/** A page of 50 cards; `after` is the `next` of the page before; `q` searches words, names and numbers. */
export interface ListTickets {
  view: InboxView;
  q?: string | null;
  after?: string | null;
}

/** A page of the inbox; `next` null on the last one. */
export interface ListAck extends Ack {
  cards: Card[];
  next: string | null;
}

/** Take a ticket; `over` also beyond one's capacity. */
export interface Claim {
  ticket: string;
  over?: boolean;
}

/** A ticket with its last 200 messages, its notes and the person behind it. */
export interface OpenTicketAck extends Ack {
  ticket: Ticket;
  messages: Message[];
  head: number;
  notes: Note[];
  notes_head: number;
  visitor: Visitor;
}

/** Say something to the team only. */
export interface AddNote {
  ticket: string;
  client_id: string;
  text: string;
}

/** The note is stored. */
export interface AddNoteAck extends Ack {
  note_seq: number;
  id: string;
  at: string;
}

/** What came after both cursors. */
export interface AgentCatchUp {
  ticket: string;
  after: number;
  notes_after: number;
}

/** As the visitor's, and the notes. */
export interface AgentCatchUpAck extends CatchUpAck {
  notes: Note[];
  notes_head: number;
}

/**
 * Ring somebody else for one's ticket; one stays its owner until it is taken. `to` names one agent or one
 * department.
 */
export interface HandOver {
  ticket: string;
  to: Partial<Record<"agent" | "department", string>>;
  note?: string | null;
}

/** Move a ticket by hand, as rules/status.py allows. */
export interface SetStatus {
  ticket: string;
  status: Status;
}

/** Why the ticket rang where it did, newest first. */
export interface ExplainAck extends Ack {
  decisions: Decision[];
}

/** A ticket has left one's lists. */
export interface TicketLeft {
  ticket: string;
}

/** It rings here no longer. */
export interface OfferEnded {
  ticket: string;
  reason: OfferEnd;
}

/** Where the visitor of a ticket is. */
export interface VisitorEvent {
  ticket: string;
  state: VisitorPresence;
  page: Page | null;
}

/**
 * The form. A missing or wrong value is named by its field (422); a body of another shape is a bad
 * request.
 */
export interface NewTicket {
  site?: string;
  client_id?: string;
  email?: string;
  text?: string;
  token?: string | null;
  category?: string | null;
  name?: string | null;
  locale?: string | null;
  page?: SeenPage | null;
}

/** The ticket, the visitor's token and the link of its page. */
export interface NewTicketResponse {
  ticket: Ticket;
  token: string;
  link: string;
}

/** An agent's address and password. */
export interface SignIn {
  email: string;
  password: string;
}

/** Who is signed in. */
export interface SignInResponse {
  agent: Agent;
}

/** How the server answers a command. */
export type Reply<T> = T | RefusedAck;

/** What may be asked, with its ack. */
export interface VisitorCommands {
  hello: { payload: Hello; ack: VisitorHelloAck };
  start_chat: { payload: StartChat; ack: StartChatAck };
  send_message: { payload: SendMessage; ack: SendMessageAck };
  catch_up: { payload: CatchUp; ack: CatchUpAck };
  typing: { payload: Typing; ack: Ack };
  mark_read: { payload: MarkRead; ack: Ack };
  set_page: { payload: SetPage; ack: Ack };
  set_locale: { payload: SetLocale; ack: Ack };
  set_visible: { payload: SetVisible; ack: Ack };
  give_contact: { payload: GiveContact; ack: TicketAck };
  end_chat: { payload: TicketCommand; ack: TicketAck };
}

/** What the server tells by itself. */
export interface VisitorEvents {
  message: Message;
  ticket: Ticket;
  typing: TypingEvent;
  read: ReadEvent;
  service: Service;
}

/** What may be asked, with its ack. */
export interface AgentCommands {
  hello: { payload: Hello; ack: AgentHelloAck };
  set_presence: { payload: SetPresence; ack: SetPresenceAck };
  list: { payload: ListTickets; ack: ListAck };
  claim: { payload: Claim; ack: TicketAck };
  decline: { payload: TicketCommand; ack: Ack };
  open_ticket: { payload: TicketCommand; ack: OpenTicketAck };
  send_message: { payload: SendMessage; ack: SendMessageAck };
  add_note: { payload: AddNote; ack: AddNoteAck };
  catch_up: { payload: AgentCatchUp; ack: AgentCatchUpAck };
  hand_over: { payload: HandOver; ack: TicketAck };
  take_over: { payload: TicketCommand; ack: TicketAck };
  end_chat: { payload: TicketCommand; ack: TicketAck };
  set_status: { payload: SetStatus; ack: TicketAck };
  spam: { payload: TicketCommand; ack: TicketAck };
  explain: { payload: TicketCommand; ack: ExplainAck };
  typing: { payload: Typing; ack: Ack };
  mark_read: { payload: MarkRead; ack: Ack };
}

/** What the server tells by itself. */
export interface AgentEvents {
  message: Message;
  ticket: Ticket;
  typing: TypingEvent;
  read: ReadEvent;
  service: Service;
  note: Note;
  card: Card;
  gone: TicketLeft;
  offer: Offer;
  offer_ended: OfferEnded;
  presence: Agent;
  visitor: VisitorEvent;
}

/** Limits that a client had better know. */
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

/** The form's fields in their order; `max_length` counts code points after trimming. */
export const FORM_FIELDS = [
  { name: "text", control: "textarea", required: true, max_length: 4000, autocomplete: "off" },
  { name: "category", control: "select", required: false, max_length: null, autocomplete: "off" },
  { name: "name", control: "text", required: false, max_length: 100, autocomplete: "name" },
  { name: "email", control: "email", required: true, max_length: 254, autocomplete: "email" },
] as const;
