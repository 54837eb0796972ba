/** Search in all tickets: it runs when typing pauses, the newest query wins, and results come in pages. */
import { signal } from "@preact/signals";
import type { AgentSocket } from "../connection/socket";
import { createListing } from "./listing";

const PAUSE_MS = 200;

export function createSearch(socket: AgentSocket) {
  const q = signal("");
  const results = createListing(socket, {
    query: () => ({ view: "all", q: q.value.trim() }),
    accepts: () => null,
    order: () => 0,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;

  function clear(): void {
    clearTimeout(timer);
    q.value = "";
    results.clear();
  }

  return {
    ...results,
    q,
    clear,
    type(text: string): void {
      clearTimeout(timer);
      if (text.trim() === "") clear();
      else {
        q.value = text;
        if (results.phase.value !== "done") results.phase.value = "asking";
        timer = setTimeout(() => void results.load(), PAUSE_MS);
      }
    },
    retry: results.load,
  };
}

export type Search = ReturnType<typeof createSearch>;
