/** The console's state: every idea has its file, here they are put together and kept true to the server. */
import { computed, effect, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Agent, Department, Refusal } from "../../client/protocol";
import type { AgentSocket } from "../connection/socket";
import { createDrafts } from "../conversation/drafts";
import { createOutgoing, type RefusedMessage } from "../conversation/outgoing";
import type { Thread } from "../conversation/thread";
import { createThreads } from "../conversation/threads";
import { createTicketActions } from "../conversation/ticket_actions";
import { createInbox } from "../inbox/inbox";
import { createSearch } from "../inbox/search";
import { createOffers } from "../presence/offers";
import { createPresence } from "../presence/presence";
import { refusalText } from "../ui/labels";
import { texts } from "./preferences";
import { createRoute } from "./router";
import { createToasts } from "./toasts";

function createParts(socket: AgentSocket, self: Agent) {
  return {
    socket,
    self,
    inbox: createInbox(socket, self.id),
    presence: createPresence(socket, self),
    offers: createOffers(socket),
    threads: createThreads(socket),
    search: createSearch(socket),
    drafts: createDrafts(self.id),
    toasts: createToasts(),
    router: createRoute(),
    departments: signal<readonly Department[]>([]),
  };
}

export type Parts = ReturnType<typeof createParts>;

/** Words that were refused go back into the composer; nothing that was typed is lost. */
function createRefusalHandler({ drafts, toasts }: Parts) {
  const textOf = (why: Refusal): string =>
    why.by ? texts.value.conflict.owner(why.by.name) : refusalText(why, texts.value);
  return ({ ticket, tone, text, why }: RefusedMessage): void => {
    const asNote = why.code === "conflict" && tone === "reply";
    drafts.restore(ticket, asNote ? "note" : tone, text);
    toasts.show({ text: textOf(why), tone: "bad" });
  };
}

export function createConsole(socket: AgentSocket, self: Agent) {
  const parts = createParts(socket, self);
  const { inbox, presence, offers, threads, router } = parts;
  const actions = createTicketActions(parts);
  const outgoing = createOutgoing(socket, threads, self.id, createRefusalHandler(parts));
  const dialog = signal<"shortcuts" | "hand-over" | "explain" | null>(null);

  /** Lists first, then each thread from its cursor, then what is still to be sent. */
  async function syncOnConnect(): Promise<void> {
    try {
      const hello = await socket.request("hello", {});
      presence.load(hello);
      inbox.load(hello);
      parts.departments.value = hello.departments;
      offers.load(hello.offers);
      await threads.catchUpAll();
      outgoing.resume();
      actions.delayedEnds.sendMissed();
    } catch {
      // The line went down again meanwhile: the next hello does it all.
    }
  }

  socket.onConnected(() => void syncOnConnect());
  const stops = [
    socket.online.subscribe((up) => {
      if (!up) outgoing.pause();
    }),
    effect(() => threads.show(router.place.value.ticket)),
  ];
  const flush = () => actions.delayedEnds.flush();
  addEventListener("pagehide", flush, { capture: true });

  return {
    ...parts,
    actions,
    outgoing,
    dialog,
    /** Shown at once; the mark itself only grows, so that a lost one costs nothing. */
    markRead(thread: Thread, seq: number): void {
      thread.applyRead("agent", seq);
      inbox.markRead(thread.id);
      socket.request("mark_read", { ticket: thread.id, seq }).catch(() => undefined);
    },
    card: computed(() => inbox.cards.value.get(router.place.value.ticket ?? "") ?? null),
    close(): void {
      flush();
      removeEventListener("pagehide", flush, { capture: true });
      for (const stop of stops) stop();
      router.leave();
      socket.close();
    },
  };
}

export type AgentConsole = ReturnType<typeof createConsole>;

export const ConsoleContext = createContext<AgentConsole | null>(null);

export function useConsole(): AgentConsole {
  const agentConsole = useContext(ConsoleContext);
  if (!agentConsole) throw new Error("a view outside of the desk");
  return agentConsole;
}
