/** A feature of the console: receives events, runs after each hello, and draws its badge in the header of a thread. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryRoot } from "../../client/test/dom";
import { type AgentConsole, ConsoleContext } from "../app/console";
import type { Feature } from "../app/feature";
import { ThreadHeader } from "../conversation/thread_header";
import { ada, openConsole, Server, settled } from "./fake_server";

/** Counts how often the visitor has changed the page, and asks after each hello why the open ticket rang here. */
const pageViews: Feature = ({ socket, router, toasts }) => {
  const counts = signal<Readonly<Record<string, number>>>({});
  socket.on("visitor", ({ ticket }) => {
    counts.value = { ...counts.value, [ticket]: (counts.value[ticket] ?? 0) + 1 };
  });
  return {
    threadBadge: ({ id }) => <span class="page-views">{counts.value[id]}</span>,
    async afterHello() {
      await socket.request("explain", { ticket: router.ticket.value ?? "" });
      toasts.show({ text: "explained", tone: "plain" });
    },
  };
};

let server: Server;
let agentConsole: AgentConsole;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new Server();
  server.open("t1", ada);
  agentConsole = openConsole(server, ada, [pageViews]);
  server.up();
  agentConsole.actions.open("t1");
  await settled();
});

afterEach(() => {
  agentConsole.close();
  vi.useRealTimers();
});

function drawHeader() {
  const root = memoryRoot();
  const thread = agentConsole.threads.get("t1");
  render(
    <ConsoleContext.Provider value={agentConsole}>
      <ThreadHeader thread={thread} />
    </ConsoleContext.Provider>,
    root,
  );
  return root;
}

test("its badge is in the header of the thread and follows the feature's own state", async () => {
  const root = drawHeader();
  expect(root.byClass("page-views").map((badge) => badge.textContent)).toEqual([""]);
  server.tell("visitor", { ticket: "t1", state: "here", page: null });
  server.tell("visitor", { ticket: "t2", state: "here", page: null });
  await vi.runOnlyPendingTimersAsync();
  expect(root.byClass("page-views").map((badge) => badge.textContent)).toEqual(["1"]);
});

test("it runs after each hello, behind the catch-up", async () => {
  const catchUps = () => server.commands.filter((command) => ["catch_up", "explain"].includes(command));
  server.commands.length = 0;
  server.up();
  await settled();
  expect(catchUps()).toEqual(["catch_up", "explain"]);
  expect(agentConsole.toasts.shown.value.at(-1)?.text).toBe("explained");
});

test("a connection that is lost meanwhile keeps nothing else from working", async () => {
  server.instead.explain = () => "lost";
  server.up();
  await settled();
  server.instead = {};
  agentConsole.outgoing.send("t1", "reply", "Bonjour");
  await settled();
  expect(server.tickets.get("t1")?.messages.map((one) => one.text)).toEqual(["Bonjour"]);
});
