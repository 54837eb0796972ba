/** The conversation with the server: hello, catching up, events, and the outbox that follows behind. */
import { type Letter, Outbox, type Postmaster, type Shelf } from "../../client/conversation/outbox";
import { TheirTyping } from "../../client/conversation/typing";
import type {
  Ack,
  Done,
  Message,
  ReadEvent,
  Refusal,
  Sent,
  Service,
  Started,
  Ticket,
  TypingEvent,
  VisitorCommands,
  VisitorEvents,
} from "../../client/protocol";
import { Connection, LinkLost, type Wiring } from "../../client/transport/connection";
import type { HostPage } from "../bridge/messages";
import type { State } from "../state/state";
import { Thread } from "./ticket_thread";

const CUT_AFTER_MS = 2_000;
const ASK_AGAIN_S = 5;

export interface Ears {
  /** The visitor's first words are stored: from now on they are known by their token. */
  started(): void;
  arrived(message: Message): void;
  serviceChanged(before: Service | null, now: Service): void;
  /** The server won't take this text as it is. */
  refused(letter: Letter, why: Refusal): void;
}

export interface Identity {
  token: string | undefined;
  /** The page that the server was told of last. */
  page?: HostPage;
  auth(): unknown;
}

export class Talk implements Postmaster {
  readonly outbox: Outbox;
  readonly connection: Connection<VisitorCommands>;
  #thread: Thread;
  #typing: TheirTyping;
  #catching: Promise<void> | undefined;
  #cut: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly state: State,
    private readonly identity: Identity,
    private readonly ears: Ears,
    shelf: Shelf,
    wiring: Pick<Wiring, "url" | "dial" | "fallback">,
  ) {
    this.#typing = new TheirTyping((ticket, name) => {
      if (ticket === state.ticket?.id) state.typist = name;
    });
    this.connection = new Connection({
      ...wiring,
      namespace: "/visitor",
      auth: () => identity.auth(),
      up: () => void this.#hello(),
      down: () => this.#lost(),
      heard: (event, payload) => this.#heard(event as keyof VisitorEvents, payload),
      refused: () => {
        state.unwanted = true;
      },
    });
    this.#thread = new Thread(state, (client_id) => !!this.outbox.take(client_id));
    this.outbox = new Outbox(shelf, this);
    for (const letter of this.outbox.letters) this.#thread.show(letter);
  }

  open(): void {
    if (this.connection.isWanted) return;
    this.#watch();
    this.connection.open();
  }

  /** Says something that may be lost: typing, a read mark, a page. Never throws. */
  async whisper<K extends keyof VisitorCommands>(
    command: K,
    payload: VisitorCommands[K]["payload"],
  ): Promise<Ack<VisitorCommands[K]["ack"]> | undefined> {
    return this.connection.ask(command, payload).catch(ignoreLoss);
  }

  write(letter: Letter): void {
    this.#thread.show(letter);
    this.outbox.add(letter);
    this.connection.wake();
  }

  retry(client_id: string): void {
    this.connection.wake();
    this.outbox.retry(client_id);
  }

  markRead(seq: number): void {
    const ticket = this.state.ticket?.id ?? "";
    if (this.#thread.read({ ticket, seq, by: "visitor" })) void this.whisper("mark_read", { ticket, seq });
  }

  /** Fetches the 200 lines before the first one here; `around` is given what adds them, to keep the view still. */
  async older(around: (add: () => void) => void): Promise<void> {
    const { ticket } = this.#thread.line;
    const first = this.#thread.missingBefore;
    if (!ticket || !first) return;
    const ack = await this.whisper("catch_up", { ticket, after: Math.max(0, first - 201) });
    if (ack?.ok && ticket === this.#thread.line.ticket) around(() => this.#thread.older(ack.messages));
  }

  learn(ticket: Ticket): void {
    if (this.#thread.learn(ticket)) void this.catchUp();
  }

  // -- Postmaster: what the outbox asks and tells

  send(letter: Letter): Promise<Ack<Done>> {
    const { client_id, text, ticket } = letter;
    if (ticket) return this.connection.ask("send_message", { ticket, client_id, text });
    const { token: _, ...more } = letter.more ?? {};
    return this.connection.ask("start_chat", { client_id, text, ...more });
  }

  sending({ client_id }: Letter): void {
    this.#thread.change(client_id, { state: "sending", retryAt: undefined });
  }

  failed({ client_id }: Letter): void {
    this.#thread.change(client_id, { state: "failed" });
  }

  slowed({ client_id }: Letter, retryAt: number): void {
    this.#thread.change(client_id, { retryAt });
  }

  acked(letter: Letter, ack: Done): void {
    if (letter.ticket) this.#thread.acked(letter, ack as Sent);
    else this.#started(ack as Started);
    void this.catchUp();
  }

  refused(letter: Letter, why: Refusal): void {
    this.#thread.forget(letter.client_id);
    this.ears.refused(letter, why);
  }

  #started({ ticket, message }: Started): void {
    this.#thread.started(ticket, message);
    this.outbox.address(ticket.id);
    this.ears.started();
  }

  // -- the link

  async #hello(): Promise<void> {
    const ack = await this.whisper("hello", {});
    if (!ack) return;
    if (!ack.ok) return this.#helloLater(ack.error.retry_after ?? ASK_AGAIN_S);
    this.identity.token = ack.token ?? this.identity.token;
    this.#serve(ack.service);
    if (ack.ticket && ack.ticket.id !== this.state.former) this.#opened(ack.ticket, ack);
    await this.catchUp();
    if (this.connection.isUp) this.#rise();
  }

  #helloLater(seconds: number): void {
    setTimeout(() => this.connection.isUp && !this.state.up && void this.#hello(), seconds * 1000);
  }

  #opened(ticket: Ticket, answer: { messages: Message[]; head: number }): void {
    const { id = "", read = ticket.read } = this.state.ticket ?? {};
    this.#thread.opened(ticket, answer);
    // A read mark that went down with the last link.
    const { visitor: seq } = read;
    if (id === ticket.id && seq > ticket.read.visitor) void this.whisper("mark_read", { ticket: id, seq });
  }

  /** Catch up first, then replay the outbox. */
  #rise(): void {
    clearTimeout(this.#cut);
    this.#cut = undefined;
    this.state.cut = false;
    this.state.up = this.state.everUp = true;
    this.outbox.resume();
  }

  #lost(): void {
    this.outbox.pause();
    this.#catching = undefined;
    this.state.up = false;
    this.state.typist = null;
    this.#watch();
  }

  /** Counted from the first loss: the attempts that fail meanwhile do not begin it anew. */
  #watch(): void {
    this.#cut ??= setTimeout(() => {
      this.state.cut = true;
    }, CUT_AFTER_MS);
  }

  /** One at a time: a second call while one is under way is that one. */
  catchUp(): Promise<void> {
    const mine = this.#catching ?? this.#catchUp();
    this.#catching = mine;
    return mine.finally(() => {
      if (this.#catching === mine) this.#catching = undefined;
    });
  }

  async #catchUp(): Promise<void> {
    while (this.#thread.behind) {
      const { ticket, last } = this.#thread.line;
      const ack = await this.whisper("catch_up", { ticket: ticket ?? "", after: last });
      if (!ack?.ok || ticket !== this.#thread.line.ticket) return;
      this.#thread.caughtUp(ack);
      if (this.#thread.line.last === last) return;
    }
  }

  // -- events

  #heard(event: keyof VisitorEvents, payload: unknown): void {
    if (event === "message") this.#message(payload as Message);
    else if (event === "ticket") this.learn(payload as Ticket);
    else if (event === "service") this.#serve(payload as Service);
    else if (event === "read") this.#thread.read(payload as ReadEvent);
    else if (event === "typing") {
      const { ticket, on, name } = payload as TypingEvent;
      this.#typing.heard(ticket, on, name);
    }
  }

  #message(message: Message): void {
    const { ticket } = message;
    if (ticket === this.#thread.line.ticket) {
      this.#thread.posted(message);
      if (message.author.kind === "agent") this.#typing.cleared(ticket);
      this.ears.arrived(message);
      void this.catchUp();
    } else if (!this.state.ticket && ticket !== this.state.former) {
      // Another tab of theirs has begun a chat.
      void this.#hello();
    }
  }

  #serve(service: Service): void {
    const before = this.state.service;
    this.state.service = service;
    this.ears.serviceChanged(before, service);
  }
}

function ignoreLoss(error: unknown): undefined {
  if (!(error instanceof LinkLost)) throw error;
}
