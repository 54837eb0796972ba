/** What is written and not yet sent, one reply and one note a conversation; survives reload and a lost session. */
import { computed, signal } from "@preact/signals";
import { remember, remembered } from "../app/local_storage";

export type Tone = "reply" | "note";

export interface Draft {
  tone: Tone;
  reply: string;
  note: string;
}

const EMPTY: Draft = { tone: "reply", reply: "", note: "" };
const MOST = 200;

/** Drafts belong to one agent: on a shared computer nobody finds another's words in their composer. */
export function createDrafts(agent: string) {
  const place = `drafts.${agent}`;
  const all = signal<Record<string, Draft>>(remembered(place, {}));

  function save(next: Record<string, Draft>): void {
    all.value = next;
    remember(place, next);
  }

  function without(ticket: string): Record<string, Draft> {
    const { [ticket]: _gone, ...rest } = all.value;
    return rest;
  }

  function put(ticket: string, draft: Draft): void {
    const rest = without(ticket);
    const blank = draft.reply === "" && draft.note === "" && draft.tone === "reply";
    const entries = Object.entries(blank ? rest : { ...rest, [ticket]: draft });
    save(Object.fromEntries(entries.slice(-MOST)));
  }

  const of = (ticket: string): Draft => all.value[ticket] ?? EMPTY;

  // One text, which stays equal while one types: or every letter would draw the whole inbox again.
  const held = computed(() =>
    Object.keys(all.value)
      .filter((ticket) => of(ticket).reply.trim() !== "")
      .join(" "),
  );

  return {
    of,
    put,
    waits: (ticket: string): boolean => held.value.split(" ").includes(ticket),
    turn: (ticket: string, tone: Tone): void => put(ticket, { ...of(ticket), tone }),
    /** Puts back words that could not be sent, before whatever was typed since. */
    giveBack(ticket: string, tone: Tone, text: string): void {
      const draft = of(ticket);
      put(ticket, { ...draft, tone, [tone]: draft[tone] ? `${text}\n${draft[tone]}` : text });
    },
  };
}

export type Drafts = ReturnType<typeof createDrafts>;
