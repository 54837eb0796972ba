/** Generated from chat/protocol/ by `python -m chat.protocol.codegen`. Change it there. */
import type {
  Ack,
  CatchUpAck,
  Hello,
  MarkRead,
  Message,
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

/** A page of the site. The server stores the URL without its query. */
export interface SeenPage {
  url: string;
  title?: string;
  referrer?: string;
}

/** Get the messages with a seq above `after`. */
export interface CatchUp {
  ticket: string;
  after: number;
}

/**
 * The auth payload of a visitor's connect. `identity` is reserved: this version does not read it and
 * identifies the visitor by the token only.
 */
export interface VisitorAuth {
  site: string;
  token?: string | null;
  identity?: string | null;
  locale?: string | null;
  timezone?: string | null;
  page?: SeenPage | null;
}

/** The visitor's newest ticket and its last 200 messages. `token`: a new one, when the connect had none. */
export interface VisitorHelloAck extends Ack {
  service: Service;
  ticket: Ticket | null;
  messages: Message[];
  head: number;
  token?: string;
}

/** Start a chat with its first message. When the visitor has a live ticket, the message is posted there. */
export interface StartChat {
  client_id: string;
  text: string;
  name?: string | null;
  email?: string | null;
  category?: string | null;
}

/** The ticket and its stored message. */
export interface StartChatAck extends Ack {
  ticket: Ticket;
  message: Message;
}

/** The visitor is on another page of the site. */
export interface SetPage {
  url: string;
  title?: string;
}

/** The visitor has chosen another language. */
export interface SetLocale {
  locale: string;
}

/** Whether the page is visible to the visitor. */
export interface SetVisible {
  on: boolean;
}

/** Leave an e-mail address for the answer. With `wait: false` the chat leaves the queue. */
export interface GiveContact {
  ticket: string;
  email: string;
  wait: boolean;
  name?: string | null;
}

/**
 * The form. A missing or wrong value is answered with 422 and the name of its field, a body of another
 * shape with 400.
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

/** The new ticket, the visitor's token, and the link of the ticket's page. */
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
