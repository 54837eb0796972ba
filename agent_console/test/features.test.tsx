/** A feature of the console: receives events, runs after each hello and for each opened thread, and draws its badge. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Ticket } from "../../client/protocol/shared";
import { memoryRoot } from "../../client/test/dom";
import { type AgentConsole, ConsoleContext } from "../app/console";
import type { Feature, FeatureContext } from "../app/feature";
import { ThreadHeader } from "../conversation/thread_header";
import { ThreadPane } from "../conversation/thread_pane";
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

/** Remembers how many decisions each opened ticket has, until the console closes. */
const opened: [ticket: string, decisions: number][] = [];
let closed = 0;
const decisionCounts = ({ socket }: FeatureContext) => ({
  async onThreadOpened({ id }: Ticket) {
    const { decisions } = await socket.request("explain", { ticket: id });
    opened.push([id, decisions.length]);
  },
  close: () => {
    closed += 1;
  },
});

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

describe("a feature that follows the opened threads", () => {
  beforeEach(async () => {
    agentConsole.close();
    [opened.length, closed] = [0, 0];
    server.instead.explain = () => ({ decisions: [{}, {}] });
    server.cut();
    agentConsole = openConsole(server, ada, [decisionCounts]);
    agentConsole.threads.show("t1");
    await settled();
  });

  test("runs once a thread is loaded, and again when it has caught up after a reconnect", async () => {
    expect(opened).toEqual([]);
    server.up();
    await settled();
    expect(opened).toEqual([["t1", 2]]);
    server.cut();
    server.commands.length = 0;
    server.up();
    await settled();
    expect(opened).toEqual([
      ["t1", 2],
      ["t1", 2],
    ]);
    expect(server.commands.filter((command) => command !== "hello")).toEqual(["catch_up", "explain"]);
  });

  test("runs for a thread that is opened later, and not for a ticket that does not exist", async () => {
    server.up();
    await settled();
    server.open("t2");
    for (const ticket of ["nowhere", "t2", "t1"]) agentConsole.actions.open(ticket);
    await settled();
    expect(opened.map(([ticket]) => ticket)).toEqual(["t1", "t2"]);
  });

  test("runs when the agent has loaded a failed thread again", async () => {
    server.instead.open_ticket = () => "lost";
    server.up();
    await settled();
    expect(opened).toEqual([]);
    delete server.instead.open_ticket;
    const root = memoryRoot();
    render(
      <ConsoleContext.Provider value={agentConsole}>
        <ThreadPane />
      </ConsoleContext.Provider>,
      root,
    );
    root.byClass("button")[0]?.click();
    render(null, root);
    await settled();
    expect(opened).toEqual([["t1", 2]]);
  });

  test("keeps nothing else from working when its command gets no ack", async () => {
    server.instead.explain = () => "lost";
    server.up();
    agentConsole.outgoing.send("t1", "reply", "Bonjour");
    await settled();
    expect(opened).toEqual([]);
    expect(server.tickets.get("t1")?.messages.map((one) => one.text)).toEqual(["Bonjour"]);
  });

  test("is closed with the console, once", () => {
    expect(closed).toBe(0);
    agentConsole.close();
    expect(closed).toBe(1);
  });
});
