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

const joined = (...texts: string[]): string => texts.filter(Boolean).join("\n");

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

  /** What was refused and put back, by ticket and mode. */
  const refused = new Map<string, string>();

  /** The refused texts at the beginning of the draft, if they are still there, and what follows. */
  function splitRefused(ticket: string, mode: ComposerMode): [refused: string, typed: string] {
    const text = of(ticket)[mode];
    const start = refused.get(ticket + mode);
    return start && `${text}\n`.startsWith(`${start}\n`) ? [start, text.slice(start.length + 1)] : ["", text];
  }

  return {
    of,
    put,
    hasReply: (ticket: string): boolean => withReply.value.split(" ").includes(ticket),
    setMode: (ticket: string, mode: ComposerMode): void => put(ticket, { ...of(ticket), mode }),
    /** Puts a refused text before what has been typed since, and behind those that were refused before it. */
    restore(ticket: string, mode: ComposerMode, text: string): void {
      const [before, typed] = splitRefused(ticket, mode);
      const all = joined(before, text);
      refused.set(ticket + mode, all);
      put(ticket, { ...of(ticket), mode, [mode]: joined(all, typed) });
    },
    /** Takes the refused texts out of the draft; "" if the agent has changed them. */
    takeRefused(ticket: string, mode: ComposerMode): string {
      const [text, typed] = splitRefused(ticket, mode);
      if (text) put(ticket, { ...of(ticket), [mode]: typed });
      return text;
    },
  };
}

export type Drafts = ReturnType<typeof createDrafts>;
