/** The visitor's session with the server: hello, catch-up, events and the outbox. */
import {
  Outbox,
  type OutboxHandler,
  type OutboxMessage,
  type OutboxStorage,
} from "../../client/conversation/outbox";
import { TypingIndicator } from "../../client/conversation/typing";
import type {
  Ack,
  Message,
  ReadEvent,
  Refusal,
  Reply,
  SendMessageAck,
  Service,
  Ticket,
  TypingEvent,
} from "../../client/protocol/shared";
import type { StartChatAck, VisitorCommands, VisitorEvents } from "../../client/protocol/visitor";
import { Connection, type ConnectionOptions } from "../../client/transport/connection";
import { ConnectionLost } from "../../client/transport/transport";
import type { HostPage } from "../bridge/messages";
import type { State } from "../state/state";
import { TicketThread } from "./ticket_thread";

const OFFLINE_AFTER_MS = 2_000;
const HELLO_RETRY_S = 5;

export interface SessionListener {
  /** The first message is stored. From now on the server recognises the visitor by their token. */
  started(): void;
  messageArrived(message: Message): void;
  /** The timeline has caught up, and commands may be sent. */
  afterHello(): void;
  /** An event of the server, known to this session or not. */
  eventArrived<E extends keyof VisitorEvents>(event: E, payload: VisitorEvents[E]): void;
  serviceChanged(before: Service | null, now: Service): void;
  /** The server rejected this message. */
  refused(message: OutboxMessage, why: Refusal): void;
}

export interface Identity {
  token: string | undefined;
  /** The last page that was sent to the server. */
  page?: HostPage;
  auth(): unknown;
}

