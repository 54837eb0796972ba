/** A long conversation: scrolling up brings the messages and notes before, in order, up to the first. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentConsole } from "../app/console";
import { logEntries } from "../conversation/log/log_entries";
import type { Thread } from "../conversation/thread";
import { ada, openConsole, Server, settled } from "./fake_server";

let server: Server;
let agentConsole: AgentConsole;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  server.open("t1", ada);
});

afterEach(() => {
  agentConsole.close();
  vi.useRealTimers();
});

/** Writes `count` messages, with a note behind every `each`-th. */
function write(count: number, each: number): void {
  for (let seq = 1; seq <= count; seq++) {
    server.say("t1", `line ${seq}`);
    if (seq % each === 0) addNote(seq);
  }
}

async function openThread(): Promise<Thread> {
  agentConsole = openConsole(server, ada);
  server.up();
  agentConsole.actions.open("t1");
  await settled();
  return agentConsole.threads.get("t1");
}

function addNote(after: number): void {
  const notes = server.tickets.get("t1")?.notes ?? [];
  const id = `n${notes.length + 1}`;
  const author = { kind: "agent" as const, id: ada.id, name: ada.name };
  const note = {
    ticket: "t1",
    note_seq: notes.length + 1,
    after,
    id,
    client_id: id,
    author,
    text: `note on ${after}`,
  };
  notes.push({ ...note, at: "2026-11-25T09:00:00Z" });
}

/** The texts and notes of the log, from the top. */
const lines = (thread: Thread): string[] =>
  logEntries(thread.timeline.value, 0, () => true).flatMap((entry) => {
    if (entry.kind === "note") return [entry.note.text];
    return entry.kind === "text" ? [entry.text] : [];
  });

const expected = (from: number, to: number, each: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at).flatMap((seq) =>
    seq % each === 0 ? [`line ${seq}`, `note on ${seq}`] : [`line ${seq}`],
  );

test("each step brings the page before, with its notes between its messages, up to the first", async () => {
  write(450, 50);
  const thread = await openThread();
  expect(lines(thread)).toEqual(expected(251, 450, 50));
  await thread.older.load();
  expect(lines(thread)).toEqual(expected(51, 450, 50));
  await thread.older.load();
  expect([lines(thread), thread.older.exist.value]).toEqual([expected(1, 450, 50), false]);
  server.commands.length = 0;
  await thread.older.load();
  expect(server.commands).toEqual([]);
});

test("a page of messages waits for notes that do not fit into one ack", async () => {
  write(300, 1);
  const thread = await openThread();
  expect(lines(thread)).toEqual(expected(101, 300, 1));
  await thread.older.load();
  expect(lines(thread)).toEqual(expected(1, 300, 1));
});

test("more than 200 notes behind few messages are all there", async () => {
  for (const seq of [1, 2, 3]) {
    server.say("t1", `line ${seq}`);
    for (let at = 0; at < 150; at++) addNote(seq);
  }
  const thread = await openThread();
  expect(lines(thread)).toHaveLength(453);
  expect([lines(thread)[0], lines(thread)[1]]).toEqual(["line 1", "note on 1"]);
});

test("messages that arrive while a page is loading stay behind it", async () => {
  write(260, 100);
  const thread = await openThread();
  const loading = thread.older.load();
  expect(thread.older.state.value).toBe("loading");
  server.say("t1", "line 261");
  await loading;
  expect(lines(thread)).toEqual(expected(1, 261, 100));
});

test("a page that was lost can be asked for again, and the older ones load once", async () => {
  write(260, 100);
  const thread = await openThread();
  server.instead.catch_up = () => "lost";
  await thread.older.load();
  expect([thread.older.state.value, lines(thread)[0]]).toEqual(["failed", "line 61"]);
  server.instead = {};
  server.commands.length = 0;
  await Promise.all([thread.older.load(), thread.older.load()]);
  expect([thread.older.state.value, lines(thread)[0]]).toEqual(["idle", "line 1"]);
  expect(server.commands).toEqual(["catch_up"]);
});
