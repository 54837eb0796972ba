/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */
import type {
  Ack,
  Author,
  CatchUpAck,
  Hello,
  MarkRead,
  Message,
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
  ExclusionReason,
  InboxView,
  OfferEnd,
  PromiseAlert,
  Role,
  RoutingRule,
  Status,
  VisitorPresence,
} from "./vocabulary";

/** The page that a visitor is on. `url` has no query. */
export interface Page {
  url: string;
  title: string;
  referrer: string;
}

/** A note that only agents see. It stands after the message whose seq is `after`. */
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

/** A member of the team. `why`: why the server set them away; null when they chose it. */
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

/** A part of the team that tickets can be handed over to. */
export interface Department {
  id: string;
  name: string;
}

/** A ticket's visitor. `tickets`: their earlier tickets. */
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

/** One agent as the routing saw them. `excluded`: why the routing left them out; null for a candidate. */
export interface RoutingCandidate {
  agent: string;
  name: string;
  chats: number;
  capacity: number;
  idle_s: number;
  excluded: ExclusionReason | null;
}

/** One decision of the routing: who was offered the ticket, and why. */
export interface Decision {
  at: string;
  rule: RoutingRule;
  chosen: string | null;
  candidates: RoutingCandidate[];
}

/**
 * An offer that rings until `expires_at`. `why`: the routing rule that chose this agent. `by`: the agent
 * who hands the ticket over.
 */
export interface Offer {
  card: Card;
  expires_at: string;
  why: RoutingRule;
  by: Person | null;
}

/**
 * Everything that the console shows first. `offers`: those that ring now; an offer rings for `ring_s`
 * seconds.
 */
export interface AgentHelloAck extends Ack {
  agent: Agent;
  presence: AgentState;
  cards: Cards;
  counts: Counts;
  team: Agent[];
  departments: Department[];
  offers: Offer[];
  service: Service;
  ring_s: number;
}

/** Become available for chats, or go away. */
export interface SetPresence {
  state: AgentState;
}

/** The agent's state after the command. */
export interface SetPresenceAck extends Ack {
  presence: AgentState;
}

/** Become the owner of a ticket. With `over` also beyond one's capacity. */
export interface Claim {
  ticket: string;
  over?: boolean;
}

/** A ticket with its last 200 messages, its notes and its visitor. */
export interface OpenTicketAck extends Ack {
  ticket: Ticket;
  messages: Message[];
  head: number;
  notes: Note[];
  notes_head: number;
  visitor: Visitor;
}

/** Add a note that only agents see. */
export interface AddNote {
  ticket: string;
  client_id: string;
  text: string;
}

/** The stored note's number in the ticket, its id, and the server's time. */
export interface AddNoteAck extends Ack {
  note_seq: number;
  id: string;
  at: string;
}

/** Get the messages with a seq above `after`, and the notes with a note_seq above `notes_after`. */
export interface AgentCatchUp {
  ticket: string;
  after: number;
  notes_after: number;
}

/** As CatchUpAck, with the notes. */
export interface AgentCatchUpAck extends CatchUpAck {
  notes: Note[];
  notes_head: number;
}

/**
 * Offer one's ticket to another agent or department, named in `to`. The sender stays the owner until
 * somebody accepts.
 */
export interface HandOver {
  ticket: string;
  to: Partial<Record<"agent" | "department", string>>;
  note?: string | null;
}

/** Change a ticket's status by hand, where the table of allowed changes has it. */
export interface SetStatus {
  ticket: string;
  status: Status;
}

/** The decisions of the routing about this ticket, newest first. */
export interface ExplainAck extends Ack {
  decisions: Decision[];
}

/** The offer no longer rings on this console. */
export interface OfferEnded {
  ticket: string;
  reason: OfferEnd;
}

/** Whether the ticket's visitor is on the site, and on which page. */
export interface VisitorEvent {
  ticket: string;
  state: VisitorPresence;
  page: Page | null;
}

/**
 * A ticket in the inbox. `waiting_since`: the time of the visitor's oldest unanswered message. `last_by`:
 * the id of the agent who wrote the last message; null if the visitor did.
 */
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
  last_by: string | null;
  queued_at: string | null;
}

/** The first page of each list of the inbox. */
export interface Cards {
  mine: Card[];
  waiting: Card[];
  open: Card[];
}

/** The number of tickets in each list. */
export interface Counts {
  mine: number;
  waiting: number;
  open: number;
}

/**
 * Get a page of 50 cards. `after`: the `next` of the page before. `q` searches texts, names and numbers.
 * `team`: the live chats of the other agents. `ended`: solved and closed tickets.
 */
export interface ListTickets {
  view: InboxView;
  q?: string | null;
  after?: string | null;
}

/** A page of the inbox. `next` is null on the last one. */
export interface ListAck extends Ack {
  cards: Card[];
  next: string | null;
}

/** The ticket has left this agent's lists. */
export interface TicketLeft {
  ticket: string;
}

/** An agent's e-mail address and password. */
export interface SignIn {
  email: string;
  password: string;
}

/** The agent who is signed in. */
export interface SignInResponse {
  agent: Agent;
}

/** The promise of a ticket nears its due time (`soon`, `close`) or was broken. */
export interface Alert {
  ticket: string;
  number: number;
  name: string | null;
  what: PromiseAlert;
  due: string;
}

/**
 * Put a ticket on hold until a date, or move that date. The visitor is told the date, and with `tell` the
 * reason; without it the reason is a note.
 */
export interface Hold {
  ticket: string;
  until: string;
  reason: string;
  tell?: boolean;
}

/** Every command with its payload and its ack. */
export interface AgentCommands {
  hello: { payload: Hello; ack: AgentHelloAck };
  set_presence: { payload: SetPresence; ack: SetPresenceAck };
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
  list: { payload: ListTickets; ack: ListAck };
  hold: { payload: Hold; ack: TicketAck };
}

/** Every event with its payload. */
export interface AgentEvents {
  message: Message;
  ticket: Ticket;
  typing: TypingEvent;
  read: ReadEvent;
  service: Service;
  note: Note;
  offer: Offer;
  offer_ended: OfferEnded;
  presence: Agent;
  visitor: VisitorEvent;
  card: Card;
  gone: TicketLeft;
  alert: Alert;
}

/** The statuses that an agent may set, by the status that the ticket has. */
export const AGENT_TRANSITIONS: Record<Status, readonly Status[]> = {
  live: ["open", "pending", "on_hold", "solved", "closed"],
  open: ["pending", "on_hold", "solved", "closed"],
  pending: ["open", "on_hold", "solved", "closed"],
  on_hold: ["open", "pending", "solved", "closed"],
  solved: ["open", "pending", "on_hold", "closed"],
  closed: [],
};
