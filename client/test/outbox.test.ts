import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ACK_TIMEOUT_MS,
  Outbox,
  type OutboxMessage,
  type OutboxStorage,
  outboxStorageIn,
} from "../conversation/outbox";
import type { Ack, Refusal, Reply } from "../protocol/shared";
import { ConnectionLost } from "../transport/transport";

const ok: Reply<Ack> = { ok: true };
const no = (code: Refusal["code"], more: Partial<Refusal> = {}): Reply<Ack> => ({
  ok: false,
  error: { code, message: code, ...more },
});

function outgoing(client_id: string, ticket: string | null = "t1", at = 0): OutboxMessage {
  return { client_id, ticket, text: `text of ${client_id}`, at };
}

function memoryStorage(stored: OutboxMessage[] = []): OutboxStorage & { stored: Map<string, OutboxMessage> } {
  const map = new Map(stored.map((message) => [message.client_id, message]));
  return {
    stored: map,
    messages: () => [...map.values()],
    put: (message) => void map.set(message.client_id, message),
    remove: (id) => void map.delete(id),
  };
}

/** An outbox whose acks the test sends by hand, and the calls that its handler received. */
function setup(storage = memoryStorage()) {
  const asked: { outgoing: OutboxMessage; answer: (ack: Reply<Ack>) => void; lose: () => void }[] = [];
  const calls: string[] = [];
  const outbox = new Outbox(storage, {
    send: (message) =>
      new Promise((resolve, reject) => {
        asked.push({ outgoing: message, answer: resolve, lose: () => reject(new ConnectionLost()) });
      }),
    onSending: () => {},
    onAcked: (message) => {
      calls.push(`acked ${message.client_id}`);
      if (message.ticket === null) outbox.assignTicket("t9");
    },
    onFailed: (message) => calls.push(`failed ${message.client_id}`),
    onSlowedDown: (message) => calls.push(`slowed ${message.client_id}`),
    onRefused: (message, why) => calls.push(`refused ${message.client_id} ${why.code}`),
  });
  const ids = () => asked.map((message) => message.outgoing.client_id);
  const answer = async (at: number, ack: Reply<Ack>) => {
    asked[at]?.answer(ack);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { outbox, asked, calls, ids, answer, storage };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("order", () => {
  test("a message is sent only after the one before is stored", async () => {
    const { outbox, ids, answer, calls } = setup();
    outbox.resume();
    outbox.add(outgoing("one"));
    outbox.add(outgoing("two"));
    expect(ids()).toEqual(["one"]);
    await answer(0, ok);
    expect([ids(), calls]).toEqual([["one", "two"], ["acked one"]]);
  });

  test("tickets do not wait for each other", () => {
    const { outbox, ids } = setup();
    outbox.resume();
    outbox.add(outgoing("one", "t1"));
    outbox.add(outgoing("two", "t2"));
    expect(ids()).toEqual(["one", "two"]);
  });

  test("messages written before the chat has a ticket follow the first one into it", async () => {
    const { outbox, asked, answer } = setup();
    outbox.resume();
    outbox.add(outgoing("first", null));
    outbox.add(outgoing("second", null));
    await answer(0, ok);
    expect(asked[1]?.outgoing).toMatchObject({ client_id: "second", ticket: "t9" });
  });
});

describe("a lost connection", () => {
  test("nothing is sent before the timelines have caught up", () => {
    const { outbox, ids } = setup();
    outbox.add(outgoing("one"));
    expect(ids()).toEqual([]);
    outbox.resume();
    expect(ids()).toEqual(["one"]);
  });

  test("unacknowledged messages are sent again under their own ids, in order", async () => {
    const { outbox, asked, ids, answer, calls } = setup();
    outbox.resume();
    outbox.add(outgoing("one"));
    outbox.add(outgoing("two"));
    outbox.pause();
    asked[0]?.lose();
    await vi.advanceTimersByTimeAsync(0);
    outbox.resume();
    await answer(1, ok);
    await answer(2, ok);
    expect([ids(), calls]).toEqual([
      ["one", "one", "two"],
      ["acked one", "acked two"],
    ]);
  });

  test("a message that the catch-up brought is not sent again", () => {
    const { outbox, ids, storage } = setup(memoryStorage([outgoing("one")]));
    outbox.take("one");
    outbox.resume();
    expect([ids(), storage.stored.size]).toEqual([[], 0]);
  });

  test("after a reload the stored messages are sent in the order they were written", () => {
    const { outbox, ids } = setup(memoryStorage([outgoing("late", "t1", 9), outgoing("early", "t1", 3)]));
    outbox.resume();
    expect([outbox.messages.map((message) => message.client_id), ids()]).toEqual([
      ["early", "late"],
      ["early"],
    ]);
  });
});

describe("timeouts", () => {
  test("after 15 s without an ack the handler is called, and a late ack still counts once", async () => {
    const { outbox, calls, answer } = setup();
    outbox.resume();
    outbox.add(outgoing("one"));
    vi.advanceTimersByTime(ACK_TIMEOUT_MS - 1);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(calls).toEqual(["failed one"]);
    await answer(0, ok);
    expect(calls).toEqual(["failed one", "acked one"]);
  });

  test("a retry uses the same id, and a second ack is ignored", async () => {
    const { outbox, calls, ids, answer, storage } = setup();
    outbox.resume();
    outbox.add(outgoing("one"));
    outbox.add(outgoing("two"));
    vi.advanceTimersByTime(ACK_TIMEOUT_MS);
    outbox.retry("two");
    expect(ids()).toEqual(["one", "one"]);
    await answer(1, ok);
    await answer(0, ok);
    await answer(2, ok);
    expect([ids(), storage.stored.size]).toEqual([["one", "one", "two"], 0]);
    expect(calls.filter((call) => call.startsWith("acked"))).toEqual(["acked one", "acked two"]);
  });
});

describe("refusals", () => {
  test("too_many: the message stays and is sent again when the pause is over", async () => {
    const { outbox, calls, ids, answer } = setup();
    outbox.resume();
    outbox.add(outgoing("one"));
    await answer(0, no("too_many", { retry_after: 7 }));
    outbox.add(outgoing("two"));
    await vi.advanceTimersByTimeAsync(6_999);
    expect([calls, ids()]).toEqual([["slowed one"], ["one"]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ids()).toEqual(["one", "one"]);
  });

  test("a refused message is handed to the caller, and the next is sent", async () => {
    const { outbox, calls, ids, answer, storage } = setup();
    outbox.resume();
    outbox.add(outgoing("one"));
    outbox.add(outgoing("two"));
    await answer(0, no("form_instead"));
    expect([calls, ids(), storage.stored.has("one")]).toEqual([
      ["refused one form_instead"],
      ["one", "two"],
      false,
    ]);
  });
});

describe("the storage", () => {
  test("has one key per message, so that two tabs never overwrite each other", () => {
    const store = fakeStorage();
    const [mine, theirs] = [outboxStorageIn(() => store, "o:"), outboxStorageIn(() => store, "o:")];
    mine.put(outgoing("one"));
    theirs.put(outgoing("two"));
    mine.remove("one");
    expect(mine.messages().map((message) => message.client_id)).toEqual(["two"]);
  });

  test("where web storage is denied, messages stay in memory and nothing throws", () => {
    const denied = outboxStorageIn(() => {
      throw new Error("denied");
    }, "o:");
    denied.put(outgoing("one"));
    expect(denied.messages()).toEqual([outgoing("one")]);
    denied.remove("one");
    expect(denied.messages()).toEqual([]);
  });

  test("entries of other scripts under our prefix are ignored", () => {
    const store = fakeStorage();
    store.setItem("o:bad", "{not json");
    store.setItem("o:odd", '{"text": 1}');
    store.setItem("o:null", "null");
    store.setItem("o:timeless", '{"client_id": "0193-test-client-id", "text": "Hello", "at": "soon"}');
    expect(outboxStorageIn(() => store, "o:").messages()).toEqual([]);
  });
});

function fakeStorage(): Storage {
  const hidden = { enumerable: false };
  const store = Object.create(
    {},
    {
      getItem: { value: (key: string) => store[key] ?? null, ...hidden },
      setItem: { value: (key: string, value: string) => Object.assign(store, { [key]: value }), ...hidden },
      removeItem: { value: (key: string) => delete store[key], ...hidden },
    },
  ) as Storage;
  return store;
}
