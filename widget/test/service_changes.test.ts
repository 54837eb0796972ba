import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { texts } from "../locales/en";
import { closed, open, Server } from "./fake_server";
import { runPending, says, shownTexts, vic } from "./fixtures";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("when the service closes", () => {
  test("while the visitor types, the form replaces the chat with the text in it, announced once", async () => {
    const { store, server } = await vic();
    store.write("My withdrawal of Mon");
    server.tell("service", closed);
    await runPending();
    expect([store.state.form, store.state.draft, store.state.announcement]).toEqual([
      true,
      "My withdrawal of Mon",
      texts.nowForm,
    ]);
    store.state.announcement = "";
    server.tell("service", { ...closed });
    await runPending();
    expect(store.state.announcement).toBe("");
  });

  test("before the first message arrives, its text goes into the form before what was written since", async () => {
    const { store, server, page } = await vic();
    server.service = closed;
    store.write("My withdrawal is late.");
    store.send();
    store.write("It was");
    await runPending();
    expect([store.state.form, store.state.draft]).toEqual([true, "My withdrawal is late.\n\nIt was"]);
    expect(shownTexts(store)).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect((await vic(server, page)).store.state.draft).toBe("My withdrawal is late.\n\nIt was");
  });

  test("a chat that has begun goes on", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.ada("Yes");
    server.tell("service", closed);
    await runPending();
    expect([store.state.form, store.state.announcement]).toEqual([
      false,
      expect.not.stringContaining(texts.nowForm),
    ]);
  });

  test("and opens again, the form becomes a chat", async () => {
    const server = new Server();
    server.service = closed;
    const { store } = await vic(server);
    expect(store.state.form).toBe(true);
    server.tell("service", open);
    await runPending();
    expect([store.state.form, store.state.announcement]).toEqual([false, texts.nowChat]);
  });
});

describe("when a ticket has ended", () => {
  test("a reply to a closed ticket starts a new conversation with the same text", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    if (server.ticket) server.ticket = { ...server.ticket, status: "closed" };
    await says(store, "One more thing");
    expect([shownTexts(store), store.state.ticket?.id]).toEqual([["One more thing"], "t2"]);
  });

  test("events of the old ticket do not change a new conversation", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.move({ status: "solved", reply_until: "2999-01-01T00:00:00Z" });
    await runPending();
    store.startNew();
    server.move({ category: "payments" });
    server.tell("message", { ...server.log[0], seq: 2 });
    server.cut();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([shownTexts(store), store.state.ticket]).toEqual([[], null]);
    await says(store, "Another matter");
    expect([shownTexts(store), store.state.ticket?.id]).toEqual([["Another matter"], "t2"]);
  });

  test("the transcript is there on the next day", async () => {
    const { store, server, page } = await vic();
    await says(store, "Hello");
    server.ada("Done");
    server.move({ status: "solved", reply_until: "2999-01-01T00:00:00Z" });
    await runPending();
    expect(page.stored.live).toBeUndefined();
    expect(shownTexts((await vic(server, page)).store)).toEqual(["Hello", "Done"]);
  });

  test("of two ticket events in the wrong order the newer stays, and read marks only grow", async () => {
    const { store, server } = await vic();
    await says(store, "Hello");
    server.move({ queue: { position: 1, wait_s: null }, read: { visitor: 1, agent: 1 } });
    server.tell("ticket", {
      ...server.ticket,
      rev: 1,
      queue: { position: 9, wait_s: null },
      read: { visitor: 0, agent: 0 },
    });
    await runPending();
    expect([store.state.ticket?.queue?.position, store.state.ticket?.read.agent]).toEqual([1, 1]);
  });
});
