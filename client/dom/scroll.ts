/**
 * Scrolls a log: it follows new entries while its end is in view, and stays where it is while the user reads above.
 */

export interface Scrollable {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** Within this distance the end counts as in view, in CSS pixels. */
const NEAR = 48;

export class Scroll {
  #pinned = true;

  constructor(
    private readonly log: Scrollable,
    private readonly changed: (atEnd: boolean) => void = () => {},
  ) {}

  get atEnd(): boolean {
    return this.#pinned;
  }

  /** Call on every scroll event. */
  moved(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    this.#pin(scrollHeight - clientHeight - scrollTop < NEAR);
  }

  /** Call after the log or its box has changed size. Scrolls to the end only if the end was in view. */
  grown(): void {
    if (this.#pinned) this.log.scrollTop = this.log.scrollHeight;
  }

  /** Scrolls to the end in any case: after sending, or from the button for new messages. */
  toEnd(): void {
    this.#pin(true);
    this.grown();
  }

  /** Runs `draw`, which adds older entries above, and keeps the visible ones in place. */
  keepPosition(draw: () => void): void {
    const below = this.log.scrollHeight - this.log.scrollTop;
    draw();
    this.log.scrollTop = this.log.scrollHeight - below;
  }

  #pin(pinned: boolean): void {
    if (pinned === this.#pinned) return;
    this.#pinned = pinned;
    this.changed(pinned);
  }
}
