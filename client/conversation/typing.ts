/** Typing notices: throttled when sent, short-lived when received. */

export const THROTTLE_MS = 1_500;
export const EXPIRY_MS = 3_000;

/** Sends "on" at most once per 1.5 s while keys are pressed, and "off" when the text is empty or sent. */
export class TypingSender {
  #lastOn = Number.NEGATIVE_INFINITY;
  #on = false;

  constructor(
    private readonly send: (on: boolean) => void,
    private readonly now: () => number = Date.now,
  ) {}

  typed(text: string): void {
    if (text.trim() === "") this.stopped();
    else if (this.now() - this.#lastOn >= THROTTLE_MS) this.#started();
  }

  #started(): void {
    this.#lastOn = this.now();
    this.#on = true;
    this.send(true);
  }

  stopped(): void {
    this.#lastOn = Number.NEGATIVE_INFINITY;
    if (!this.#on) return;
    this.#on = false;
    this.send(false);
  }
}

/** Who is typing on which ticket. A notice expires after 3 s. */
export class TypingIndicator {
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly changed: (ticket: string, name: string | null) => void) {}

  receive(ticket: string, on: boolean, name: string | null): void {
    this.#forget(ticket);
    if (on)
      this.#timers.set(
        ticket,
        setTimeout(() => this.clear(ticket), EXPIRY_MS),
      );
    this.changed(ticket, on ? (name ?? "") : null);
  }

  /** Call when their message arrives: it ends the notice. */
  clear(ticket: string): void {
    this.#forget(ticket);
    this.changed(ticket, null);
  }

  #forget(ticket: string): void {
    clearTimeout(this.#timers.get(ticket));
    this.#timers.delete(ticket);
  }
}
