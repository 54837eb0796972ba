/** The ticket on screen and its line: whatever the server says of it is merged here, and nowhere else. */
import type { Letter } from "../../client/conversation/outbox";
import * as timeline from "../../client/conversation/timeline";
import type { CaughtUp, Message, ReadEvent, Sent, Ticket } from "../../client/protocol";
import { newer, type State } from "../state/state";

export class Thread {
  /** `settle` takes a letter out of the outbox: it is stored, only its ack was lost. False: it was not there. */
  constructor(
    private readonly state: State,
    private readonly settle: (client_id: string) => boolean,
  ) {}

  get line(): timeline.Timeline {
    return this.state.line;
  }

  get behind(): boolean {
    return this.line.ticket !== null && timeline.behind(this.line);
  }

  /** The first seq here, when there are older lines to be had; else 0. */
  get missingBefore(): number {
    return timeline.missingBefore(this.line);
  }

  /** A ticket as the server has it now, from an ack or an event. False: it is not the one on screen. */
  learn(ticket: Ticket): boolean {
    const known = this.state.ticket;
    if (ticket.id === this.state.former || (known && known.id !== ticket.id)) return false;
    this.#follow(ticket);
    if (this.line.head < ticket.head) this.#set({ ...this.line, head: ticket.head });
    return true;
  }

  opened(ticket: Ticket, answer: timeline.Answer): void {
    this.#follow(ticket);
    this.#set({ ...timeline.opened(this.line, ticket.id, answer), pending: this.line.pending });
    this.#settleAll(this.line.messages);
  }

  caughtUp(ack: CaughtUp): void {
    this.#follow(ack.ticket);
    this.#set(timeline.caughtUp(this.line, ack));
    this.#settleAll(ack.messages);
  }

  /** The first words are stored; what was written behind them stays pending. */
  started(ticket: Ticket, message: Message): void {
    this.state.former = null;
    this.#follow(ticket);
    this.#set(timeline.posted(this.line, message));
  }

  posted(message: Message): void {
    this.#set(timeline.posted(this.line, message));
    this.#settleAll([message]);
  }

  older(messages: Message[]): void {
    this.#set(timeline.prepended(this.line, messages));
  }

  read({ ticket, seq, by }: ReadEvent): boolean {
    const known = this.state.ticket;
    if (known?.id !== ticket || known.read[by] >= seq) return false;
    this.state.ticket = { ...known, read: { ...known.read, [by]: seq } };
    return true;
  }

  show({ client_id, text, at }: Letter): void {
    this.#set(timeline.written(this.line, { client_id, text, at: new Date(at).toISOString() }));
  }

  change(client_id: string, change: Partial<timeline.Pending>): void {
    this.#set(timeline.changed(this.line, client_id, change));
  }

  acked({ client_id, ticket }: Letter, ack: Sent): void {
    if (ticket === this.line.ticket) this.#set(timeline.acked(this.line, client_id, ack));
  }

  forget(client_id: string): void {
    this.#set(timeline.forgotten(this.line, client_id));
  }

  #follow(ticket: Ticket): void {
    this.state.ticket = newer(this.state.ticket, ticket);
    if (this.line.ticket !== ticket.id) {
      this.#set({ ...timeline.empty("visitor", ticket.id), pending: this.line.pending });
    }
  }

  #settleAll(messages: readonly Message[]): void {
    for (const { client_id, author } of messages) {
      if (client_id && author.kind === "visitor" && this.settle(client_id)) this.forget(client_id);
    }
  }

  #set(line: timeline.Timeline): void {
    this.state.line = line;
  }
}
