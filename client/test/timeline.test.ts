import { describe, expect, test } from "vitest";
import {
  addPending,
  applyAck,
  applyCatchUp,
  applyMessage,
  emptyTimeline,
  hasGap,
  missingBefore,
  prependOlder,
  reset,
  type Timeline,
  updatePending,
} from "../conversation/timeline";
import type { Message } from "../protocol/shared";
import { message, messages, seededRandom, TICKET } from "./fixtures";

const AT = "2026-11-23T09:00:00Z";
const fresh = () => emptyTimeline("visitor", TICKET);
const seqs = (timeline: Timeline) => timeline.messages.map((one) => one.seq);
const says = (timeline: Timeline, client_id: string) =>
  addPending(timeline, { client_id, text: `text of ${client_id}`, at: AT });

describe("applying messages", () => {
  test("messages in order are applied", () => {
    expect(seqs(messages(1, 3).reduce(applyMessage, fresh()))).toEqual([1, 2, 3]);
  });

  test("the same message twice appears once", () => {
    const timeline = applyMessage(applyMessage(fresh(), message(1)), message(1));
    expect(seqs(timeline)).toEqual([1]);
  });

  test("after a gap nothing is applied, and hasGap is true", () => {
    const timeline = applyMessage(applyMessage(fresh(), message(1)), message(3));
    expect(seqs(timeline)).toEqual([1]);
    expect(hasGap(timeline)).toBe(true);
  });

  test("the catch-up fills the gap", () => {
    const gap = applyMessage(applyMessage(fresh(), message(1)), message(3));
    const timeline = applyCatchUp(gap, { messages: messages(2, 3), head: 3 });
    expect(seqs(timeline)).toEqual([1, 2, 3]);
    expect(hasGap(timeline)).toBe(false);
  });

  test("a catch-up that does not reach the head leaves a gap", () => {
    const timeline = applyCatchUp(applyMessage(fresh(), message(1)), {
      messages: messages(2, 201),
      head: 350,
    });
    expect(timeline.last).toBe(201);
    expect(hasGap(timeline)).toBe(true);
  });

  test("an event that overtakes the catch-up is applied once", () => {
    const early = applyMessage(applyMessage(fresh(), message(1)), message(4));
    const timeline = applyMessage(applyCatchUp(early, { messages: messages(2, 4), head: 4 }), message(4));
    expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
  });
});

describe("opening", () => {
  test("starts at the first of the last 200 messages", () => {
    const timeline = reset(emptyTimeline("visitor"), TICKET, { messages: messages(101, 300), head: 300 });
    expect([timeline.last, missingBefore(timeline), hasGap(timeline)]).toEqual([300, 101, false]);
  });

  test("older messages are added only without a gap", () => {
    const timeline = reset(emptyTimeline("visitor"), TICKET, { messages: messages(101, 300), head: 300 });
    expect(seqs(prependOlder(timeline, messages(51, 100)))[0]).toBe(51);
    expect(seqs(prependOlder(timeline, messages(51, 90)))[0]).toBe(101);
  });

  test("reopening the same ticket keeps its messages", () => {
    const before = reset(emptyTimeline("visitor"), TICKET, { messages: messages(1, 300), head: 300 });
    const timeline = reset(before, TICKET, { messages: messages(103, 302), head: 302 });
    expect([timeline.messages.length, timeline.last]).toEqual([302, 302]);
  });

  test("after more than 200 missed messages the rest is caught up, not skipped", () => {
    const before = reset(emptyTimeline("visitor"), TICKET, { messages: messages(1, 10), head: 10 });
    const timeline = reset(before, TICKET, { messages: messages(301, 500), head: 500 });
    expect([timeline.last, hasGap(timeline)]).toEqual([10, true]);
  });

  test("another ticket replaces the timeline", () => {
    const before = messages(1, 5).reduce(applyMessage, fresh());
    const timeline = reset(before, "t-other", { messages: [], head: 0 });
    expect([timeline.ticket, timeline.messages.length]).toEqual(["t-other", 0]);
  });
});

describe("a server restored from a backup", () => {
  test("restart: its messages replace ours, and texts that were never stored stay", () => {
    const before = says(messages(1, 9).reduce(applyMessage, fresh()), "unsent");
    const timeline = applyCatchUp(before, { restart: true, messages: messages(1, 4), head: 4 });
    expect([seqs(timeline), timeline.pending.length, hasGap(timeline)]).toEqual([[1, 2, 3, 4], 1, false]);
  });

  test("a hello with a smaller head restarts the timeline", () => {
    const before = messages(1, 9).reduce(applyMessage, fresh());
    expect(reset(before, TICKET, { messages: messages(1, 4), head: 4 }).last).toBe(4);
  });

  test("another message under one of our seqs restarts the timeline", () => {
    const before = messages(1, 4).reduce(applyMessage, fresh());
    const other = { ...message(4), id: "another" };
    const timeline = reset(before, TICKET, { messages: [...messages(1, 3), other, message(5)], head: 5 });
    expect(timeline.messages[3]?.id).toBe("another");
  });
});

