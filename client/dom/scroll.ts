/** Scrolling of a log: pinned to its end while the reader is there, and left alone while they read above. */

export interface Scrollable {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** Closer than this to the end counts as at the end, in CSS pixels. */
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

  /** Call after the log has grown or its box has changed: follows only a reader who was at the end. */
  grown(): void {
    if (this.#pinned) this.log.scrollTop = this.log.scrollHeight;
  }

  /** To the end, whatever: own message sent, pill pressed. */
  toEnd(): void {
    this.#pin(true);
    this.grown();
  }

  /** Runs `draw`, which adds older lines above, and keeps what is being read where it is. */
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
