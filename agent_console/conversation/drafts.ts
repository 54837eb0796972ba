/** Drafts: one answer and one note per ticket. They survive a reload and the end of the session. */
import { computed, signal } from "@preact/signals";
import { readStored, writeStored } from "../app/local_storage";

export type ComposerMode = "reply" | "note";

export interface Draft {
  mode: ComposerMode;
  reply: string;
  note: string;
}

const EMPTY: Draft = { mode: "reply", reply: "", note: "" };
const MAX_DRAFTS = 200;

/** Drafts belong to one agent, so that another agent on the same computer does not see them. */
export function createDrafts(agent: string) {
  const storageKey = `drafts.${agent}`;
  const all = signal<Record<string, Draft>>(readStored(storageKey, {}));

  function save(next: Record<string, Draft>): void {
    all.value = next;
    writeStored(storageKey, next);
  }

  function without(ticket: string): Record<string, Draft> {
    const { [ticket]: _gone, ...rest } = all.value;
    return rest;
  }

  function put(ticket: string, draft: Draft): void {
    const rest = without(ticket);
    const blank = draft.reply === "" && draft.note === "" && draft.mode === "reply";
    const entries = Object.entries(blank ? rest : { ...rest, [ticket]: draft });
    save(Object.fromEntries(entries.slice(-MAX_DRAFTS)));
  }

  const of = (ticket: string): Draft => all.value[ticket] ?? EMPTY;

  // One string, so that it stays equal while the agent types and the inbox is not drawn again at each keystroke.
  const withReply = computed(() =>
    Object.keys(all.value)
      .filter((ticket) => of(ticket).reply.trim() !== "")
      .join(" "),
  );

  return {
    of,
    put,
    hasReply: (ticket: string): boolean => withReply.value.split(" ").includes(ticket),
    setMode: (ticket: string, mode: ComposerMode): void => put(ticket, { ...of(ticket), mode }),
    /** Puts a refused text before what has been typed since. */
    restore(ticket: string, mode: ComposerMode, text: string): void {
      const draft = of(ticket);
      put(ticket, { ...draft, mode, [mode]: draft[mode] ? `${text}\n${draft[mode]}` : text });
    },
    /** Removes a text from the beginning of the reply. Returns false if the reply no longer begins with it. */
    take(ticket: string, text: string): boolean {
      const draft = of(ticket);
      const found = `${draft.reply}\n`.startsWith(`${text}\n`);
      if (found) put(ticket, { ...draft, reply: draft.reply.slice(text.length + 1) });
      return found;
    },
  };
}

export type Drafts = ReturnType<typeof createDrafts>;