describe("our own texts", () => {
  test("appear at once and become messages with their ack", () => {
    const sent = says(applyMessage(fresh(), message(1)), "mine");
    expect(sent.pending[0]?.state).toBe("sending");
    const timeline = applyAck(sent, "mine", { seq: 2, id: "m2", at: AT });
    expect([timeline.pending.length, timeline.messages[1]?.text, timeline.messages[1]?.author.kind]).toEqual([
      0,
      "text of mine",
      "visitor",
    ]);
  });

  test("acknowledged ahead of a gap stay pending as sent until the catch-up", () => {
    const ahead = applyAck(says(applyMessage(fresh(), message(1)), "mine"), "mine", {
      seq: 3,
      id: "m3",
      at: AT,
    });
    expect([ahead.pending[0]?.state, hasGap(ahead)]).toEqual(["sent", true]);
    const timeline = applyCatchUp(ahead, { messages: [message(2), message(3, "visitor", "mine")], head: 3 });
    expect([seqs(timeline), timeline.pending.length]).toEqual([[1, 2, 3], 0]);
  });

  test("whose ack was lost appear once after the catch-up", () => {
    const timeline = applyMessage(says(fresh(), "mine"), message(1, "visitor", "mine"));
    expect([seqs(timeline), timeline.pending.length]).toEqual([[1], 0]);
    expect(seqs(applyAck(timeline, "mine", { seq: 1, id: "m1", at: AT }))).toEqual([1]);
  });

  test("an agent's message with the same client_id does not replace our text", () => {
    const timeline = applyMessage(says(fresh(), "same"), message(1, "agent", "same"));
    expect(timeline.pending.length).toBe(1);
  });

  test("a text that is both in the outbox and in the transcript appears once", () => {
    const timeline = says(applyMessage(fresh(), message(1, "visitor", "mine")), "mine");
    expect(timeline.pending.length).toBe(0);
  });

  test("a failure marks that text only", () => {
    const timeline = updatePending(says(says(fresh(), "one"), "two"), "one", { state: "failed" });
    expect(timeline.pending.map((one) => one.state)).toEqual(["failed", "sending"]);
  });

  test("an ack of a text that is no longer here still raises the head", () => {
    expect(hasGap(applyAck(fresh(), "gone", { seq: 1, id: "m1", at: AT }))).toBe(true);
  });
});

/** Runs one random interleaving: the server's messages are delivered late, twice, out of order or not at all. */
function play(seed: number): { timeline: Timeline; log: Message[] } {
  const roll = seededRandom(seed);
  const log: Message[] = [];
  let wire: Message[] = [];
  let acks: Message[] = [];
  let timeline = fresh();
  let count = 0;
  const store = (one: Message) => {
    log.push(one);
    return one;
  };
  const catchUp = () => {
    timeline = applyCatchUp(timeline, {
      messages: log.slice(timeline.last, timeline.last + 5),
      head: log.length,
    });
  };
  const step = [
    () => wire.push(store(message(log.length + 1))),
    () => {
      const client_id = `mine-${++count}`;
      timeline = says(timeline, client_id);
      const stored = store({
        ...message(log.length + 1, "visitor", client_id),
        text: `text of ${client_id}`,
      });
      acks.push(stored);
    },
    () => {
      const one = wire[roll(wire.length)];
      if (one) timeline = applyMessage(timeline, one);
    },
    () => {
      wire = wire.filter(() => roll(3) > 0);
    },
    () => {
      const one = acks[roll(acks.length)];
      if (one) timeline = applyAck(timeline, one.client_id ?? "", one);
    },
    () => {
      acks = acks.filter(() => roll(4) > 0);
    },
    catchUp,
  ];
  for (let turn = 0; turn < 120; turn++) step[roll(step.length)]?.();
  do catchUp();
  while (hasGap(timeline));
  return { timeline, log };
}

describe("every interleaving", () => {
  test("ends with exactly the server's messages, in order, and nothing pending", () => {
    for (let seed = 1; seed <= 400; seed++) {
      const { timeline, log } = play(seed);
      expect(
        timeline.messages.map((one) => [one.seq, one.id, one.text]),
        `seed ${seed}`,
      ).toEqual(log.map((one) => [one.seq, one.id, one.text]));
      expect(timeline.pending, `seed ${seed}`).toEqual([]);
    }
  });
});
