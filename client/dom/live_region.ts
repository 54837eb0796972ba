/** Announces texts to screen readers: news at once, a changing number at most once per 20 s. */

export const ANNOUNCE_INTERVAL_MS = 20_000;

export class Announcer {
  #lastTime = Number.NEGATIVE_INFINITY;
  #waiting: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastText = "";

  /**
   * `write` puts the text into a live region. A repeated text is changed invisibly, for screen readers ignore equal
   * text.
   */
  constructor(
    private readonly write: (text: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  announce(text: string): void {
    // A trailing no-break space changes the region but not what is read out.
    this.#lastText = text === this.#lastText ? `${text}\u00a0` : text;
    this.write(this.#lastText);
  }

  /** Announces what changes often, as a queue position: the newest text, once the last announcement is 20 s old. */
  announceThrottled(text: string): void {
    this.#waiting = text;
    const wait = this.#lastTime + ANNOUNCE_INTERVAL_MS - this.now();
    if (wait <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), wait);
  }

  /** Drops the text that waits for its turn. */
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
