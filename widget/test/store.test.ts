import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { texts } from "../locales/en";
import type { Store } from "../state/store";
import { Page, Server } from "./fake_server";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** All that is due by now, promises included. */
const calm = () => vi.advanceTimersByTimeAsync(1);
const shownTexts = (store: Store) => [
  ...store.state.timeline.messages.map((one) => one.text),
  ...store.state.timeline.pending.map((one) => `${one.text} (${one.state})`),
];

async function vic(server = new Server(), page = new Page()) {
  const store = page.frame(server);
  await calm();
  return { server, page, store };
}

async function says(store: Store, text: string): Promise<void> {
  store.write(text);
  store.send();
  await calm();
}

describe("the first words", () => {
  test("nothing is kept before the visitor acts, and the token only once the chat has begun", async () => {
    const { store, page } = await vic();
    expect(page.stored).toEqual({});
    await says(store, "Hello");
    expect(page.stored).toEqual({ token: "token-1", live: true, open: true });
  });

  test("a frame that is only warmed up says nothing to anybody", async () => {
    const server = new Server();
    new Page().frame(server, { open: false });
    await calm();
    expect(server.listeners).toEqual([]);
  });

  test("stand on the screen before the server knows of them", async () => {
    const { store, server } = await vic();
    server.instead.start_chat = () => "silence";
    await says(store, "Hello");
    expect(shownTexts(store)).toEqual(["Hello (sending)"]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(shownTexts(store)).toEqual(["Hello (failed)"]);
  });

  test("whose ack is lost with the page are stored once, by the same visitor", async () => {
    const { store, server, page } = await vic();
    server.instead.start_chat = () => "cut";
    await says(store, "Hello");
    expect(server.log.length).toBe(1);
    server.instead = {};
    const later = (await vic(server, page)).store;
    expect([shownTexts(later), server.log.length, page.stored.token]).toEqual([["Hello"], 1, "token-1"]);
  });

  test("whose ack is lost are found by the next hello, and their writer is remembered", async () => {
    const { store, server, page } = await vic();
    server.instead.start_chat = () => "cut";
    await says(store, "Hello");
    server.instead = {};
    await vi.advanceTimersByTimeAsync(1_000);
    expect([shownTexts(store), server.log.length]).toEqual([["Hello"], 1]);
    expect(page.stored).toEqual({ token: "token-1", live: true, open: true });
  });

  test("several, written fast, keep their order", async () => {
    const { store, server } = await vic();
    for (const text of ["one", "two", "three"]) {
      store.write(text);
      store.send();
    }
    await calm();
    expect(server.log.map((one) => one.text)).toEqual(["one", "two", "three"]);
    expect(shownTexts(store)).toEqual(["one", "two", "three"]);
  });
});

describe("a bad line", () => {
  test("first the catch-up, then the outbox", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.cut();
    server.ada("Are you there", false);
    server.asked = [];
    await says(store, "Yes");
    expect(server.asked.map(([command]) => command).slice(0, 2)).toEqual(["hello", "send_message"]);
    expect([shownTexts(store), store.state.offline]).toEqual([["Hello", "Are you there", "Yes"], false]);
  });

  test("is spoken of after 2 s only", async () => {
    const { store, server } = await vic();
    server.connect = (_url, _namespace, _auth, ears) => {
      queueMicrotask(() => ears.onClosed({ opened: false }));
      return { request: () => Promise.reject(new Error("unused")), close: () => {} };
    };
    server.cut();
    await vi.advanceTimersByTimeAsync(1_990);
    expect(store.state.offline).toBe(false);
    await vi.advanceTimersByTimeAsync(20);
    expect(store.state.offline).toBe(true);
  });

  test("what was not sent survives the reload, and so does what was not finished", async () => {
    const { store, server, page } = await vic();
    await says(store, "Hello");
    server.instead.send_message = () => "silence";
    await says(store, "Lost");
    store.write("half a sen");
    await vi.advanceTimersByTimeAsync(500);
    server.instead = {};
    const later = (await vic(server, page)).store;
    expect([shownTexts(later), later.state.draft]).toEqual([["Hello", "Lost"], "half a sen"]);
    expect(Object.keys(page.stored).filter((key) => key.startsWith("outbox:"))).toEqual([]);
  });

  test("an event that skips one is caught up", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.ada("first", false);
    server.ada("second");
    await calm();
    expect(shownTexts(store)).toEqual(["Hello", "first", "second"]);
  });

  test("more than 200 lines missed come in one sitting", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    for (let at = 0; at < 450; at++) server.ada(`line ${at}`, false);
    server.ada("last");
    await calm();
    expect([store.state.timeline.messages.length, shownTexts(store).at(-1)]).toEqual([452, "last"]);
  });

  test("asked to slow down, the text waits and goes by itself", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.instead.send_message = () => ({
      ok: false,
      error: { code: "too_many", message: "", retry_after: 3 },
    });
    await says(store, "again");
    expect(store.state.timeline.pending[0]?.retryAt).toBeGreaterThan(Date.now());
    server.instead = {};
    await vi.advanceTimersByTimeAsync(3_000);
    expect(shownTexts(store)).toEqual(["Hello", "again"]);
  });
});

