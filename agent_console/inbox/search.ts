/** Search in all tickets: it runs when typing pauses, the newest query wins, and results come in pages. */
import { batch, signal } from "@preact/signals";
import type { Card } from "../../client/protocol/agent";
import type { AgentSocket } from "../connection/socket";

const PAUSE_MS = 200;

export type SearchPhase = "off" | "asking" | "done" | "failed";

export function createSearch(socket: AgentSocket) {
  const q = signal("");
  const phase = signal<SearchPhase>("off");
  const cards = signal<readonly Card[]>([]);
  const next = signal<string | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let requestId = 0;

  async function search(after?: string): Promise<void> {
    requestId += 1;
    const mine = requestId;
    try {
      const page = await socket.request("list", {
        view: "all",
        q: q.value.trim(),
        ...(after ? { after } : {}),
      });
      if (mine !== requestId) return;
      batch(() => {
        cards.value = after ? [...cards.value, ...page.cards] : page.cards;
        next.value = page.next;
        phase.value = "done";
      });
    } catch {
      if (mine === requestId) phase.value = "failed";
    }
  }

  function clear(): void {
    clearTimeout(timer);
    requestId += 1;
    batch(() => {
      q.value = "";
      phase.value = "off";
      cards.value = [];
      next.value = null;
    });
  }

  // The results stay up to date while they are shown.
  socket.on("card", (card) => {
    const fresh = (one: Card) => (one.ticket === card.ticket && one.rev <= card.rev ? card : one);
    if (cards.value.some((one) => one.ticket === card.ticket)) cards.value = cards.value.map(fresh);
  });

  return {
    q,
    phase,
    cards,
    next,
    clear,
    type(text: string): void {
      clearTimeout(timer);
      if (text.trim() === "") clear();
      else {
        q.value = text;
        if (phase.value !== "done") phase.value = "asking";
        timer = setTimeout(() => void search(), PAUSE_MS);
      }
    },
    retry: (): Promise<void> => search(),
    more: (): Promise<void> => search(next.value ?? undefined),
  };
}

export type Search = ReturnType<typeof createSearch>;
