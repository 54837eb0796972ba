/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */
import type {
  Ack,
  Author,
  CatchUpAck,
  Hello,
  MarkRead,
  Message,
  Page,
  Person,
  ReadEvent,
  SendMessage,
  SendMessageAck,
  Service,
  Ticket,
  TicketAck,
  TicketCommand,
  Typing,
  TypingEvent,
} from "./shared";
import type {
  AgentPresence,
  AgentState,
  AuthorKind,
  Channel,
  InboxView,
  OfferEnd,
  Role,
  Status,
  VisitorPresence,
} from "./vocabulary";

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

/** An agent's address and password. */
export interface SignIn {
  email: string;
  password: string;
}

/** Who is signed in. */
export interface SignInResponse {
  agent: Agent;
}

/** Every command with its payload and its ack. */
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

/** Every event with its payload. */
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
