/** The outbox: what was written and is not known to be stored; it survives reloads, keeps order, never doubles. */

import type { Ack, Done, Refusal } from "../protocol";
import { ConnectionLost } from "../transport/transport";

/** How long a text may stay unacknowledged before its writer is told. It is still sent when the link returns. */
export const ACK_TIMEOUT_MS = 15_000;
const DEFAULT_RETRY_S = 5;

export interface OutboxMessage {
  client_id: string;
  /** Null: the first words of a chat that has no ticket yet. */
  ticket: string | null;
  text: string;
  /** Milliseconds since 1970; the order of the outbox. */
  at: number;
  note?: boolean;
  /** What else its command needs (name, e-mail, the token it was written with). */
  more?: Record<string, unknown>;
}

/** Where letters are kept over a reload. Never throws. */
export interface OutboxStorage {
  messages(): OutboxMessage[];
  put(message: OutboxMessage): void;
  remove(client_id: string): void;
}

export interface OutboxHandler {
  send(message: OutboxMessage): Promise<Ack<Done>>;
  onSending(message: OutboxMessage): void;
  onAcked(message: OutboxMessage, ack: Done): void;
  /** Not acknowledged in time: offer a retry. */
  onFailed(message: OutboxMessage): void;
  /** The server asked for a pause; it is sent again at `retryAt` by itself. */
  onSlowedDown(message: OutboxMessage, retryAt: number): void;
  /** The server will never take it; it is out of the outbox, and its text is the caller's to save. */
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

  /** What is not settled, in order: also what a former page left behind. */
  get messages(): OutboxMessage[] {
    return [...this.#messages.values()];
  }

  add(message: OutboxMessage): void {
    this.#messages.set(message.client_id, message);
    this.storage.put(message);
    this.#startAckTimer(message);
    this.#flush(queueKey(message));
  }

  /** The link is up and all lines have caught up: everything unsettled is sent again, under its first id. */
  resume(): void {
    this.#open = true;
    this.#inFlight.clear();
    for (const message of this.#messages.values()) this.#startAckTimer(message);
    for (const queue of new Set(this.messages.map(queueKey))) this.#flush(queue);
  }

  pause(): void {
    this.#open = false;
  }

  /** The writer asks again. Whatever waits behind this letter in its ticket goes after it, never before. */
  retry(client_id: string): void {
    const message = this.#messages.get(client_id);
    if (!message) return;
    for (const one of this.#queued(queueKey(message))) this.#startAckTimer(one);
    this.#inFlight.delete(queueKey(message));
    this.#flush(queueKey(message));
  }

  /** Takes a letter out: it is stored already, or its text moves elsewhere. */
  take(client_id: string): OutboxMessage | undefined {
    const message = this.#messages.get(client_id);
    clearTimeout(this.#timers.get(client_id));
    this.#timers.delete(client_id);
    this.#messages.delete(client_id);
    if (message) this.storage.remove(client_id);
    return message;
  }

  /** The chat has its ticket now: what was written behind its first words goes there. */
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
      // A slow answer to an earlier attempt counts too; the second of two is the same answer and says nothing new.
      if (this.#messages.has(message.client_id)) this.#handleAck(message, queue, ack);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return;
    } finally {
      if (this.#inFlight.get(queue) === attempt) this.#inFlight.delete(queue);
    }
    this.#flush(queue);
  }

  #handleAck(message: OutboxMessage, queue: string, ack: Ack<Done>): void {
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

/** A shelf in web storage, one key a letter so that two tabs never overwrite each other; in memory where it is denied. */
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

export function parseMessage(stored: string | null): OutboxMessage[] {
  try {
    const message = JSON.parse(stored ?? "") as OutboxMessage;
    return typeof message.client_id === "string" && typeof message.text === "string" ? [message] : [];
  } catch {
    return [];
  }
}
