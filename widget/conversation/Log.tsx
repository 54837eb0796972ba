/** The log: a live region that follows new entries while its end is in view. */
import { Component, createRef } from "preact";
import { Scroll } from "../../client/dom/scroll";
import { dayLabel } from "../../client/text/time_format";
import type { ViewProps } from "../state/view_context";
import { Bubble } from "./Bubble";
import { type LogEntry, logEntries } from "./log_entries";
import { StatusCards } from "./StatusCards";

/** Older messages are loaded when the top is this near, in CSS pixels. */
const AHEAD = 120;

export class Log extends Component<ViewProps> {
  #box = createRef<HTMLElement>();
  #scroll: Scroll | undefined;
  #resized: ResizeObserver | undefined;
  #pending = 0;
  #fetching = false;

  override componentDidMount(): void {
    const { state } = this.props.store;
    const box = this.#box.current;
    if (!box) return;
    const scroll = new Scroll(box, (atEnd) => {
      state.seenSeq = state.timeline.last;
      state.atEnd = atEnd;
    });
    this.#scroll = scroll;
    this.#resized = new ResizeObserver(() => scroll.grown());
    this.#resized.observe(box);
    state.atEnd = true;
    this.componentDidUpdate();
  }

  override componentDidUpdate(): void {
    const { pending } = this.props.store.state.timeline;
    // A message of one's own always scrolls into view.
    if (pending.length > this.#pending) this.#scroll?.toEnd();
    else this.#scroll?.grown();
    this.#pending = pending.length;
  }

  override componentWillUnmount(): void {
    this.#resized?.disconnect();
  }

  #moved = async () => {
    const { session, observable } = this.props.store;
    const [box, scroll] = [this.#box.current, this.#scroll];
    scroll?.moved();
    if (!box || !scroll || box.scrollTop > AHEAD || this.#fetching) return;
    this.#fetching = true;
    await session.loadOlder((add) =>
      scroll.keepPosition(() => {
        add();
        observable.flush();
      }),
    );
    this.#fetching = false;
  };

  override render({ store }: ViewProps) {
    const { state, texts, timeLocale } = store;
    const timeline = state.timeline;
    const shown = logEntries(timeline, state.ticket?.read.agent ?? 0, timeLocale, texts.events);
    const news = state.unread.filter((one) => !state.atEnd && one.seq > state.seenSeq).length;
    return (
      <div class="log">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard */}
        <section class="log__box" ref={this.#box} onScroll={this.#moved} tabIndex={0} aria-label={texts.log}>
          <div class="log__content">
            <div
              role="log"
              aria-live="polite"
              aria-relevant="additions"
              aria-label={texts.log}
              class="log__entries"
            >
              {shown.length === 0 && <p class="greeting">{texts.hello}</p>}
              {shown.map((entry) => this.#entry(entry))}
            </div>
            <StatusCards store={store} />
            <p class="typing">{state.typingName !== null && texts.typing(state.typingName || texts.team)}</p>
          </div>
        </section>
        {news > 0 && (
          <button type="button" class="log__to-end" onClick={() => this.#scroll?.toEnd()}>
            {texts.newMessages(news)}
          </button>
        )}
      </div>
    );
  }

  #entry(entry: LogEntry) {
    const { store } = this.props;
    if (entry.kind === "text") return <Bubble store={store} entry={entry} key={entry.key} />;
    return (
      <p class={entry.kind} key={entry.key}>
        {entry.kind === "day" ? dayLabel(entry.at, store.timeLocale) : entry.text}
      </p>
    );
  }
}
