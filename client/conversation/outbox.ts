/**
 * The outbox: messages that the server has not acknowledged yet. It survives reloads, keeps the order and sends each
 * message under one client_id, so that none is stored twice.
 */

import type { Ack, Refusal, Reply } from "../protocol/shared";
import { ConnectionLost } from "../transport/transport";

/**
 * After this time without an ack the sender is offered a retry. The message stays in the outbox and is sent on
 * reconnect.
 */
export const ACK_TIMEOUT_MS = 15_000;
const DEFAULT_RETRY_S = 5;

export interface OutboxMessage {
  client_id: string;
  /** Null: the first message of a chat that has no ticket yet. */
  ticket: string | null;
  text: string;
  /** Milliseconds since 1970; the outbox sends in this order. */
  at: number;
  note?: boolean;
  /** Other fields of its command: name, e-mail, and the token it was written with. */
  more?: Record<string, unknown>;
}

/** Where the outbox stores messages across reloads. No method throws. */
export interface OutboxStorage {
  messages(): OutboxMessage[];
  put(message: OutboxMessage): void;
  remove(client_id: string): void;
}

export interface OutboxHandler {
  send(message: OutboxMessage): Promise<Reply<Ack>>;
  onSending(message: OutboxMessage): void;
  onAcked(message: OutboxMessage, ack: Ack): void;
  /** No ack came in time: offer a retry. */
  onFailed(message: OutboxMessage): void;
  /** The server asked for a pause. The outbox sends the message again at `retryAt`. */
  onSlowedDown(message: OutboxMessage, retryAt: number): void;
  /** The server rejected the message. The outbox has removed it; the caller saves its text. */
  onRefused(message: OutboxMessage, why: Refusal): void;
}

export class Outbox {
  #messages = new Map<string, OutboxMessage>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #inFlight = new Map<string, number>();
  #paused = new Set<string>();
  #attempts = 0;
  #open = false;

  constructor(
    private readonly storage: OutboxStorage,
    private readonly handler: OutboxHandler,
    private readonly now: () => number = Date.now,
  ) {
    for (const message of storage.messages().sort((a, b) => a.at - b.at))
      this.#messages.set(message.client_id, message);
  }

