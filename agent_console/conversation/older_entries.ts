/** Loads the messages and notes before the first ones of a thread, a page at a time, up to the first one. */
import { computed, type Signal, signal } from "@preact/signals";
import {
  type AgentTimeline,
  applyAgentCatchUp,
  hasOlder,
  lacksNotes,
  olderCursors,
  prependAgentOlder,
} from "../../client/conversation/agent_timeline";
import type { AgentSocket } from "../connection/socket";

export function createOlderEntries(id: string, socket: AgentSocket, timeline: Signal<AgentTimeline>) {
  const state = signal<"idle" | "loading" | "failed">("idle");

  /** Loads one page. Returns false if it brought nothing, so that nobody asks for it for ever. */
  async function loadPage(around: (add: () => void) => void): Promise<boolean> {
    const asked = timeline.peek();
    const page = await socket.request("catch_up", { ticket: id, ...olderCursors(asked) });
    const change = page.restart ? applyAgentCatchUp : prependAgentOlder;
    around(() => {
      timeline.value = change(timeline.peek(), page);
    });
    const { messages, notes } = timeline.peek();
    return messages[0]?.seq !== asked.messages[0]?.seq || notes[0]?.note_seq !== asked.notes[0]?.note_seq;
  }

  return {
    state,
    exist: computed(() => hasOlder(timeline.value)),
    /** Calls `around` with a function that adds what came, so that the log can keep its place. */
    async load(around: (add: () => void) => void = (add) => add()): Promise<void> {
      if (state.peek() === "loading" || !hasOlder(timeline.peek())) return;
      state.value = "loading";
      try {
        // A message is complete only with the notes behind it.
        while ((await loadPage(around)) && lacksNotes(timeline.peek()));
        state.value = "idle";
      } catch {
        state.value = "failed";
      }
    },
  };
}
