/** The middle column: the open thread, or why there is none. */

import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { Composer } from "./composer";
import { Log } from "./log/log";
import type { Thread } from "./thread";
import { ThreadHeader } from "./thread_header";

function NoThread() {
  const t = texts.value.thread;
  return (
    <div class="thread__empty">
      <p>{t.none}</p>
      <p class="hint">{t.noneHint}</p>
    </div>
  );
}

function LoadError({ thread, text }: { thread: Thread; text: string }) {
  const { router, threads } = useConsole();
  return (
    <div class="thread__empty" role="alert">
      <p>{text}</p>
      <p class="thread__actions">
        <button type="button" class="button" onClick={() => void threads.refresh(thread)}>
          {texts.value.retry}
        </button>
        <button type="button" class="button button--quiet" onClick={() => router.openInbox()}>
          {texts.value.thread.back}
        </button>
      </p>
    </div>
  );
}

function Loading() {
  return (
    <div class="skeleton skeleton--thread" role="status" aria-label={texts.value.loading}>
      {[1, 2, 3].map((row) => (
        <i key={row} />
      ))}
    </div>
  );
}

function OpenThread({ thread }: { thread: Thread }) {
  const phase = thread.phase.value;
  if (phase === "loading") return <Loading />;
  if (phase !== "ready") return <LoadError thread={thread} text={texts.value.thread[phase]} />;
  return (
    <>
      <ThreadHeader thread={thread} />
      <Log key={thread.id} thread={thread} />
      <Composer key={`composer-${thread.id}`} thread={thread} />
    </>
  );
}

export function ThreadPane() {
  const { threads } = useConsole();
  const thread = threads.shown.value;
  return (
    <section class="thread" id="thread" tabIndex={-1} aria-label={texts.value.thread.label}>
      {thread ? <OpenThread thread={thread} /> : <NoThread />}
    </section>
  );
}
