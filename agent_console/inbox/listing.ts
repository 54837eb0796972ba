/** A list of cards that the server pages: it stays up to date while it is shown. */
import { batch, signal, untracked } from "@preact/signals";
import type { Card, ListTickets } from "../../client/protocol/agent";
import type { AgentSocket } from "../connection/socket";

export type ListingPhase = "off" | "asking" | "done" | "failed";

interface ListingOptions {
  query: () => Pick<ListTickets, "view" | "q">;
  /** Whether a card that changes belongs to the list; null if only the server knows. */
  accepts: (card: Card) => boolean | null;
  /** Where a new card goes; what is shown keeps its place. */
  order: (a: Card, b: Card) => number;
}

export function createListing(socket: AgentSocket, { query, accepts, order }: ListingOptions) {
  const phase = signal<ListingPhase>("off");
  const cards = signal<readonly Card[]>([]);
  const next = signal<string | null>(null);
  let requestId = 0;
  // The cards that changed while a page was on its way, which may be older.
  let changed: Card[] | null = null;

  function apply(card: Card): void {
    const shown = cards.value.find((one) => one.ticket === card.ticket);
    if (shown && shown.rev > card.rev) return;
    const belongs = accepts(card) ?? shown !== undefined;
    const others = cards.value.filter((one) => one !== shown);
    if (!belongs) cards.value = others;
    else if (shown) cards.value = cards.value.map((one) => (one === shown ? card : one));
    else insert(card, others);
  }

  function insert(card: Card, others: readonly Card[]): void {
    const at = others.findIndex((one) => order(card, one) < 0);
    // Behind the last card it comes with its page, if there is one.
    if (at < 0 && next.value !== null) return;
    cards.value = others.toSpliced(at < 0 ? others.length : at, 0, card);
  }

  async function load(after?: string): Promise<void> {
    requestId += 1;
    const mine = requestId;
    changed = [];
    try {
      const page = await socket.request("list", { ...query(), ...(after && { after }) });
      if (mine !== requestId) return;
      batch(() => {
        const inPage = new Set(page.cards.map((card) => card.ticket));
        const before = after ? cards.value.filter((card) => !inPage.has(card.ticket)) : [];
        cards.value = [...before, ...page.cards];
        next.value = page.next;
        phase.value = "done";
        changed?.forEach(apply);
      });
    } catch {
      if (mine === requestId) phase.value = "failed";
    } finally {
      if (mine === requestId) changed = null;
    }
  }

  socket.on("card", (card) => {
    if (phase.value === "off") return;
    changed?.push(card);
    apply(card);
  });

  return {
    phase,
    cards,
    next,
    find: (ticket: string): Card | null => cards.value.find((one) => one.ticket === ticket) ?? null,
    /** Loads the first page. What is shown stays until it has come. */
    load: (): Promise<void> =>
      untracked(() => {
        if (phase.value !== "done") phase.value = "asking";
        return load();
      }),
    more: (): Promise<void> => load(next.value ?? undefined),
    clear(): void {
      requestId += 1;
      batch(() => {
        phase.value = "off";
        cards.value = [];
        next.value = null;
      });
    },
  };
}

export type Listing = ReturnType<typeof createListing>;
