import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Letter, Outbox, PATIENCE_MS, type Shelf, shelfIn } from "../conversation/outbox";
import type { Ack, Done, Refusal } from "../protocol";
import { LinkLost } from "../transport/websocket_transport";

const ok: Ack<Done> = { ok: true };
const no = (code: Refusal["code"], more: Partial<Refusal> = {}): Ack<Done> => ({
  ok: false,
  error: { code, message: code, ...more },
});

function letter(client_id: string, ticket: string | null = "t1", at = 0): Letter {
  return { client_id, ticket, text: `text of ${client_id}`, at };
}

function memoryShelf(kept: Letter[] = []): Shelf & { kept: Map<string, Letter> } {
  const map = new Map(kept.map((one) => [one.client_id, one]));
  return {
    kept: map,
    letters: () => [...map.values()],
    put: (one) => void map.set(one.client_id, one),
    drop: (id) => void map.delete(id),
  };
}

/** A server whose answers the test gives by hand, and a record of what the outbox told. */
function office(shelf = memoryShelf()) {
  const asked: { letter: Letter; answer: (ack: Ack<Done>) => void; lose: () => void }[] = [];
  const told: string[] = [];
  const outbox = new Outbox(shelf, {
    send: (one) =>
      new Promise((resolve, reject) => {
        asked.push({ letter: one, answer: resolve, lose: () => reject(new LinkLost()) });
      }),
    sending: () => {},
    acked: (one) => {
      told.push(`acked ${one.client_id}`);
      if (one.ticket === null) outbox.address("t9");
    },
    failed: (one) => told.push(`failed ${one.client_id}`),
    slowed: (one) => told.push(`slowed ${one.client_id}`),
    refused: (one, why) => told.push(`refused ${one.client_id} ${why.code}`),
  });
  const ids = () => asked.map((one) => one.letter.client_id);
  const answer = async (at: number, ack: Ack<Done>) => {
    asked[at]?.answer(ack);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { outbox, asked, told, ids, answer, shelf };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("order", () => {
  test("the next text goes only when the one before is stored", async () => {
    const { outbox, ids, answer, told } = office();
    outbox.resume();
    outbox.add(letter("one"));
    outbox.add(letter("two"));
    expect(ids()).toEqual(["one"]);
    await answer(0, ok);
    expect([ids(), told]).toEqual([["one", "two"], ["acked one"]]);
  });

  test("tickets do not wait for each other", () => {
    const { outbox, ids } = office();
    outbox.resume();
    outbox.add(letter("one", "t1"));
    outbox.add(letter("two", "t2"));
    expect(ids()).toEqual(["one", "two"]);
  });

  test("what was written behind the first words of a chat follows them into its ticket", async () => {
    const { outbox, asked, answer } = office();
    outbox.resume();
    outbox.add(letter("first", null));
    outbox.add(letter("second", null));
    await answer(0, ok);
    expect(asked[1]?.letter).toMatchObject({ client_id: "second", ticket: "t9" });
  });
});

describe("a lost link", () => {
  test("nothing is sent before the lines have caught up", () => {
    const { outbox, ids } = office();
    outbox.add(letter("one"));
    expect(ids()).toEqual([]);
    outbox.resume();
    expect(ids()).toEqual(["one"]);
  });

  test("what was under way is sent again under its own id, in order", async () => {
    const { outbox, asked, ids, answer, told } = office();
    outbox.resume();
    outbox.add(letter("one"));
    outbox.add(letter("two"));
    outbox.pause();
    asked[0]?.lose();
    await vi.advanceTimersByTimeAsync(0);
    outbox.resume();
    await answer(1, ok);
    await answer(2, ok);
    expect([ids(), told]).toEqual([
      ["one", "one", "two"],
      ["acked one", "acked two"],
    ]);
  });

  test("what the catch-up has shown already is not sent again", () => {
    const { outbox, ids, shelf } = office(memoryShelf([letter("one")]));
    outbox.take("one");
    outbox.resume();
    expect([ids(), shelf.kept.size]).toEqual([[], 0]);
  });

  test("a reload finds everything again, in the order it was written", () => {
    const { outbox, ids } = office(memoryShelf([letter("late", "t1", 9), letter("early", "t1", 3)]));
    outbox.resume();
    expect([outbox.letters.map((one) => one.client_id), ids()]).toEqual([["early", "late"], ["early"]]);
  });
});

describe("patience", () => {
  test("after 15 s the writer is told, and the late answer still counts, once", async () => {
    const { outbox, told, answer } = office();
    outbox.resume();
    outbox.add(letter("one"));
    vi.advanceTimersByTime(PATIENCE_MS - 1);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(["failed one"]);
    await answer(0, ok);
    expect(told).toEqual(["failed one", "acked one"]);
  });

  test("a retry keeps the id, and two answers are one", async () => {
    const { outbox, told, ids, answer, shelf } = office();
    outbox.resume();
    outbox.add(letter("one"));
    outbox.add(letter("two"));
    vi.advanceTimersByTime(PATIENCE_MS);
    outbox.retry("two");
    expect(ids()).toEqual(["one", "one"]);
    await answer(1, ok);
    await answer(0, ok);
    await answer(2, ok);
    expect([ids(), shelf.kept.size]).toEqual([["one", "one", "two"], 0]);
    expect(told.filter((line) => line.startsWith("acked"))).toEqual(["acked one", "acked two"]);
  });
});

describe("refusals", () => {
  test("too many: the text is kept and goes by itself when the wait is over", async () => {
    const { outbox, told, ids, answer } = office();
    outbox.resume();
    outbox.add(letter("one"));
    await answer(0, no("too_many", { retry_after: 7 }));
    outbox.add(letter("two"));
    await vi.advanceTimersByTimeAsync(6_999);
    expect([told, ids()]).toEqual([["slowed one"], ["one"]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ids()).toEqual(["one", "one"]);
  });

  test("what will never be taken is handed back, and the rest goes on", async () => {
    const { outbox, told, ids, answer, shelf } = office();
    outbox.resume();
    outbox.add(letter("one"));
    outbox.add(letter("two"));
    await answer(0, no("form_instead"));
    expect([told, ids(), shelf.kept.has("one")]).toEqual([
      ["refused one form_instead"],
      ["one", "two"],
      false,
    ]);
  });
});

describe("the shelf", () => {
  test("keeps one key a letter, so that two tabs never overwrite each other", () => {
    const store = fakeStorage();
    const [mine, theirs] = [shelfIn(() => store, "o:"), shelfIn(() => store, "o:")];
    mine.put(letter("one"));
    theirs.put(letter("two"));
    mine.drop("one");
    expect(mine.letters().map((one) => one.client_id)).toEqual(["two"]);
  });

  test("denied storage: nothing throws, memory serves for this page", () => {
    const denied = shelfIn(() => {
      throw new Error("denied");
    }, "o:");
    denied.put(letter("one"));
    expect(denied.letters()).toEqual([letter("one")]);
    denied.drop("one");
    expect(denied.letters()).toEqual([]);
  });

  test("what others wrote under our prefix is passed over", () => {
    const store = fakeStorage();
    store.setItem("o:bad", "{not json");
    store.setItem("o:odd", '{"text": 1}');
    expect(shelfIn(() => store, "o:").letters()).toEqual([]);
  });
});

function fakeStorage(): Storage {
  const hidden = { enumerable: false };
  const place = Object.create(
    {},
    {
      getItem: { value: (key: string) => place[key] ?? null, ...hidden },
      setItem: { value: (key: string, value: string) => Object.assign(place, { [key]: value }), ...hidden },
      removeItem: { value: (key: string) => delete place[key], ...hidden },
    },
  ) as Storage;
  return place;
}
