import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { texts } from "../locales/en";
import { Page, Server } from "./fake_server";
import { runPending, says, shownTexts, vic } from "./fixtures";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the first message", () => {
  test("nothing is stored before the visitor acts, and the token only once the chat has begun", async () => {
    const { store, page } = await vic();
    expect(page.stored).toEqual({});
    await says(store, "Hello");
    expect(page.stored).toEqual({ token: "token-1", live: true, open: true });
  });

  test("a frame that was mounted but not opened does not connect", async () => {
    const server = new Server();
    new Page().frame(server, { open: false });
    await runPending();
    expect(server.listeners).toEqual([]);
  });

  test("is sent with a page that fits into the socket, whatever the page is called", () => {
    const page = {
      url: `https://shop.example/${"a".repeat(9_000)}`,
      title: "😀".repeat(9_000),
      referrer: "",
    };
    const { state } = new Page().frame(new Server(), { page });
    expect([state.page.url.length, state.page.title.length]).toEqual([4_096, 1_000]);
    const odd = { ...page, title: `a${page.title}` };
    expect(new Page().frame(new Server(), { page: odd }).state.page.title).toBe(`a${"😀".repeat(499)}`);
  });

  test("appears before the server has it", async () => {
    const { store, server } = await vic();
    server.instead.start_chat = () => "silence";
    await says(store, "Hello");
    expect(shownTexts(store)).toEqual(["Hello (sending)"]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(shownTexts(store)).toEqual(["Hello (failed)"]);
  });

  test("is stored once if its ack was lost with the page, and by the same visitor", async () => {
    const { store, server, page } = await vic();
    server.instead.start_chat = () => "cut";
    await says(store, "Hello");
    expect(server.log.length).toBe(1);
    server.instead = {};
    const later = (await vic(server, page)).store;
    expect([shownTexts(later), server.log.length, page.stored.token]).toEqual([["Hello"], 1, "token-1"]);
  });

  test("is found by the next hello if its ack was lost, and the token is stored", async () => {
    const { store, server, page } = await vic();
    server.instead.start_chat = () => "cut";
    await says(store, "Hello");
    server.instead = {};
    await vi.advanceTimersByTimeAsync(1_000);
    expect([shownTexts(store), server.log.length]).toEqual([["Hello"], 1]);
    expect(page.stored).toEqual({ token: "token-1", live: true, open: true });
  });

  test("several messages sent at once keep their order", async () => {
    const { store, server } = await vic();
    for (const text of ["one", "two", "three"]) {
      store.write(text);
      store.send();
    }
    await runPending();
    expect(server.log.map((one) => one.text)).toEqual(["one", "two", "three"]);
    expect(shownTexts(store)).toEqual(["one", "two", "three"]);
  });
});