describe("what is read", () => {
  test("only what can be seen, and each once", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    const marks = () => server.asked.filter(([command]) => command === "mark_read").map(([, { seq }]) => seq);
    store.receive({ type: "close" });
    server.ada("Yes");
    await calm();
    expect(marks()).toEqual([]);
    store.state.visible = false;
    store.receive({ type: "open", focus: true });
    await calm();
    expect(marks()).toEqual([]);
    store.state.visible = true;
    await calm();
    expect(marks()).toEqual([2]);
    store.state.atEnd = false;
    server.ada("More");
    await calm();
    expect(marks()).toEqual([2]);
  });

  test("the launcher tells how many wait, and what the last one says; another tab's reading clears it", async () => {
    const { store, server, page } = await vic();
    await says(store, "Hello");
    store.receive({ type: "close" });
    server.ada("Yes");
    server.ada("Here I am");
    await calm();
    expect(page.last("badge")).toMatchObject({
      count: 2,
      label: texts.openWith(2),
      preview: { text: "Here I am", who: "Ada · just now" },
    });
    server.tell("read", { ticket: "t1", seq: 3, by: "visitor" });
    await calm();
    expect(page.last("badge")).toMatchObject({ count: 0, preview: null });
  });
});

describe("several tabs", () => {
  test("one that has said nothing yet becomes the same visitor", async () => {
    const { store, server, page } = await vic();
    const other = page.frame(server);
    await calm();
    await says(store, "Hello");
    other.receive({ type: "stored", stored: { ...page.stored } });
    await calm();
    expect(shownTexts(other)).toEqual(["Hello"]);
    await says(other, "From here");
    expect(server.log.map((one) => one.text)).toEqual(["Hello", "From here"]);
  });
});

describe("the page around it", () => {
  test("a page of a single-page site is told to the server, once there is one", async () => {
    const { store, server } = await vic();
    store.receive({ type: "page", page: { url: "https://shop.example/cart", title: "Cart", referrer: "" } });
    await calm();
    expect(server.asked.at(-1)).toEqual(["set_page", { url: "https://shop.example/cart", title: "Cart" }]);
  });

  test("what its script meddles with spoils one letter at most", async () => {
    const page = new Page();
    page.stored = { token: "token-9", "outbox:bad": "{", "outbox:odd": '{"text":1}' };
    const { store } = await vic(new Server(), page);
    expect(store.state.connected).toBe(true);
  });

  test("what it prefills may be nonsense: the words are sent without it", async () => {
    const { store, server } = await vic();
    store.receive({ type: "prefill", prefill: { text: "Hello", email: "nonsense", category: "none" } });
    server.instead.start_chat = ({ email }) =>
      email ? { ok: false, error: { code: "bad_request", message: "", field: "email" } } : undefined;
    store.send();
    await calm();
    expect(shownTexts(store)).toEqual(["Hello"]);
  });

  test("hears of the start, of answers and of the end, and of no word that is said", async () => {
    const { store, server, page } = await vic();
    await says(store, "Hello");
    server.ada("A secret");
    server.move({ status: "solved" });
    await calm();
    const events = page.posted.filter((one) => one.type === "event");
    expect(events.map((one) => one.name)).toEqual(["start", "message", "ended"]);
    expect(JSON.stringify(events)).not.toContain("secret");
    await vic(server, page);
    expect(page.posted.filter((one) => one.type === "event" && one.name === "ended").length).toBe(1);
  });

  test("4,000 code points are sent, one more is not", async () => {
    const { store, server } = await vic();
    await says(store, "😀".repeat(4_001));
    expect(server.asked.some(([command]) => command === "start_chat")).toBe(false);
    await says(store, "😀".repeat(4_000));
    expect(server.log.length).toBe(1);
  });
});
