/** The ticket on screen and its timeline. All that the server sends about it is merged here. */
import type { OutboxMessage } from "../../client/conversation/outbox";
import * as timeline from "../../client/conversation/timeline";
import type { CatchUpAck, Message, ReadEvent, SendMessageAck, Ticket } from "../../client/protocol/shared";
import { newerTicket, type State } from "../state/state";

export class TicketThread {
  /**
   * `takeFromOutbox` removes a message that is stored although its ack was lost. Returns false if it was not there.
   */
  constructor(
    private readonly state: State,
    private readonly takeFromOutbox: (client_id: string) => boolean,
  ) {}

  get timeline(): timeline.Timeline {
    return this.state.timeline;
  }

  get hasGap(): boolean {
    return this.timeline.ticket !== null && timeline.hasGap(this.timeline);
  }

  /** The seq of the first message here if older ones exist; else 0. */
  get missingBefore(): number {
    return timeline.missingBefore(this.timeline);
  }

  /** Applies a ticket of an ack or an event. Returns false if it is not the ticket on screen. */
  applyTicket(ticket: Ticket): boolean {
    const current = this.state.ticket;
    if (ticket.id === this.state.formerTicket || (current && current.id !== ticket.id)) return false;
    this.#follow(ticket);
    if (this.timeline.head < ticket.head) this.#set({ ...this.timeline, head: ticket.head });
    return true;
  }

  reset(ticket: Ticket, answer: timeline.Snapshot): void {
    this.#follow(ticket);
    this.#set({ ...timeline.reset(this.timeline, ticket.id, answer), pending: this.timeline.pending });
    this.#takeStored(this.timeline.messages);
  }

  applyCatchUp(ack: CatchUpAck): void {
    this.#follow(ack.ticket);
    this.#set(timeline.applyCatchUp(this.timeline, ack));
    this.#takeStored(ack.messages);
  }

  /** Call when the first message is stored. Messages written after it stay pending. */
  started(ticket: Ticket, message: Message): void {
    this.state.formerTicket = null;
    this.#follow(ticket);
    this.#set(timeline.applyMessage(this.timeline, message));
  }

  applyMessage(message: Message): void {
    this.#set(timeline.applyMessage(this.timeline, message));
    this.#takeStored([message]);
  }

  prependOlder(messages: Message[]): void {
    this.#set(timeline.prependOlder(this.timeline, messages));
  }

  applyRead({ ticket, seq, by }: ReadEvent): boolean {
    const current = this.state.ticket;
    if (current?.id !== ticket || current.read[by] >= seq) return false;
    this.state.ticket = { ...current, read: { ...current.read, [by]: seq } };
    return true;
  }

  addPending({ client_id, text, at }: OutboxMessage): void {
    this.#set(timeline.addPending(this.timeline, { client_id, text, at: new Date(at).toISOString() }));
  }

  updatePending(client_id: string, updatePending: Partial<timeline.Pending>): void {
    this.#set(timeline.updatePending(this.timeline, client_id, updatePending));
  }

  applyAck({ client_id, ticket }: OutboxMessage, ack: SendMessageAck): void {
    if (ticket === this.timeline.ticket) this.#set(timeline.applyAck(this.timeline, client_id, ack));
  }

  removePending(client_id: string): void {
    this.#set(timeline.removePending(this.timeline, client_id));
  }

  #follow(ticket: Ticket): void {
    this.state.ticket = newerTicket(this.state.ticket, ticket);
    if (this.timeline.ticket !== ticket.id) {
      this.#set({ ...timeline.emptyTimeline("visitor", ticket.id), pending: this.timeline.pending });
    }
  }

  #takeStored(messages: readonly Message[]): void {
    for (const { client_id, author } of messages) {
      if (client_id && author.kind === "visitor" && this.takeFromOutbox(client_id))
        this.removePending(client_id);
    }
  }

  #set(timeline: timeline.Timeline): void {
    this.state.timeline = timeline;
  }
}