describe("a lost connection", () => {
  test("catches up first, then sends the outbox", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.cut();
    server.ada("Are you there", false);
    server.commands = [];
    await says(store, "Yes");
    expect(server.commands.map(([command]) => command).slice(0, 2)).toEqual(["hello", "send_message"]);
    expect([shownTexts(store), store.state.offline]).toEqual([["Hello", "Are you there", "Yes"], false]);
  });

  test("shows after 2 s only", async () => {
    const { store, server } = await vic();
    server.connect = (_url, _namespace, _auth, listener) => {
      queueMicrotask(() => listener.onClosed({ opened: false }));
      return { request: () => Promise.reject(new Error("unused")), close: () => {} };
    };
    server.cut();
    await vi.advanceTimersByTimeAsync(1_990);
    expect(store.state.offline).toBe(false);
    await vi.advanceTimersByTimeAsync(20);
    expect(store.state.offline).toBe(true);
  });

  test("unsent messages and the draft survive a reload", async () => {
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

  test("an event that skips a message is followed by a catch-up", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.ada("first", false);
    server.ada("second");
    await runPending();
    expect(shownTexts(store)).toEqual(["Hello", "first", "second"]);
  });

  test("more than 200 missed messages are caught up in one run", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    for (let at = 0; at < 450; at++) server.ada(`line ${at}`, false);
    server.ada("last");
    await runPending();
    expect([store.state.timeline.messages.length, shownTexts(store).at(-1)]).toEqual([452, "last"]);
  });

  test("after too_many the message waits and is sent again by itself", async () => {
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

describe("read marks", () => {
  test("are sent only for what is in view, and once", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    const marks = () =>
      server.commands.filter(([command]) => command === "mark_read").map(([, { seq }]) => seq);
    store.receive({ type: "close" });
    server.ada("Yes");
    await runPending();
    expect(marks()).toEqual([]);
    store.state.visible = false;
    store.receive({ type: "open", focus: true });
    await runPending();
    expect(marks()).toEqual([]);
    store.state.visible = true;
    await runPending();
    expect(marks()).toEqual([2]);
    store.state.atEnd = false;
    server.ada("More");
    await runPending();
    expect(marks()).toEqual([2]);
  });

  test("the badge has the number of unread messages and the last of them; reading in another tab clears it", async () => {
    const { store, server, page } = await vic();
    await says(store, "Hello");
    store.receive({ type: "close" });
    server.ada("Yes");
    server.ada("Here I am");
    await runPending();
    expect(page.last("badge")).toMatchObject({
      count: 2,
      label: texts.openWith(2),
      preview: { text: "Here I am", author: "Ada · just now" },
    });
    server.tell("read", { ticket: "t1", seq: 3, by: "visitor" });
    await runPending();
    expect(page.last("badge")).toMatchObject({ count: 0, preview: null });
  });
});

describe("several tabs", () => {
  test("a tab without messages takes over the visitor of the other tab", async () => {
    const { store, server, page } = await vic();
    const other = page.frame(server);
    await runPending();
    await says(store, "Hello");
    other.receive({ type: "stored", stored: { ...page.stored } });
    await runPending();
    expect(shownTexts(other)).toEqual(["Hello"]);
    await says(other, "From here");
    expect(server.log.map((one) => one.text)).toEqual(["Hello", "From here"]);
  });
});

describe("a first message without an ack", () => {
  test("gives its token to the tabs that have none", async () => {
    const { store, server, page } = await vic();
    const other = page.frame(server);
    await runPending();
    server.instead.start_chat = () => "silence";
    store.write("Hello");
    store.send();
    expect(other.identity.token).not.toBe(store.identity.token);
    other.receive({ type: "stored", stored: { ...page.stored } });
    expect(other.identity.token).toBe(store.identity.token);
  });
});

describe("the host page", () => {
  test("a navigation of a single-page site is sent to the server once connected", async () => {
    const { store, server } = await vic();
    store.receive({ type: "page", page: { url: "https://shop.example/cart", title: "Cart", referrer: "" } });
    await runPending();
    expect(server.commands.at(-1)).toEqual(["set_page", { url: "https://shop.example/cart", title: "Cart" }]);
  });

  test("a script that damages the storage spoils one message at most", async () => {
    const page = new Page();
    page.stored = { token: "token-9", "outbox:bad": "{", "outbox:odd": '{"text":1}' };
    const { store } = await vic(new Server(), page);
    expect(store.state.connected).toBe(true);
  });

  test("invalid prefilled values are dropped and the message is sent without them", async () => {
    const { store, server } = await vic();
    store.receive({ type: "prefill", prefill: { text: "Hello", email: "nonsense", category: "none" } });
    server.instead.start_chat = ({ email }) =>
      email ? { ok: false, error: { code: "bad_request", message: "", field: "email" } } : undefined;
    store.send();
    await runPending();
    expect(shownTexts(store)).toEqual(["Hello"]);
  });

  test("gets events of the start, of answers and of the end, but no message text", async () => {
    const { store, server, page } = await vic();
    await says(store, "Hello");
    server.ada("A secret");
    server.move({ status: "solved" });
    await runPending();
    const events = page.posted.filter((one) => one.type === "event");
    expect(events.map((one) => one.name)).toEqual(["start", "message", "ended"]);
    expect(JSON.stringify(events)).not.toContain("secret");
    await vic(server, page);
    expect(page.posted.filter((one) => one.type === "event" && one.name === "ended").length).toBe(1);
  });

  test("4,000 code points are sent, 4,001 are not", async () => {
    const { store, server } = await vic();
    await says(store, "😀".repeat(4_001));
    expect(server.commands.some(([command]) => command === "start_chat")).toBe(false);
    await says(store, "😀".repeat(4_000));
    expect(server.log.length).toBe(1);
  });
});
