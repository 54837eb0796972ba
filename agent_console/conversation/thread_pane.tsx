/** The middle column: one thread, or why there is none to see. */

import { useDesk } from "../app/console";
import { words } from "../app/preferences";
import { Composer } from "./composer";
import { Log } from "./log/log";
import type { Thread } from "./thread";
import { ThreadHeader } from "./thread_header";

function Empty() {
  const say = words.value.thread;
  return (
    <div class="thread__empty">
      <p>{say.none}</p>
      <p class="hint">{say.noneHint}</p>
    </div>
  );
}

function Trouble({ thread, text }: { thread: Thread; text: string }) {
  const { route } = useDesk();
  return (
    <div class="thread__empty" role="alert">
      <p>{text}</p>
      <p class="thread__acts">
        <button type="button" class="button" onClick={() => void thread.load()}>
          {words.value.retry}
        </button>
        <button
          type="button"
          class="button button--quiet"
          onClick={() => route.go({ ticket: null, pane: "list" })}
        >
          {words.value.thread.back}
        </button>
      </p>
    </div>
  );
}

function Loading() {
  return (
    <div class="skeleton skeleton--thread" role="status" aria-label={words.value.loading}>
      {[1, 2, 3].map((row) => (
        <i key={row} />
      ))}
    </div>
  );
}

function Open({ thread }: { thread: Thread }) {
  const phase = thread.phase.value;
  if (phase === "loading") return <Loading />;
  if (phase !== "ready") return <Trouble thread={thread} text={words.value.thread[phase]} />;
  return (
    <>
      <ThreadHeader thread={thread} />
      <Log key={thread.id} thread={thread} />
      <Composer key={`composer-${thread.id}`} thread={thread} />
    </>
  );
}

export function ThreadPane() {
  const { threads } = useDesk();
  const thread = threads.shown.value;
  return (
    <section class="thread" id="thread" tabIndex={-1} aria-label={words.value.thread.label}>
      {thread ? <Open thread={thread} /> : <Empty />}
    </section>
  );
}
