/** The log of a thread: follows new entries while its end is in view. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Scroll } from "../../../client/dom/scroll";
import { sameDay } from "../../../client/text/time_format";
import { useConsole } from "../../app/console";
import { texts, timeLocale } from "../../app/preferences";
import { Icon } from "../../ui/icon";
import { isolate } from "../../ui/labels";
import type { Thread } from "../thread";
import { logEntries } from "./log_entries";
import { LogEntryView } from "./log_entry";
import { useReadTracking } from "./read_tracking";

/** Older entries are loaded when the top is this near, in CSS pixels. */
const AHEAD = 120;

/** Loads older entries when the agent scrolls up, and keeps the visible ones in place. */
function useOlder(box: { current: HTMLElement | null }, { older, timeline }: Thread) {
  const below = useRef<number | null>(null);
  const { messages, notes } = timeline.value;
  useLayoutEffect(() => {
    if (box.current && below.current !== null)
      box.current.scrollTop = box.current.scrollHeight - below.current;
    below.current = null;
  }, [messages[0]?.seq, notes[0]?.note_seq]);
  const load = () =>
    void older.load((add) => {
      if (box.current) below.current = box.current.scrollHeight - box.current.scrollTop;
      add();
    });
  return {
    load,
    loadIfNear(): void {
      if (older.state.peek() === "idle" && (box.current?.scrollTop ?? AHEAD) < AHEAD) load();
    },
  };
}

/** Above the first entry: older ones are being loaded, can be loaded, or could not be. */
function OlderEntries({ thread, load }: { thread: Thread; load: () => void }) {
  const { state, exist } = thread.older;
  const t = texts.value;
  if (!exist.value) return null;
  return (
    <div class="log__older" role="status">
      {state.value === "failed" && <p>{t.thread.olderFailed}</p>}
      {state.value === "loading" ? (
        <p>{t.loading}…</p>
      ) : (
        <button type="button" class="button button--quiet button--small" onClick={load}>
          {state.value === "failed" ? t.retry : t.thread.older}
        </button>
      )}
    </div>
  );
}

function useScroll(box: { current: HTMLElement | null }, grows: unknown) {
  const [atEnd, setAtEnd] = useState(true);
  const scroll = useRef<Scroll | null>(null);
  useLayoutEffect(() => {
    if (box.current) {
      scroll.current = new Scroll(box.current, setAtEnd);
      scroll.current.toEnd();
    }
  }, []);
  useLayoutEffect(() => scroll.current?.grown(), [grows]);
  useEffect(() => {
    if (!box.current || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => scroll.current?.grown());
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return { atEnd, moved: () => scroll.current?.moved(), toEnd: () => scroll.current?.toEnd() };
}

/** How many messages of the visitor have come while the agent reads above. */
function useNewBelow(thread: Thread, atEnd: boolean): number {
  const [left, setLeft] = useState(0);
  const last = thread.timeline.value.last;
  useEffect(() => {
    if (atEnd) setLeft(thread.timeline.peek().last);
  }, [atEnd, last]);
  if (atEnd) return 0;
  return thread.timeline.value.messages.filter((one) => one.seq > left && one.author.kind === "visitor")
    .length;
}

export function Log({ thread }: { thread: Thread }) {
  const { actions } = useConsole();
  const box = useRef<HTMLDivElement>(null);
  const timeline = thread.timeline.value;
  const typing = thread.typing.value;
  const name = actions.nameOf(thread.id);
  const own = timeline.pending.length;
  const { atEnd, moved, toEnd } = useScroll(box, `${timeline.last}.${timeline.notesLast}.${own}.${typing}`);
  const below = useNewBelow(thread, atEnd);
  const entries = useMemo(
    () => logEntries(timeline, thread.unreadFrom.value, (a, b) => sameDay(a, b, timeLocale.value)),
    [timeline, thread.unreadFrom.value, timeLocale.value],
  );
  useReadTracking(box, thread);
  const { load, loadIfNear } = useOlder(box, thread);
  const scrolled = () => {
    moved();
    loadIfNear();
  };
  // A message of one's own always scrolls into view.
  useLayoutEffect(() => {
    if (own > 0) toEnd();
  }, [own]);

  const t = texts.value.thread;
  return (
    <div class="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <div class="log" ref={box} role="log" aria-label={t.log(name)} tabIndex={0} onScroll={scrolled}>
        <div class="log__entries">
          <OlderEntries thread={thread} load={load} />
          {entries.length === 0 && <p class="log__day">{t.empty}</p>}
          {entries.map((entry) => (
            <LogEntryView key={entry.key} entry={entry} thread={thread} name={name} />
          ))}
        </div>
      </div>
      {below > 0 && (
        <button type="button" class="log__to-end" onClick={toEnd}>
          <Icon name="arrow" />
          {t.newBelow(below)}
        </button>
      )}
      <p class="log__typing" aria-live="polite">
        {typing !== null && t.typing(isolate(typing || name))}
      </p>
    </div>
  );
}
