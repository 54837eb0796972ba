import { describe, expect, test } from "vitest";
import {
  acked,
  behind,
  caughtUp,
  changed,
  empty,
  missingBefore,
  noteAcked,
  noteAdded,
  opened,
  posted,
  prepended,
  type Timeline,
  written,
} from "../conversation/timeline";
import type { Message } from "../protocol";
import { dice, message, messages, note, TICKET } from "./fixtures";

const AT = "2026-11-23T09:00:00Z";
const fresh = () => empty("visitor", TICKET);
const seqs = (line: Timeline) => line.messages.map((one) => one.seq);
const says = (line: Timeline, client_id: string) =>
  written(line, { client_id, text: `text of ${client_id}`, at: AT });

describe("what arrives", () => {
  test("messages in order are applied", () => {
    expect(seqs(messages(1, 3).reduce(posted, fresh()))).toEqual([1, 2, 3]);
  });

  test("the same message twice stands once", () => {
    const line = posted(posted(fresh(), message(1)), message(1));
    expect(seqs(line)).toEqual([1]);
  });

  test("after a gap nothing is applied, and the line knows that it is behind", () => {
    const line = posted(posted(fresh(), message(1)), message(3));
    expect(seqs(line)).toEqual([1]);
    expect(behind(line)).toBe(true);
  });

  test("the catch-up fills the gap", () => {
    const gap = posted(posted(fresh(), message(1)), message(3));
    const line = caughtUp(gap, { messages: messages(2, 3), head: 3 });
    expect(seqs(line)).toEqual([1, 2, 3]);
    expect(behind(line)).toBe(false);
  });

  test("a catch-up of a long absence says that there is more", () => {
    const line = caughtUp(posted(fresh(), message(1)), { messages: messages(2, 201), head: 350 });
    expect(line.last).toBe(201);
    expect(behind(line)).toBe(true);
  });

  test("an event that overtakes the catch-up does no harm", () => {
    const early = posted(posted(fresh(), message(1)), message(4));
    const line = posted(caughtUp(early, { messages: messages(2, 4), head: 4 }), message(4));
    expect(seqs(line)).toEqual([1, 2, 3, 4]);
  });
});

describe("opening", () => {
  test("the last 200 of many begin where they begin", () => {
    const line = opened(empty("visitor"), TICKET, { messages: messages(101, 300), head: 300 });
    expect([line.last, missingBefore(line), behind(line)]).toEqual([300, 101, false]);
  });

  test("older lines are put before them without a gap", () => {
    const line = opened(empty("visitor"), TICKET, { messages: messages(101, 300), head: 300 });
    expect(seqs(prepended(line, messages(51, 100)))[0]).toBe(51);
    expect(seqs(prepended(line, messages(51, 90)))[0]).toBe(101);
  });

  test("coming back to the same ticket keeps what is here", () => {
    const before = opened(empty("visitor"), TICKET, { messages: messages(1, 300), head: 300 });
    const line = opened(before, TICKET, { messages: messages(103, 302), head: 302 });
    expect([line.messages.length, line.last]).toEqual([302, 302]);
  });

  test("after an absence of more than 200 lines the rest is caught up, not skipped", () => {
    const before = opened(empty("visitor"), TICKET, { messages: messages(1, 10), head: 10 });
    const line = opened(before, TICKET, { messages: messages(301, 500), head: 500 });
    expect([line.last, behind(line)]).toEqual([10, true]);
  });

  test("another ticket starts afresh", () => {
    const before = messages(1, 5).reduce(posted, fresh());
    const line = opened(before, "t-other", { messages: [], head: 0 });
    expect([line.ticket, line.messages.length]).toEqual(["t-other", 0]);
  });
});

describe("a restored server", () => {
  test("restart: its truth replaces ours, and what was never stored is kept", () => {
    const before = says(messages(1, 9).reduce(posted, fresh()), "unsent");
    const line = caughtUp(before, { restart: true, messages: messages(1, 4), head: 4 });
    expect([seqs(line), line.pending.length, behind(line)]).toEqual([[1, 2, 3, 4], 1, false]);
  });

  test("a hello with a smaller head is a restart too", () => {
    const before = messages(1, 9).reduce(posted, fresh());
    expect(opened(before, TICKET, { messages: messages(1, 4), head: 4 }).last).toBe(4);
  });

  test("so is another message under a seq that we hold", () => {
    const before = messages(1, 4).reduce(posted, fresh());
    const other = { ...message(4), id: "another" };
    const line = opened(before, TICKET, { messages: [...messages(1, 3), other, message(5)], head: 5 });
    expect(line.messages[3]?.id).toBe("another");
  });
});

