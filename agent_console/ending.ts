/** Ends with second thoughts: a chat is ended on the server only once its 8 seconds are over. */
import { signal } from "@preact/signals";

export const SECOND_THOUGHTS_MS = 8000;

/**
 * The command waits here and not on the server: an end cannot be taken back there, for its visitor is told at once
 * and may be asked to rate a chat that goes on. So nothing is said until the agent can no longer change their mind.
 * Leaving the page sends what waits; a browser that dies in these seconds leaves the chat running, which loses nothing.
 */
export function createEndings(send: (ticket: string) => void, lasts = SECOND_THOUGHTS_MS) {
  const waiting = signal<ReadonlySet<string>>(new Set());
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  function forget(ticket: string): boolean {
    const timer = timers.get(ticket);
    if (timer === undefined) return false;
    clearTimeout(timer);
    timers.delete(ticket);
    waiting.value = new Set(timers.keys());
    return true;
  }

  function finish(ticket: string): void {
    if (forget(ticket)) send(ticket);
  }

  return {
    waiting,
    begin(ticket: string): void {
      if (timers.has(ticket)) return;
      timers.set(
        ticket,
        setTimeout(() => finish(ticket), lasts),
      );
      waiting.value = new Set(timers.keys());
    },
    /** False: there was nothing to take back. */
    undo: forget,
    flush(): void {
      for (const ticket of [...timers.keys()]) finish(ticket);
    },
  };
}

export type Endings = ReturnType<typeof createEndings>;
