/** What is drawn of the state: how soon an answer comes, and names in any direction. */
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryRoot } from "../../client/test/dom";
import { Bubble } from "../conversation/Bubble";
import { Header } from "../frame/Header";
import { texts } from "../locales/en";
import { open, Server } from "./fake_server";
import { runPending, vic } from "./fixtures";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the header says how soon chats are answered; without data only that we are here", async () => {
  const { store, server } = await vic(new Server());
  const root = memoryRoot();
  store.observable.effect(() => render(<Header store={store} />, root));
  const shown: string[] = [];
  for (const reply_s of [undefined, 1, 60, 61, 3600]) {
    server.tell("service", { ...open, ...(reply_s && { reply_s }) });
    await runPending();
    shown.push(root.byClass("header__who")[0]?.textContent.replace("Support", "") ?? "");
  }
  const about = texts.replyIn;
  expect(shown).toEqual([texts.online, about(1), about(1), about(2), about(60)]);
});

test("a name that is written from right to left stands apart from the time", async () => {
  const { store } = await vic(new Server());
  const entry = {
    kind: "text",
    key: "1",
    own: false,
    first: true,
    last: true,
    author: { kind: "agent", id: "a1", name: "محمد" },
    text: "مرحبا",
    at: "2026-11-24T09:30:00Z",
    state: "sent",
  } as const;
  const root = memoryRoot();
  render(<Bubble store={store} entry={entry as never} />, root);
  const [meta] = root.byClass("meta");
  expect(meta?.childNodes[0]).toMatchObject({ localName: "bdi" });
  expect(meta?.childNodes[0]?.textContent).toBe("محمد");
});
