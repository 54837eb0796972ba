/** The console's state: puts the parts together and synchronises them with the server after each connection. */
import { computed, effect, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Agent } from "../../client/protocol/agent";
import type { Refusal } from "../../client/protocol/shared";
import type { AgentSocket } from "../connection/socket";
import type { ComposerMode } from "../conversation/drafts";
import { createOutgoing, type RefusedMessage } from "../conversation/outgoing";
import type { Thread } from "../conversation/thread";
import { createTicketActions, type TicketActions } from "../conversation/ticket_actions";
import { isolate, refusalText } from "../ui/labels";
import type { Feature } from "./feature";
import { createParts, type Parts } from "./parts";
import { texts } from "./preferences";
import type { Router } from "./router";

/**
 * Puts a refused message back into the composer and shows why. After a refusal at capacity the agent may take the chat
 * anyway; then `send` gets the text, unless the agent has changed it.
 */
function createRefusalHandler(
  { drafts, toasts }: Parts,
  { claimAnyway }: TicketActions,
  send: (ticket: string, mode: ComposerMode, text: string) => void,
) {
  const textOf = (why: Refusal): string =>
    why.by ? texts.value.conflict.owner(isolate(why.by.name)) : refusalText(why, texts.value);
  return ({ ticket, mode, text, why }: RefusedMessage): void => {
    const full = why.reason === "capacity";
    const asNote = why.code === "conflict" && !full && mode === "reply";
    drafts.restore(ticket, asNote ? "note" : mode, text);
    const sendAnyway = claimAnyway(ticket, () => {
      const refused = drafts.takeRefused(ticket, mode);
      if (refused) send(ticket, mode, refused);
    });
    toasts.show({ text: textOf(why), tone: "bad", ...(full && { action: sendAnyway }) });
  };
}

export function createConsole(
  socket: AgentSocket,
  self: Agent,
  router: Router,
  startFeatures: readonly Feature[],
) {
  const parts = createParts(socket, self, router);
  const features = startFeatures.map((start) => start(parts));
  const { inbox, presence, service, offers, threads, teamViews } = parts;
  // As after hello, a rejection means that the connection was lost again.
  threads.onOpened((ticket) => {
    for (const feature of features)
      Promise.resolve(ticket)
        .then((opened) => feature.onThreadOpened?.(opened))
        .catch(() => undefined);
  });
  const actions = createTicketActions(parts);
  const onRefused = createRefusalHandler(parts, actions, (...message) => outgoing.send(...message));
  const outgoing = createOutgoing(socket, threads, self.id, onRefused);
  const dialog = signal<"shortcuts" | "hand-over" | "hold" | "explain" | null>(null);

  /** Loads the lists, then catches up each thread, then sends the outbox; then it is the features' turn. */
  async function syncOnConnect(): Promise<void> {
    try {
      const hello = await socket.request("hello", {});
      presence.load(hello);
      service.load(hello);
      inbox.load(hello);
      parts.departments.value = hello.departments;
      offers.load(hello);
      teamViews.reload();
      await threads.catchUpAll();
      outgoing.resume();
      actions.delayedEnds.sendMissed();
      await Promise.all(features.map((feature) => feature.afterHello?.()));
    } catch {
      // The connection was lost again; the next hello starts over.
    }
  }

  socket.onConnected(() => void syncOnConnect());
  const stops = [
    socket.online.subscribe((up) => {
      if (!up) outgoing.pause();
    }),
    effect(() => threads.show(router.ticket.value)),
    teamViews.start(),
  ];
  const flush = () => actions.delayedEnds.flush();
  addEventListener("pagehide", flush, { capture: true });

  return {
    ...parts,
    features,
    actions,
    outgoing,
    dialog,
    /** Shown at once. Read marks only grow, so a lost command does no harm. */
    markRead(thread: Thread, seq: number): void {
      thread.applyRead("agent", seq);
      inbox.markRead(thread.id);
      socket.request("mark_read", { ticket: thread.id, seq }).catch(() => undefined);
    },
    card: computed(() => inbox.find(router.ticket.value ?? "") ?? teamViews.find(router.ticket.value ?? "")),
    close(): void {
      flush();
      removeEventListener("pagehide", flush, { capture: true });
      for (const stop of stops) stop();
      for (const feature of features) feature.close?.();
      router.leave();
      socket.close();
    },
  };
}

export type AgentConsole = ReturnType<typeof createConsole>;

export const ConsoleContext = createContext<AgentConsole | null>(null);

export function useConsole(): AgentConsole {
  const agentConsole = useContext(ConsoleContext);
  if (!agentConsole) throw new Error("useConsole needs a ConsoleContext");
  return agentConsole;
}
