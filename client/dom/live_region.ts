/** What a screen reader is told, politely: news at once, a moving number at most once per 20 s. */

export const ANNOUNCE_INTERVAL_MS = 20_000;

export class Announcer {
  #lastTime = Number.NEGATIVE_INFINITY;
  #waiting: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastText = "";

  /** `write` puts the text into a live region; the same text twice must differ to be read twice, which we see to. */
  constructor(
    private readonly write: (text: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  announce(text: string): void {
    // A trailing no-break space changes the region without changing what is heard.
    this.#lastText = text === this.#lastText ? `${text}\u00a0` : text;
    this.write(this.#lastText);
  }

  /** For what changes often (the place in the queue): the newest text, once the last one is 20 s old. */
  announceThrottled(text: string): void {
    this.#waiting = text;
    const wait = this.#lastTime + ANNOUNCE_INTERVAL_MS - this.now();
    if (wait <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), wait);
  }

  /** Forgets what waits to be said: it is no longer true. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#waiting = undefined;
  }

  #flush(): void {
    const text = this.#waiting;
    this.cancel();
    if (text === undefined || text === this.#lastText) return;
    this.#lastTime = this.now();
    this.announce(text);
  }
}
