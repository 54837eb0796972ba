/** What a screen reader is told, politely: news at once, a moving number at most once per 20 s. */

export const CALM_MS = 20_000;

export class Announcer {
  #last = Number.NEGATIVE_INFINITY;
  #waiting: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #said = "";

  /** `write` puts the text into a live region; the same text twice must differ to be read twice, which we see to. */
  constructor(
    private readonly write: (text: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  say(text: string): void {
    // A trailing no-break space changes the region without changing what is heard.
    this.#said = text === this.#said ? `${text}\u00a0` : text;
    this.write(this.#said);
  }

  /** For what changes often (the place in the queue): the newest text, once the last one is 20 s old. */
  sayCalmly(text: string): void {
    this.#waiting = text;
    const wait = this.#last + CALM_MS - this.now();
    if (wait <= 0) this.#speak();
    else this.#timer ??= setTimeout(() => this.#speak(), wait);
  }

  /** Forgets what waits to be said: it is no longer true. */
  hush(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#waiting = undefined;
  }

  #speak(): void {
    const text = this.#waiting;
    this.hush();
    if (text === undefined || text === this.#said) return;
    this.#last = this.now();
    this.say(text);
  }
}