describe("what we write", () => {
  test("is shown at once and becomes the message with its ack", () => {
    const sent = says(posted(fresh(), message(1)), "mine");
    expect(sent.pending[0]?.state).toBe("sending");
    const line = acked(sent, "mine", { seq: 2, id: "m2", at: AT });
    expect([line.pending.length, line.messages[1]?.text, line.messages[1]?.author.kind]).toEqual([
      0,
      "text of mine",
      "visitor",
    ]);
  });

  test("an ack ahead of a gap waits as sent for the catch-up", () => {
    const ahead = acked(says(posted(fresh(), message(1)), "mine"), "mine", { seq: 3, id: "m3", at: AT });
    expect([ahead.pending[0]?.state, behind(ahead)]).toEqual(["sent", true]);
    const line = caughtUp(ahead, { messages: [message(2), message(3, "visitor", "mine")], head: 3 });
    expect([seqs(line), line.pending.length]).toEqual([[1, 2, 3], 0]);
  });

  test("a lost ack: the catch-up brings our message, and it does not stand twice", () => {
    const line = posted(says(fresh(), "mine"), message(1, "visitor", "mine"));
    expect([seqs(line), line.pending.length]).toEqual([[1], 0]);
    expect(seqs(acked(line, "mine", { seq: 1, id: "m1", at: AT }))).toEqual([1]);
  });

  test("an agent's message under our client_id is not ours", () => {
    const line = posted(says(fresh(), "same"), message(1, "agent", "same"));
    expect(line.pending.length).toBe(1);
  });

  test("a reload that finds it in the outbox and in the transcript shows it once", () => {
    const line = says(posted(fresh(), message(1, "visitor", "mine")), "mine");
    expect(line.pending.length).toBe(0);
  });

  test("a failure shows on that text only", () => {
    const line = changed(says(says(fresh(), "one"), "two"), "one", { state: "failed" });
    expect(line.pending.map((one) => one.state)).toEqual(["failed", "sending"]);
  });

  test("an ack for something we no longer show still tells that there is news", () => {
    expect(behind(acked(fresh(), "gone", { seq: 1, id: "m1", at: AT }))).toBe(true);
  });
});

describe("notes", () => {
  test("have their own numbers and their own gaps", () => {
    const line = noteAdded(posted(empty("agent", TICKET), message(1)), note(2, 1));
    expect([line.notes.length, line.last, behind(line)]).toEqual([0, 1, true]);
    const full = caughtUp(line, { messages: [], head: 1, notes: [note(1, 0), note(2, 1)], notes_head: 2 });
    expect([full.notes.length, behind(full)]).toEqual([2, false]);
  });

  test("the last of many begin where they begin", () => {
    const answer = { messages: messages(1, 2), head: 2, notes: [note(41, 1), note(42, 2)], notes_head: 42 };
    expect(opened(empty("agent"), TICKET, answer).notesLast).toBe(42);
  });

  test("ours is shown at once and stands once", () => {
    const sent = written(posted(empty("agent", TICKET), message(1)), {
      client_id: "n1",
      text: "hm",
      at: AT,
      note: true,
    });
    const line = noteAcked(sent, "n1", { note_seq: 1, id: "n1", at: AT });
    expect([line.pending.length, line.notes[0]?.after]).toEqual([0, 1]);
    expect(noteAdded(line, note(1, 1)).notes.length).toBe(1);
  });
});

/** A server's log and a wire that loses, repeats and mixes up; the client only knows its rules. */
function play(seed: number): { line: Timeline; log: Message[] } {
  const roll = dice(seed);
  const log: Message[] = [];
  let wire: Message[] = [];
  let acks: Message[] = [];
  let line = fresh();
  let written_ = 0;
  const store = (one: Message) => {
    log.push(one);
    return one;
  };
  const catchUp = () => {
    line = caughtUp(line, { messages: log.slice(line.last, line.last + 5), head: log.length });
  };
  const step = [
    () => wire.push(store(message(log.length + 1))),
    () => {
      const client_id = `mine-${++written_}`;
      line = says(line, client_id);
      const stored = store({
        ...message(log.length + 1, "visitor", client_id),
        text: `text of ${client_id}`,
      });
      acks.push(stored);
    },
    () => {
      const one = wire[roll(wire.length)];
      if (one) line = posted(line, one);
    },
    () => {
      wire = wire.filter(() => roll(3) > 0);
    },
    () => {
      const one = acks[roll(acks.length)];
      if (one) line = acked(line, one.client_id ?? "", one);
    },
    () => {
      acks = acks.filter(() => roll(4) > 0);
    },
    catchUp,
  ];
  for (let turn = 0; turn < 120; turn++) step[roll(step.length)]?.();
  do catchUp();
  while (behind(line));
  return { line, log };
}

describe("any interleaving", () => {
  test("ends with exactly the server's log, in order, and nothing pending", () => {
    for (let seed = 1; seed <= 400; seed++) {
      const { line, log } = play(seed);
      expect(
        line.messages.map((one) => [one.seq, one.id, one.text]),
        `seed ${seed}`,
      ).toEqual(log.map((one) => [one.seq, one.id, one.text]));
      expect(line.pending, `seed ${seed}`).toEqual([]);
    }
  });
});
