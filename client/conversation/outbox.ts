/** The outbox: what was written and is not known to be stored; it survives reloads, keeps order, never doubles. */

import type { Ack, Done, Refusal } from "../protocol";
import { LinkLost } from "../transport/websocket_transport";

/** How long a text may stay unacknowledged before its writer is told. It is still sent when the link returns. */
export const PATIENCE_MS = 15_000;
const PAUSE_S = 5;

export interface Letter {
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
export interface Shelf {
  letters(): Letter[];
  put(letter: Letter): void;
  drop(client_id: string): void;
}

export interface Postmaster {
  send(letter: Letter): Promise<Ack<Done>>;
  sending(letter: Letter): void;
  acked(letter: Letter, ack: Done): void;
  /** Not acknowledged in time: offer a retry. */
  failed(letter: Letter): void;
  /** The server asked for a pause; it is sent again at `retryAt` by itself. */
  slowed(letter: Letter, retryAt: number): void;
  /** The server will never take it; it is out of the outbox, and its text is the caller's to save. */
  refused(letter: Letter, why: Refusal): void;
}

export class Outbox {
  #letters = new Map<string, Letter>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #flights = new Map<string, number>();
  #resting = new Set<string>();
  #attempts = 0;
  #open = false;

  constructor(
    private readonly shelf: Shelf,
    private readonly post: Postmaster,
    private readonly now: () => number = Date.now,
  ) {
    for (const letter of shelf.letters().sort((a, b) => a.at - b.at))
      this.#letters.set(letter.client_id, letter);
  }

  /** What is not settled, in order: also what a former page left behind. */
  get letters(): Letter[] {
    return [...this.#letters.values()];
  }

  add(letter: Letter): void {
    this.#letters.set(letter.client_id, letter);
    this.shelf.put(letter);
    this.#expect(letter);
    this.#flush(laneOf(letter));
  }

  /** The link is up and all lines have caught up: everything unsettled is sent again, under its first id. */
  resume(): void {
    this.#open = true;
    this.#flights.clear();
    for (const letter of this.#letters.values()) this.#expect(letter);
    for (const lane of new Set(this.letters.map(laneOf))) this.#flush(lane);
  }

  pause(): void {
    this.#open = false;
  }

  /** The writer asks again. Whatever waits behind this letter in its ticket goes after it, never before. */
  retry(client_id: string): void {
    const letter = this.#letters.get(client_id);
    if (!letter) return;
    for (const one of this.#lane(laneOf(letter))) this.#expect(one);
    this.#flights.delete(laneOf(letter));
    this.#flush(laneOf(letter));
  }

  /** Takes a letter out: it is stored already, or its text moves elsewhere. */
  take(client_id: string): Letter | undefined {
    const letter = this.#letters.get(client_id);
    clearTimeout(this.#timers.get(client_id));
    this.#timers.delete(client_id);
    this.#letters.delete(client_id);
    if (letter) this.shelf.drop(client_id);
    return letter;
  }

  /** The chat has its ticket now: what was written behind its first words goes there. */
  address(ticket: string): void {
    for (const letter of this.letters) {
      if (letter.ticket === null) this.#rewrite({ ...letter, ticket });
    }
    this.#flush(ticket);
  }

  #rewrite(letter: Letter): void {
    this.#letters.set(letter.client_id, letter);
    this.shelf.put(letter);
  }

  #lane(lane: string): Letter[] {
    return this.letters.filter((letter) => laneOf(letter) === lane);
  }

  #expect(letter: Letter): void {
    clearTimeout(this.#timers.get(letter.client_id));
    this.post.sending(letter);
    const late = () => this.post.failed(this.#letters.get(letter.client_id) ?? letter);
    this.#timers.set(letter.client_id, setTimeout(late, PATIENCE_MS));
  }

  #flush(lane: string): void {
    const letter = this.#lane(lane)[0];
    if (!letter || !this.#open || this.#flights.has(lane) || this.#resting.has(lane)) return;
    const attempt = ++this.#attempts;
    this.#flights.set(lane, attempt);
    void this.#send(letter, lane, attempt);
  }

  async #send(letter: Letter, lane: string, attempt: number): Promise<void> {
    try {
      const ack = await this.post.send(letter);
      // A slow answer to an earlier attempt counts too; the second of two is the same answer and says nothing new.
      if (this.#letters.has(letter.client_id)) this.#answered(letter, lane, ack);
    } catch (error) {
      if (!(error instanceof LinkLost)) throw error;
      return;
    } finally {
      if (this.#flights.get(lane) === attempt) this.#flights.delete(lane);
    }
    this.#flush(lane);
  }

  #answered(letter: Letter, lane: string, ack: Ack<Done>): void {
    if (!ack.ok && (ack.error.code === "too_many" || ack.error.code === "unavailable")) {
      this.#rest(letter, lane, ack.error.retry_after ?? PAUSE_S);
      return;
    }
    this.take(letter.client_id);
    if (ack.ok) this.post.acked(letter, ack);
    else this.post.refused(letter, ack.error);
  }

  #rest(letter: Letter, lane: string, seconds: number): void {
    clearTimeout(this.#timers.get(letter.client_id));
    this.#resting.add(lane);
    this.post.slowed(letter, this.now() + seconds * 1000);
    setTimeout(() => {
      this.#resting.delete(lane);
      for (const one of this.#lane(lane)) this.#expect(one);
      this.#flush(lane);
    }, seconds * 1000);
  }
}

function laneOf(letter: Letter): string {
  return letter.ticket ?? "";
}

/** A shelf in web storage, one key a letter so that two tabs never overwrite each other; in memory where it is denied. */
export function shelfIn(storage: () => Storage, prefix: string): Shelf {
  const memory = new Map<string, string>();
  const attempt = <T>(stored: (storage: Storage) => T, otherwise: () => T): T => {
    try {
      return stored(storage());
    } catch {
      return otherwise();
    }
  };
  const keys = (place: Storage) => Object.keys(place).filter((key) => key.startsWith(prefix));
  return {
    letters: () => {
      const stored = attempt(
        (place) => keys(place).map((key) => place.getItem(key)),
        () => [],
      );
      return [...stored, ...memory.values()].flatMap(letterFrom);
    },
    put: (letter) =>
      attempt(
        (place) => place.setItem(prefix + letter.client_id, JSON.stringify(letter)),
        () => void memory.set(letter.client_id, JSON.stringify(letter)),
      ),
    drop: (client_id) => {
      memory.delete(client_id);
      attempt(
        (place) => place.removeItem(prefix + client_id),
        () => undefined,
      );
    },
  };
}

function letterFrom(stored: string | null): Letter[] {
  try {
    const letter = JSON.parse(stored ?? "") as Letter;
    return typeof letter.client_id === "string" && typeof letter.text === "string" ? [letter] : [];
  } catch {
    return [];
  }
}
