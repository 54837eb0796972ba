import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { texts } from "../locales/en";
import type { Store } from "../state/store";
import { closed, open, Page, Server } from "./fake_server";

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

describe("closing time", () => {
  test("mid-sentence: the form takes over, the text stays, it is said once", async () => {
    const { store, server } = await vic();
    store.write("My withdrawal of Mon");
    server.tell("service", closed);
    await calm();
    expect([store.state.form, store.state.draft, store.state.announcement]).toEqual([
      true,
      "My withdrawal of Mon",
      texts.nowForm,
    ]);
    store.state.announcement = "";
    server.tell("service", { ...closed });
    await calm();
    expect(store.state.announcement).toBe("");
  });

  test("just before the first words arrive: they go into the form, before what was written since", async () => {
    const { store, server, page } = await vic();
    server.service = closed;
    store.write("My withdrawal is late.");
    store.send();
    store.write("It was");
    await calm();
    expect([store.state.form, store.state.draft]).toEqual([true, "My withdrawal is late.\n\nIt was"]);
    expect(shownTexts(store)).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect((await vic(server, page)).store.state.draft).toBe("My withdrawal is late.\n\nIt was");
  });

  test("a chat that is under way goes on", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.ada("Yes");
    server.tell("service", closed);
    await calm();
    expect([store.state.form, store.state.announcement]).toEqual([
      false,
      expect.not.stringContaining(texts.nowForm),
    ]);
  });

  test("and the morning: the form becomes a chat again", async () => {
    const server = new Server();
    server.service = closed;
    const { store } = await vic(server);
    expect(store.state.form).toBe(true);
    server.tell("service", open);
    await calm();
    expect([store.state.form, store.state.announcement]).toEqual([false, texts.nowChat]);
  });
});

describe("the end", () => {
  test("a reply after it was closed begins a new conversation with the same words", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    if (server.ticket) server.ticket = { ...server.ticket, status: "closed" };
    await says(store, "One more thing");
    expect([shownTexts(store), store.state.ticket?.id]).toEqual([["One more thing"], "t2"]);
  });

  test("a new conversation turns its back on the old one, whatever still comes of it", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.move({ status: "solved", reply_until: "2999-01-01T00:00:00Z" });
    await calm();
    store.startNew();
    server.move({ category: "payments" });
    server.tell("message", { ...server.log[0], seq: 2 });
    server.cut();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([shownTexts(store), store.state.ticket]).toEqual([[], null]);
    await says(store, "Another matter");
    expect([shownTexts(store), store.state.ticket?.id]).toEqual([["Another matter"], "t2"]);
  });

  test("coming back the next day: the transcript is there", async () => {
    const { store, server, page } = await vic();
    await says(store, "Hello");
    server.ada("Done");
    server.move({ status: "solved", reply_until: "2999-01-01T00:00:00Z" });
    await calm();
    expect(page.stored.live).toBeUndefined();
    expect(shownTexts((await vic(server, page)).store)).toEqual(["Hello", "Done"]);
  });

  test("news that overtake each other: the newer stands, read marks only grow", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.move({ queue: { position: 1, wait_s: null }, read: { visitor: 1, agent: 1 } });
    server.tell("ticket", {
      ...server.ticket,
      rev: 1,
      queue: { position: 9, wait_s: null },
      read: { visitor: 0, agent: 0 },
    });
    await calm();
    expect([store.state.ticket?.queue?.position, store.state.ticket?.read.agent]).toEqual([1, 1]);
  });
});
