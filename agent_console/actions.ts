/** What an agent does to a ticket: each asks the server, shows the result, and says so when it was not done. */
import { signal } from "@preact/signals";
import { LinkLost } from "../client/link";
import type { HandOver, Status, Ticket } from "../client/protocol";
import { createEndings, SECOND_THOUGHTS_MS } from "./ending";
import { Turned } from "./link";
import { troubleWords, visitorName } from "./names";
import { words } from "./settings";
import type { Parts } from "./store";

type Undo = { label: string; run: () => void };

export function createActions(parts: Parts) {
  const { link, inbox, offers, threads, notices, route } = parts;
  const goodbyes = new Map<string, () => void>();

  function fail(error: unknown, action?: Undo): void {
    notices.say({ text: troubleWords(error, words.value), tone: "bad", ...(action && { action }) });
  }

  function learn(ticket: Ticket): void {
    threads.known(ticket.id)?.learn(ticket);
    inbox.learn(ticket);
  }

  /** True: done, and the news is on screen. */
  async function order(work: () => Promise<{ ticket: Ticket }>, action?: Undo): Promise<boolean> {
    try {
      learn((await work()).ticket);
      return true;
    } catch (error) {
      fail(error, action);
      return false;
    }
  }

  const nameOf = (id: string): string => {
    const card = inbox.cards.peek().get(id);
    const person = threads.known(id)?.visitor.peek();
    const number = card?.number ?? threads.known(id)?.ticket.peek()?.number ?? 0;
    return visitorName({ name: person?.name ?? card?.name ?? null, number }, words.value);
  };

  /** The ticket whose composer wants the focus, as soon as it is drawn. */
  const writing = signal<string | null>(null);

  function open(id: string): void {
    route.go({ ticket: id, pane: "thread" });
  }

  /** Where there is no keyboard but the one on the screen, the focus would cover half of the thread with it. */
  function write(id: string): void {
    if (!matchMedia("(pointer: coarse)").matches) writing.value = id;
  }

  async function claim(id: string, over = false): Promise<void> {
    // Gone from here before it is ours: its end, "taken", would else be told as somebody else's luck.
    offers.drop(id);
    try {
      learn((await link.ask("claim", { ticket: id, over })).ticket);
      open(id);
      write(id);
    } catch (error) {
      const full = error instanceof Turned && error.refusal.reason === "capacity";
      fail(error, full ? { label: words.value.conflict.over, run: () => void claim(id, true) } : undefined);
    }
  }

  /** Ends that found no line: they are sent once it stands again, unless their visitor has written meanwhile. */
  const owed = new Map<string, Status>();

  async function finish(id: string, status: Status): Promise<void> {
    goodbyes.get(id)?.();
    goodbyes.delete(id);
    try {
      const done =
        status === "live"
          ? link.ask("end_chat", { ticket: id })
          : link.ask("set_status", { ticket: id, status });
      learn((await done).ticket);
    } catch (error) {
      if (error instanceof LinkLost) owed.set(id, status);
      fail(error);
    }
  }

  function settleOwed(): void {
    const ends = [...owed];
    owed.clear();
    for (const [id, status] of ends) {
      const unread = inbox.cards.peek().get(id)?.unread ?? 0;
      if (unread > 0) notices.say({ text: words.value.ending.kept(nameOf(id)), tone: "plain" });
      else void finish(id, status);
    }
  }

  const wishes = new Map<string, Status>();
  const endings = createEndings((id) => {
    const status = wishes.get(id) ?? "live";
    wishes.delete(id);
    void finish(id, status);
  });

  function keep(id: string): boolean {
    goodbyes.get(id)?.();
    goodbyes.delete(id);
    wishes.delete(id);
    return endings.undo(id);
  }

  /** `status` "live" stands for the plain end of a chat, where the server picks the status. */
  function endSoon(id: string, status: Status, text: string): void {
    if (endings.waiting.peek().has(id)) return;
    wishes.set(id, status);
    endings.begin(id);
    const undo = { label: words.value.undo, run: () => keep(id) && open(id) };
    goodbyes.set(id, notices.say({ text, tone: "plain", action: undo }, SECOND_THOUGHTS_MS));
    moveOn(id);
  }

  /** After an end comes whoever waits on my side; with nobody left the thread stays in view. */
  function moveOn(from: string): void {
    const next = inbox.lists
      .peek()
      .mine.find(
        (card) => card.ticket !== from && card.unread > 0 && !endings.waiting.peek().has(card.ticket),
      );
    if (!next || route.place.peek().ticket !== from) return;
    open(next.ticket);
    write(next.ticket);
  }

  // Handed over and not taken: the giver, who still has it, must know.
  const given = new Map<string, string>();
  link.hear("offer_ended", ({ ticket, reason }) => {
    const receiver = given.get(ticket);
    given.delete(ticket);
    if (receiver && reason !== "taken") {
      notices.say({ text: words.value.handOver.passed(receiver, nameOf(ticket)), tone: "plain" });
    }
  });
  offers.onEnd(({ card }, reason) => {
    notices.say({ text: words.value.offer.ended(visitorName(card, words.value), reason), tone: "plain" });
  });

  threads.onVisitorSays((id) => {
    if (keep(id)) notices.say({ text: words.value.ending.kept(nameOf(id)), tone: "plain" });
  });

  return {
    endings,
    settleOwed,
    nameOf,
    writing,
    write,
    open,
    claim,
    keep,
    fail,
    async decline(id: string): Promise<void> {
      await offers.decline(id).catch(fail);
    },
    end: (id: string): void => endSoon(id, "live", words.value.ending.done(nameOf(id))),
    async setStatus(id: string, status: Status): Promise<void> {
      const live = threads.known(id)?.ticket.peek()?.status === "live";
      const said = words.value.ending.status(nameOf(id), words.value.statuses[status]);
      if (status === "solved" && live) endSoon(id, "live", words.value.ending.done(nameOf(id)));
      else if (status === "solved" || status === "closed") endSoon(id, status, said);
      else await order(() => link.ask("set_status", { ticket: id, status }));
    },
    takeOver: (id: string): Promise<boolean> => order(() => link.ask("take_over", { ticket: id })),
    /** Null: it rings there now; else why not. The note comes by catching up: an ack carries the ticket only. */
    async handOver(id: string, to: HandOver["to"], name: string, note: string): Promise<unknown | null> {
      try {
        learn((await link.ask("hand_over", { ticket: id, to, ...(note.trim() && { note }) })).ticket);
        given.set(id, name);
        void threads.known(id)?.mend();
        return null;
      } catch (error) {
        return error;
      }
    },
    explain: (id: string) => link.ask("explain", { ticket: id }).then(({ decisions }) => decisions),
  };
}

export type Actions = ReturnType<typeof createActions>;
