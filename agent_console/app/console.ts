/** The console's state: every idea has its file, here they are put together and kept true to the server. */
import { computed, effect, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Agent, Department, Refusal } from "../../client/protocol";
import type { Link } from "../connection/socket";
import { createDrafts } from "../conversation/drafts";
import { createMailbox, type Returned } from "../conversation/outgoing";
import type { Thread } from "../conversation/thread";
import { createThreads } from "../conversation/threads";
import { createActions } from "../conversation/ticket_actions";
import { createInbox } from "../inbox/inbox";
import { createSearch } from "../inbox/search";
import { createOffers } from "../presence/offers";
import { createPresence } from "../presence/presence";
import { refusalWords } from "../ui/labels";
import { words } from "./preferences";
import { createRoute } from "./router";
import { createNotices } from "./toasts";

function createParts(link: Link, self: Agent) {
  return {
    link,
    self,
    inbox: createInbox(link, self.id),
    presence: createPresence(link, self),
    offers: createOffers(link),
    threads: createThreads(link),
    search: createSearch(link),
    drafts: createDrafts(self.id),
    notices: createNotices(),
    route: createRoute(),
    departments: signal<readonly Department[]>([]),
  };
}

export type Parts = ReturnType<typeof createParts>;

/** Words that were refused go back into the composer; nothing that was typed is lost. */
function createReturns({ drafts, notices }: Parts) {
  const wordsOf = (why: Refusal): string =>
    why.by ? words.value.conflict.owner(why.by.name) : refusalWords(why, words.value);
  return ({ ticket, tone, text, why }: Returned): void => {
    const asNote = why.code === "conflict" && tone === "reply";
    drafts.giveBack(ticket, asNote ? "note" : tone, text);
    notices.say({ text: wordsOf(why), tone: "bad" });
  };
}

export function openDesk(link: Link, self: Agent) {
  const parts = createParts(link, self);
  const { inbox, presence, offers, threads, route } = parts;
  const actions = createActions(parts);
  const mailbox = createMailbox(link, threads, self.id, createReturns(parts));
  const dialog = signal<"sheet" | "hand-over" | "explain" | null>(null);

  /** Lists first, then each thread from its cursor, then what is still to be sent. */
  async function greet(): Promise<void> {
    try {
      const hello = await link.ask("hello", {});
      presence.load(hello);
      inbox.load(hello);
      parts.departments.value = hello.departments;
      offers.load(hello.offers);
      await threads.mendAll();
      mailbox.resume();
      actions.goodbyes.settleOwed();
    } catch {
      // The line went down again meanwhile: the next hello does it all.
    }
  }

  link.onUp(() => void greet());
  const stops = [
    link.online.subscribe((up) => {
      if (!up) mailbox.pause();
    }),
    effect(() => threads.show(route.place.value.ticket)),
  ];
  const flush = () => actions.goodbyes.flush();
  addEventListener("pagehide", flush, { capture: true });

  return {
    ...parts,
    actions,
    mailbox,
    dialog,
    /** Shown at once; the mark itself only grows, so that a lost one costs nothing. */
    markRead(thread: Thread, seq: number): void {
      thread.hearRead("agent", seq);
      inbox.read(thread.id);
      link.ask("mark_read", { ticket: thread.id, seq }).catch(() => undefined);
    },
    card: computed(() => inbox.cards.value.get(route.place.value.ticket ?? "") ?? null),
    close(): void {
      flush();
      removeEventListener("pagehide", flush, { capture: true });
      for (const stop of stops) stop();
      route.leave();
      link.close();
    },
  };
}

export type Desk = ReturnType<typeof openDesk>;

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("a view outside of the desk");
  return desk;
}
