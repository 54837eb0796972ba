/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */
import type {
  Ack,
  CatchUp,
  CatchUpAck,
  Hello,
  MarkRead,
  Message,
  ReadEvent,
  SeenPage,
  SendMessage,
  SendMessageAck,
  Service,
  Ticket,
  TicketAck,
  TicketCommand,
  Typing,
  TypingEvent,
} from "./shared";

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

/** Every command with its payload and its ack. */
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

/** Every event with its payload. */
export interface VisitorEvents {
  message: Message;
  ticket: Ticket;
  typing: TypingEvent;
  read: ReadEvent;
  service: Service;
}

/** The form's fields in their order; `max_length` counts code points after trimming. */
export const FORM_FIELDS = [
  { name: "text", control: "textarea", required: true, max_length: 4000, autocomplete: "off" },
  { name: "category", control: "select", required: false, max_length: null, autocomplete: "off" },
  { name: "name", control: "text", required: false, max_length: 100, autocomplete: "name" },
  { name: "email", control: "email", required: true, max_length: 254, autocomplete: "email" },
] as const;
