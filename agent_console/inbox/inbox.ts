/** The inbox: every card we know, and the three lists they fall into. */
import { batch, computed, signal } from "@preact/signals";
import type { AgentHello, Card, Ticket } from "../../client/protocol";
import type { AgentSocket } from "../connection/socket";

export type List = "waiting" | "mine" | "open";
export const LISTS: readonly List[] = ["waiting", "mine", "open"];

type Cards = ReadonlyMap<string, Card>;

/** The server's lists, but each card once: an open one of mine stands under mine only. Null: in none of them. */
export function listOf({ status, agent }: Card, me: string): List | null {
  if (status === "solved" || status === "closed") return null;
  if (agent?.id === me) return "mine";
  if (status === "live") return agent ? null : "waiting";
  return status === "open" ? "open" : null;
}

const timeOrNever = (time: string | null): number =>
  time === null ? Number.MAX_SAFE_INTEGER : Date.parse(time);

const left = (card: Card): number => Number(card.visitor === "gone");

/** Live chats first, then what we owe, then what others owe us; who has left sinks. */
function urgency(card: Card): number {
  if (card.status === "live") return left(card);
  return card.status === "open" ? 2 : 3;
}

// Mine keep their places while they are talked in, so that Alt+1 stays the same person.
const ORDER: Record<List, (a: Card, b: Card) => number> = {
  waiting: (a, b) =>
    left(a) - left(b) || timeOrNever(a.queued_at) - timeOrNever(b.queued_at) || a.number - b.number,
  mine: (a, b) => urgency(a) - urgency(b) || a.number - b.number,
  open: (a, b) => timeOrNever(a.due) - timeOrNever(b.due) || a.number - b.number,
};

export function sortIntoLists(cards: Cards, me: string): Record<List, Card[]> {
  const lists: Record<List, Card[]> = { waiting: [], mine: [], open: [] };
  for (const card of cards.values()) {
    const list = listOf(card, me);
    if (list) lists[list].push(card);
  }
  for (const list of LISTS) lists[list].sort(ORDER[list]);
  return lists;
}

/** Older news than what is here (by `rev`) changes nothing. */
export function withCard(cards: Cards, card: Card): Cards {
  const existing = cards.get(card.ticket);
  return existing && existing.rev > card.rev ? cards : new Map(cards).set(card.ticket, card);
}

export function createInbox(socket: AgentSocket, me: string) {
  const cards = signal<Cards>(new Map());
  const lists = computed(() => sortIntoLists(cards.value, me));
  const notLoaded = signal<Record<List, number>>({ waiting: 0, mine: 0, open: 0 });
  const cursors: Record<List, string | null> = { waiting: null, mine: null, open: null };
  const loaded = signal(false);

  const unreadListeners: ((card: Card) => void)[] = [];
  // The rev with which a ticket left the lists: a card that comes late must not bring it back.
  const left = new Map<string, number>();

  function add(card: Card): void {
    if (card.rev <= (left.get(card.ticket) ?? -1)) return;
    const before = cards.value.get(card.ticket)?.unread ?? 0;
    // Every change of any ticket is told; those of no list that were never here are nobody's business.
    if (listOf(card, me) === null && !cards.value.has(card.ticket)) return;
    cards.value = withCard(cards.value, card);
    if (card.unread > before) for (const listener of unreadListeners) listener(card);
  }

  function drop(ticket: string): void {
    const existing = cards.value.get(ticket);
    if (!existing) return;
    left.set(ticket, existing.rev);
    const rest = new Map(cards.value);
    rest.delete(ticket);
    cards.value = rest;
  }

  socket.on("card", add);
  socket.on("gone", ({ ticket }) => drop(ticket));

  return {
    cards,
    lists,
    loaded,
    add,
    counts: computed(() => {
      const total = (list: List) => lists.value[list].length + notLoaded.value[list];
      return { waiting: total("waiting"), mine: total("mine"), open: total("open") };
    }),
    unread: computed(() => lists.value.mine.reduce((sum, card) => sum + card.unread, 0)),
    /** The visitor of a ticket has written something that nobody has read. */
    onUnread: (listener: (card: Card) => void) => unreadListeners.push(listener),
    /** An ack is our copy of a change that the others hear as a card. */
    applyTicket({ id, status, agent, category, rev, promise }: Ticket): void {
      const card = cards.value.get(id);
      if (card) add({ ...card, status, agent, category, rev, due: promise?.due ?? null });
    },
    /** Shown read at once; the server's own card follows. */
    markRead(ticket: string): void {
      const card = cards.value.get(ticket);
      if (card && card.unread > 0) cards.value = new Map(cards.value).set(ticket, { ...card, unread: 0 });
    },
    hasMore: (list: List): boolean => notLoaded.value[list] > 0,

    /** The lists as they now are; whatever was known before is forgotten. */
    load({ cards: first, counts }: Pick<AgentHello, "cards" | "counts">): void {
      batch(() => {
        cards.value = new Map(LISTS.flatMap((list) => first[list].map((card) => [card.ticket, card])));
        notLoaded.value = {
          waiting: Math.max(0, counts.waiting - first.waiting.length),
          mine: Math.max(0, counts.mine - first.mine.length),
          open: Math.max(0, counts.open - first.open.length),
        };
        for (const list of LISTS) cursors[list] = null;
        loaded.value = true;
      });
    },

    /** The next page. The first repeats what hello brought, which has no cursor: so on to one that has news. */
    async more(list: List): Promise<void> {
      const before = lists.value[list].length;
      do {
        const page = await socket.request("list", { view: list, after: cursors[list] ?? null });
        page.cards.forEach(add);
        cursors[list] = page.next;
      } while (cursors[list] && lists.value[list].length === before);
      const grown = lists.value[list].length - before;
      notLoaded.value = {
        ...notLoaded.value,
        [list]: cursors[list] ? Math.max(1, notLoaded.value[list] - grown) : 0,
      };
    },
  };
}

export type Inbox = ReturnType<typeof createInbox>;
