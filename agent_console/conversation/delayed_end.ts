/** Ends with second thoughts: a ticket is ended on the server only once its 8 seconds are over. */
import { signal } from "@preact/signals";
import type { Status } from "../../client/protocol";

export const UNDO_WINDOW_MS = 8000;

/** "live" stands for the plain end of a chat, where the server picks the status. */
export type End = Status;

interface Waiting {
  end: End;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * The command waits here and not on the server: an end cannot be taken back there, for its visitor is told at once
 * and may be asked to rate a chat that goes on. So nothing is said until the agent can no longer change their mind.
 * Leaving the page sends what waits; a browser that dies in these seconds leaves the chat running, which loses nothing.
 */
export function createEndTimers(send: (ticket: string, end: End) => void) {
  const all = new Map<string, Waiting>();
  const waiting = signal<ReadonlySet<string>>(new Set());

  function forget(ticket: string): End | undefined {
    const found = all.get(ticket);
    clearTimeout(found?.timer);
    if (all.delete(ticket)) waiting.value = new Set(all.keys());
    return found?.end;
  }

  function finish(ticket: string): void {
    const end = forget(ticket);
    if (end) send(ticket, end);
  }

  return {
    waiting,
    /** False: it waits already. */
    begin(ticket: string, end: End): boolean {
      if (all.has(ticket)) return false;
      all.set(ticket, { end, timer: setTimeout(() => finish(ticket), UNDO_WINDOW_MS) });
      waiting.value = new Set(all.keys());
      return true;
    },
    /** False: there was nothing to take back. */
    undo: (ticket: string): boolean => forget(ticket) !== undefined,
    flush(): void {
      for (const ticket of [...all.keys()]) finish(ticket);
    },
  };
}
