/** The inbox: all loaded cards and their three lists. */
import { batch, computed, signal } from "@preact/signals";
import type { AgentHelloAck, Card } from "../../client/protocol/agent";
import type { Ticket } from "../../client/protocol/shared";
import { FINISHED_STATUSES } from "../../client/protocol/vocabulary";
import type { AgentSocket } from "../connection/socket";

export type ListName = "waiting" | "mine" | "open";
export const LISTS: readonly ListName[] = ["waiting", "mine", "open"];

type Cards = ReadonlyMap<string, Card>;

/**
 * The list of a card; unlike the server's lists, each card is in one only: an open ticket of mine is in "mine". Null
 * for none.
 */
export function listOf({ status, agent }: Card, me: string): ListName | null {
  if (FINISHED_STATUSES.includes(status)) return null;
  if (agent?.id === me) return "mine";
  if (status === "live") return agent ? null : "waiting";
  return status === "open" ? "open" : null;
}

const timeOrNever = (time: string | null): number =>
  time === null ? Number.MAX_SAFE_INTEGER : Date.parse(time);

const left = (card: Card): number => Number(card.visitor === "gone");

/**
 * Live chats first, then tickets that we must answer, then the others. A visitor who has left comes last among the
 * live.
 */
function urgency(card: Card): number {
  if (card.status === "live") return left(card);
  return card.status === "open" ? 2 : 3;
}

// "mine" is sorted by number, so that Alt+1 opens the same chat while messages come in.
const ORDER: Record<ListName, (a: Card, b: Card) => number> = {
  waiting: (a, b) =>
    left(a) - left(b) || timeOrNever(a.queued_at) - timeOrNever(b.queued_at) || a.number - b.number,
  mine: (a, b) => urgency(a) - urgency(b) || a.number - b.number,
  open: (a, b) => timeOrNever(a.due) - timeOrNever(b.due) || a.number - b.number,
};

export function sortIntoLists(cards: Cards, me: string): Record<ListName, Card[]> {
  const lists: Record<ListName, Card[]> = { waiting: [], mine: [], open: [] };
  for (const card of cards.values()) {
    const list = listOf(card, me);
    if (list) lists[list].push(card);
  }
  for (const list of LISTS) lists[list].sort(ORDER[list]);
  return lists;
}

/** Ignores a card with an older `rev`. */
export function withCard(cards: Cards, card: Card): Cards {
  const existing = cards.get(card.ticket);
  return existing && existing.rev > card.rev ? cards : new Map(cards).set(card.ticket, card);
}

export function createInbox(socket: AgentSocket, me: string) {
  const cards = signal<Cards>(new Map());
  const lists = computed(() => sortIntoLists(cards.value, me));
  const notLoaded = signal<Record<ListName, number>>({ waiting: 0, mine: 0, open: 0 });
  const cursors: Record<ListName, string | null> = { waiting: null, mine: null, open: null };
  const loaded = signal(false);

  const unreadListeners: ((card: Card) => void)[] = [];
  // The last card of each ticket that left the lists: an older one must not bring it back.
  const left = new Map<string, Card>();

  function add(card: Card): void {
    if (card.rev <= (left.get(card.ticket)?.rev ?? -1)) return;
    const before = cards.value.get(card.ticket)?.unread ?? 0;
    // The server sends a card for each change of any ticket. One that is in no list and was never loaded is ignored.
    if (listOf(card, me) === null && !cards.value.has(card.ticket)) return;
    cards.value = withCard(cards.value, card);
    if (card.unread > before) for (const listener of unreadListeners) listener(card);
  }

  function drop(ticket: string): void {
    const existing = cards.value.get(ticket);
    if (!existing) return;
    left.set(ticket, existing);
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
      const total = (list: ListName) => lists.value[list].length + notLoaded.value[list];
      return { waiting: total("waiting"), mine: total("mine"), open: total("open") };
    }),
    unread: computed(() => lists.value.mine.reduce((sum, card) => sum + card.unread, 0)),
    /** The visitor of a ticket has sent a new message. */
    onUnread: (listener: (card: Card) => void) => unreadListeners.push(listener),
    /** Applies the ticket of an ack, whose card event may come later. `elsewhere`: its card in another list. */
    applyTicket({ id, status, agent, category, rev, promise }: Ticket, elsewhere: Card | null = null): void {
      const card = cards.value.get(id) ?? elsewhere;
      if (card) add({ ...card, status, agent, category, rev, due: promise?.due ?? null });
    },
    /** Shown as read at once; the server's card follows. */
    markRead(ticket: string): void {
      const card = cards.value.get(ticket);
      if (card && card.unread > 0) cards.value = new Map(cards.value).set(ticket, { ...card, unread: 0 });
    },
    /** The card of a ticket, also after it has left the lists. */
    find: (ticket: string): Card | null => cards.value.get(ticket) ?? left.get(ticket) ?? null,
    hasMore: (list: ListName): boolean => notLoaded.value[list] > 0,

    /** Replaces all lists by those of hello. */
    load({ cards: first, counts }: Pick<AgentHelloAck, "cards" | "counts">): void {
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

    /**
     * Loads the next page. The first page repeats the cards of hello, which has no cursor, so it goes on to a page
     * with new cards.
     */
    async more(list: ListName): Promise<void> {
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
