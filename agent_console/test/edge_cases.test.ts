/** Edge cases of the connection, search, drafts, sign-in and inbox. */
import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Card } from "../../client/protocol/agent";
import { type AgentSocket, createOffline } from "../connection/socket";
import { createDrafts } from "../conversation/drafts";
import { createInbox } from "../inbox/inbox";
import { createSearch } from "../inbox/search";
import { currentAgent, signIn } from "../sign_in/session";
import { ada, card } from "./fake_server";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the console is offline only after 2 seconds without a connection", () => {
  const online = signal(true);
  const cut = createOffline(online);
  online.value = false;
  vi.advanceTimersByTime(1900);
  online.value = true;
  vi.advanceTimersByTime(5000);
  expect(cut.value).toBe(false);
  online.value = false;
  vi.advanceTimersByTime(2000);
  expect(cut.value).toBe(true);
  online.value = true;
  expect(cut.value).toBe(false);
});

test("the newest search wins, however late an older answer comes", async () => {
  const answers = new Map<string, (cards: Card[]) => void>();
  const ask = (_command: string, { q }: { q: string }) =>
    new Promise((done) => answers.set(q, (cards) => done({ ok: true, cards, next: null })));
  const search = createSearch({ request: ask, on: () => undefined } as unknown as AgentSocket);
  search.type("vi");
  vi.advanceTimersByTime(200);
  search.type("vic");
  vi.advanceTimersByTime(200);
  answers.get("vic")?.([card("new", 2)]);
  answers.get("vi")?.([card("old", 1)]);
  await vi.advanceTimersByTimeAsync(0);
  expect(search.cards.value.map((one) => one.ticket)).toEqual(["new"]);
  search.clear();
  expect([search.phase.value, search.cards.value]).toEqual(["off", []]);
});

test("more loads the page after that of hello, then the rest, then nothing", async () => {
  const all = Array.from({ length: 120 }, (_, at) => card(`t${at}`, at, { status: "open" }));
  const ask = async (_command: string, { after }: { after: string | null }) => {
    const from = Number(after ?? 0);
    return { ok: true, cards: all.slice(from, from + 50), next: from + 50 < 120 ? String(from + 50) : null };
  };
  const inbox = createInbox({ request: ask, on: () => undefined } as unknown as AgentSocket, "a1");
  const cards = { mine: [], waiting: [], open: all.slice(0, 50) };
  inbox.load({ cards, counts: { mine: 0, waiting: 0, open: 120 } });
  const sizes: unknown[] = [];
  for (let page = 0; page < 3; page++) {
    sizes.push([inbox.lists.value.open.length, inbox.counts.value.open, inbox.hasMore("open")]);
    if (inbox.hasMore("open")) await inbox.more("open");
  }
  expect(sizes).toEqual([
    [50, 120, true],
    [100, 120, true],
    [120, 120, false],
  ]);
});

test("drafts survive a reload, an empty one is removed, and the oldest beyond the maximum is dropped", () => {
  const drafts = createDrafts("a1");
  for (let at = 0; at < 205; at++) drafts.put(`t${at}`, { mode: "reply", reply: `mot ${at}`, note: "" });
  drafts.put("t204", { mode: "reply", reply: "", note: "" });
  const again = createDrafts("a1");
  expect([again.hasReply("t0"), again.hasReply("t203"), again.hasReply("t204")]).toEqual([
    false,
    true,
    false,
  ]);
});

const answering = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status, headers }));

test("signing in returns the agent or the reason of the failure", async () => {
  answering(200, { agent: ada });
  expect(await signIn("ada@x.fr", "right")).toEqual({ agent: ada });
  answering(401, {});
  expect(await signIn("ada@x.fr", "wrong")).toEqual({ kind: "wrong" });
  answering(403, {});
  expect(await signIn("ada@x.fr", "right")).toEqual({ kind: "elsewhere" });
  answering(429, { error: { code: "too_many", retry_after: 130 } });
  expect(await signIn("ada@x.fr", "wrong")).toEqual({ kind: "too_many", minutes: 3 });
  answering(429, {}, { "retry-after": "30" });
  expect(await signIn("ada@x.fr", "wrong")).toEqual({ kind: "too_many", minutes: 1 });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no line")));
  expect(await signIn("ada@x.fr", "right")).toEqual({ kind: "away" });
});

test("a server that can't be reached is not the end of the session", async () => {
  answering(401, {});
  expect(await currentAgent()).toBeNull();
  answering(503, {});
  await expect(currentAgent()).rejects.toThrow();
});

test("a late card does not bring back a ticket that has left the lists", () => {
  const listeners = new Map<string, (payload: never) => void>();
  const on = (event: string, listener: (payload: never) => void) => void listeners.set(event, listener);
  const inbox = createInbox({ request: async () => ({}), on } as unknown as AgentSocket, "a1");
  inbox.add(card("t1", 1, { status: "open", rev: 7 }));
  listeners.get("gone")?.({ ticket: "t1" } as never);
  inbox.add(card("t1", 1, { status: "open", rev: 6 }));
  expect(inbox.lists.value.open).toEqual([]);
  inbox.add(card("t1", 1, { status: "open", rev: 8 }));
  expect(inbox.lists.value.open.map((one) => one.ticket)).toEqual(["t1"]);
});