  /** All unacknowledged messages in order, those of an earlier page included. */
  get messages(): OutboxMessage[] {
    return [...this.#messages.values()];
  }

  add(message: OutboxMessage): void {
    this.#messages.set(message.client_id, message);
    this.storage.put(message);
    this.#startAckTimer(message);
    this.#flush(queueKey(message));
  }

  /**
   * Call when the connection is open and all timelines have caught up: sends every message again under its client_id.
   */
  resume(): void {
    this.#open = true;
    this.#inFlight.clear();
    for (const message of this.#messages.values()) this.#startAckTimer(message);
    for (const queue of new Set(this.messages.map(queueKey))) this.#flush(queue);
  }

  pause(): void {
    this.#open = false;
  }

  /** Sends a message again on the sender's request. Later messages of its ticket follow it, never overtake it. */
  retry(client_id: string): void {
    const message = this.#messages.get(client_id);
    if (!message) return;
    for (const one of this.#queued(queueKey(message))) this.#startAckTimer(one);
    this.#inFlight.delete(queueKey(message));
    this.#flush(queueKey(message));
  }

  /** Removes a message: the server has it already, or its text moves elsewhere. */
  take(client_id: string): OutboxMessage | undefined {
    const message = this.#messages.get(client_id);
    clearTimeout(this.#timers.get(client_id));
    this.#timers.delete(client_id);
    this.#messages.delete(client_id);
    if (message) this.storage.remove(client_id);
    return message;
  }

  /** Call when the chat gets its ticket: gives it to the messages that were written before. */
  assignTicket(ticket: string): void {
    for (const message of this.messages) {
      if (message.ticket === null) this.#rewrite({ ...message, ticket });
    }
    this.#flush(ticket);
  }

  #rewrite(message: OutboxMessage): void {
    this.#messages.set(message.client_id, message);
    this.storage.put(message);
  }

  #queued(queue: string): OutboxMessage[] {
    return this.messages.filter((message) => queueKey(message) === queue);
  }

  #startAckTimer(message: OutboxMessage): void {
    clearTimeout(this.#timers.get(message.client_id));
    this.handler.onSending(message);
    const late = () => this.handler.onFailed(this.#messages.get(message.client_id) ?? message);
    this.#timers.set(message.client_id, setTimeout(late, ACK_TIMEOUT_MS));
  }

  #flush(queue: string): void {
    const message = this.#queued(queue)[0];
    if (!message || !this.#open || this.#inFlight.has(queue) || this.#paused.has(queue)) return;
    const attempt = ++this.#attempts;
    this.#inFlight.set(queue, attempt);
    void this.#send(message, queue, attempt);
  }

  async #send(message: OutboxMessage, queue: string, attempt: number): Promise<void> {
    try {
      const ack = await this.handler.send(message);
      // A late ack of an earlier attempt counts too. The second ack of one message is the same and is ignored.
      if (this.#messages.has(message.client_id)) this.#handleAck(message, queue, ack);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return;
    } finally {
      if (this.#inFlight.get(queue) === attempt) this.#inFlight.delete(queue);
    }
    this.#flush(queue);
  }

  #handleAck(message: OutboxMessage, queue: string, ack: Reply<Ack>): void {
    if (!ack.ok && (ack.error.code === "too_many" || ack.error.code === "unavailable")) {
      this.#pauseQueue(message, queue, ack.error.retry_after ?? DEFAULT_RETRY_S);
      return;
    }
    this.take(message.client_id);
    if (ack.ok) this.handler.onAcked(message, ack);
    else this.handler.onRefused(message, ack.error);
  }

  #pauseQueue(message: OutboxMessage, queue: string, seconds: number): void {
    clearTimeout(this.#timers.get(message.client_id));
    this.#paused.add(queue);
    this.handler.onSlowedDown(message, this.now() + seconds * 1000);
    setTimeout(() => {
      this.#paused.delete(queue);
      for (const one of this.#queued(queue)) this.#startAckTimer(one);
      this.#flush(queue);
    }, seconds * 1000);
  }
}

function queueKey(message: OutboxMessage): string {
  return message.ticket ?? "";
}

/**
 * An outbox storage in web storage. Each message has its own key, so that two tabs never overwrite each other. Where
 * web storage is denied, messages stay in memory.
 */
export function outboxStorageIn(storage: () => Storage, prefix: string): OutboxStorage {
  const memory = new Map<string, string>();
  const attempt = <T>(stored: (storage: Storage) => T, otherwise: () => T): T => {
    try {
      return stored(storage());
    } catch {
      return otherwise();
    }
  };
  const keys = (storage: Storage) => Object.keys(storage).filter((key) => key.startsWith(prefix));
  return {
    messages: () => {
      const stored = attempt(
        (storage) => keys(storage).map((key) => storage.getItem(key)),
        () => [],
      );
      return [...stored, ...memory.values()].flatMap(parseMessage);
    },
    put: (message) =>
      attempt(
        (storage) => storage.setItem(prefix + message.client_id, JSON.stringify(message)),
        () => void memory.set(message.client_id, JSON.stringify(message)),
      ),
    remove: (client_id) => {
      memory.delete(client_id);
      attempt(
        (storage) => storage.removeItem(prefix + client_id),
        () => undefined,
      );
    },
  };
}

/** None if the entry is not one of ours any more. The time is formatted, which throws for what is no time. */
export function parseMessage(stored: string | null): OutboxMessage[] {
  try {
    const message = JSON.parse(stored ?? "") as OutboxMessage;
    new Date(message.at).toISOString();
    return typeof message.client_id === "string" && typeof message.text === "string" ? [message] : [];
  } catch {
    return [];
  }
}