export class VisitorSession implements OutboxHandler {
  readonly outbox: Outbox;
  readonly connection: Connection<VisitorCommands>;
  #thread: TicketThread;
  #typing: TypingIndicator;
  #catchUpRunning: Promise<void> | undefined;
  #offlineTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly state: State,
    private readonly identity: Identity,
    private readonly listener: SessionListener,
    storage: OutboxStorage,
    options: Pick<ConnectionOptions, "url" | "connect" | "fallback">,
  ) {
    this.#typing = new TypingIndicator((ticket, name) => {
      if (ticket === state.ticket?.id) state.typingName = name;
    });
    this.connection = new Connection({
      ...options,
      namespace: "/visitor",
      auth: () => identity.auth(),
      onConnected: () => void this.#hello(),
      onDisconnected: () => this.#onDisconnected(),
      onEvent: (event, payload) => this.#onEvent(event as keyof VisitorEvents, payload),
      onRefused: () => {
        state.refused = true;
      },
    });
    this.#thread = new TicketThread(state, (client_id) => !!this.outbox.take(client_id));
    this.outbox = new Outbox(storage, this);
    for (const message of this.outbox.messages) this.#thread.addPending(message);
  }

  open(): void {
    if (this.connection.isWanted) return;
    this.#startOfflineTimer();
    this.connection.open();
  }

  /** Sends a command that may get lost: typing, a read mark, a page. Never throws. */
  async sendBestEffort<K extends keyof VisitorCommands>(
    command: K,
    payload: VisitorCommands[K]["payload"],
  ): Promise<Reply<VisitorCommands[K]["ack"]> | undefined> {
    return this.connection.request(command, payload).catch(ignoreLoss);
  }

  write(message: OutboxMessage): void {
    this.#thread.addPending(message);
    this.outbox.add(message);
    this.connection.wake();
  }

  retry(client_id: string): void {
    this.connection.wake();
    this.outbox.retry(client_id);
  }

  markRead(seq: number): void {
    const ticket = this.state.ticket?.id ?? "";
    if (this.#thread.applyRead({ ticket, seq, by: "visitor" }))
      void this.sendBestEffort("mark_read", { ticket, seq });
  }

  /**
   * Loads up to 200 older messages. Calls `around` with the function that adds them, so that the log can keep its
   * place.
   */
  async loadOlder(around: (add: () => void) => void): Promise<void> {
    const { ticket } = this.#thread.timeline;
    const first = this.#thread.missingBefore;
    if (!ticket || !first) return;
    const ack = await this.sendBestEffort("catch_up", { ticket, after: Math.max(0, first - 201) });
    if (ack?.ok && ticket === this.#thread.timeline.ticket)
      around(() => this.#thread.prependOlder(ack.messages));
  }

  applyTicket(ticket: Ticket): void {
    if (this.#thread.applyTicket(ticket)) void this.catchUp();
  }

  // -- OutboxHandler

  send(message: OutboxMessage): Promise<Reply<Ack>> {
    const { client_id, text, ticket } = message;
    if (ticket) return this.connection.request("send_message", { ticket, client_id, text });
    const { token: _, ...more } = message.more ?? {};
    return this.connection.request("start_chat", { client_id, text, ...more });
  }

  onSending({ client_id }: OutboxMessage): void {
    this.#thread.updatePending(client_id, { state: "sending", retryAt: undefined });
  }

  onFailed({ client_id }: OutboxMessage): void {
    this.#thread.updatePending(client_id, { state: "failed" });
  }

  onSlowedDown({ client_id }: OutboxMessage, retryAt: number): void {
    this.#thread.updatePending(client_id, { retryAt });
  }

  onAcked(message: OutboxMessage, ack: Ack): void {
    if (message.ticket) this.#thread.applyAck(message, ack as SendMessageAck);
    else this.#started(ack as StartChatAck);
    void this.catchUp();
  }

  onRefused(message: OutboxMessage, why: Refusal): void {
    this.#thread.removePending(message.client_id);
    this.listener.refused(message, why);
  }

  #started({ ticket, message }: StartChatAck): void {
    this.#thread.started(ticket, message);
    this.outbox.assignTicket(ticket.id);
    this.listener.started();
  }

  // -- the connection

  async #hello(): Promise<void> {
    const ack = await this.sendBestEffort("hello", {});
    if (!ack) return;
    if (!ack.ok) return this.#helloLater(ack.error.retry_after ?? HELLO_RETRY_S);
    this.identity.token = ack.token ?? this.identity.token;
    this.#applyService(ack.service);
    if (ack.ticket && ack.ticket.id !== this.state.formerTicket) this.#opened(ack.ticket, ack);
    await this.catchUp();
    if (this.connection.isOpen) this.#ready();
  }

  #helloLater(seconds: number): void {
    setTimeout(() => this.connection.isOpen && !this.state.connected && void this.#hello(), seconds * 1000);
  }

  #opened(ticket: Ticket, answer: { messages: Message[]; head: number }): void {
    const { id = "", read = ticket.read } = this.state.ticket ?? {};
    this.#thread.reset(ticket, answer);
    // A read mark that was lost with the last connection.
    const { visitor: seq } = read;
    if (id === ticket.id && seq > ticket.read.visitor)
      void this.sendBestEffort("mark_read", { ticket: id, seq });
  }

  /** Call after the catch-up, for only then may the outbox send again. */
  #ready(): void {
    clearTimeout(this.#offlineTimer);
    this.#offlineTimer = undefined;
    this.state.offline = false;
    this.state.connected = this.state.everConnected = true;
    this.outbox.resume();
    this.listener.afterHello();
  }

  #onDisconnected(): void {
    this.outbox.pause();
    this.#catchUpRunning = undefined;
    this.state.connected = false;
    this.state.typingName = null;
    this.#startOfflineTimer();
  }

  /** Counts from the first loss: failed attempts do not restart the timer. */
  #startOfflineTimer(): void {
    this.#offlineTimer ??= setTimeout(() => {
      this.state.offline = true;
    }, OFFLINE_AFTER_MS);
  }

  /** Runs one catch-up at a time: a second call returns the running one. */
  catchUp(): Promise<void> {
    const mine = this.#catchUpRunning ?? this.#catchUp();
    this.#catchUpRunning = mine;
    return mine.finally(() => {
      if (this.#catchUpRunning === mine) this.#catchUpRunning = undefined;
    });
  }

  async #catchUp(): Promise<void> {
    while (this.#thread.hasGap) {
      const { ticket, last } = this.#thread.timeline;
      const ack = await this.sendBestEffort("catch_up", { ticket: ticket ?? "", after: last });
      if (!ack?.ok || ticket !== this.#thread.timeline.ticket) return;
      this.#thread.applyCatchUp(ack);
      if (this.#thread.timeline.last === last) return;
    }
  }

  // -- events

  #onEvent(event: keyof VisitorEvents, payload: unknown): void {
    if (event === "message") this.#message(payload as Message);
    else if (event === "ticket") this.applyTicket(payload as Ticket);
    else if (event === "service") this.#applyService(payload as Service);
    else if (event === "read") this.#thread.applyRead(payload as ReadEvent);
    else if (event === "typing") {
      const { ticket, on, name } = payload as TypingEvent;
      this.#typing.receive(ticket, on, name);
    }
    this.listener.eventArrived(event, payload as never);
  }

  #message(message: Message): void {
    const { ticket } = message;
    if (ticket === this.#thread.timeline.ticket) {
      this.#thread.applyMessage(message);
      if (message.author.kind === "agent") this.#typing.clear(ticket);
      this.listener.messageArrived(message);
      void this.catchUp();
    } else if (!this.state.ticket && ticket !== this.state.formerTicket) {
      // The visitor has started a chat in another tab.
      void this.#hello();
    }
  }

  #applyService(service: Service): void {
    const before = this.state.service;
    this.state.service = service;
    this.listener.serviceChanged(before, service);
  }
}

function ignoreLoss(error: unknown): undefined {
  if (!(error instanceof ConnectionLost)) throw error;
}
