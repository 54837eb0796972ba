/** A host page may say anything: the visitor is served. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Page, Server } from "./fake_server";
import { runPending, says, shownTexts, vic } from "./fixtures";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the host page", () => {
  const NONSENSE: unknown[] = [undefined, null, 5, "text", [], true, {}, { length: 2 }];

  test.each(NONSENSE.map((nonsense) => [nonsense]))(
    "says %j of everything, and the visitor is served",
    async (nonsense) => {
      const names = [
        "text",
        "name",
        "email",
        "draft",
        "token",
        "title",
        "url",
        "referrer",
        "form",
        "outbox:1",
      ];
      const fields = Object.fromEntries(names.map((name) => [name, nonsense]));
      for (const given of [nonsense, fields] as never[]) {
        const server = new Server();
        const store = new Page().frame(server, { stored: given, page: given, prefill: given });
        store.receive({ type: "page", page: given });
        store.receive({ type: "prefill", prefill: given });
        await runPending();
        await says(store, "Hello");
        expect(shownTexts(store)).toEqual(["Hello"]);
        store.receive({ type: "stored", stored: given });
      }
    },
  );

  test("an unsent message with nonsense in it is sent without, or left out", async () => {
    const message = { client_id: "0193-test-client-id", ticket: null, text: "Hello", at: 0 };
    const page = new Page();
    page.stored["outbox:1"] = JSON.stringify({ ...message, more: { token: 5, name: {} } });
    page.stored["outbox:2"] = JSON.stringify({ ...message, client_id: "another-client-id", at: "soon" });
    const { store } = await vic(new Server(), page);
    expect([shownTexts(store), store.state.connected]).toEqual([["Hello"], true]);
  });
});
