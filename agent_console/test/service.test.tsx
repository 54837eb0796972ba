/** The console says what visitors get: closed or limited hours, whoever is available; and the presence of a visitor. */
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryRoot } from "../../client/test/dom";
import { type AgentConsole, ConsoleContext } from "../app/console";
import { Details } from "../conversation/details";
import { Lists } from "../inbox/lists";
import { ServiceNotice } from "../presence/service_notice";
import { ada, card, openConsole, Server, settled } from "./fake_server";

let server: Server;
let agentConsole: AgentConsole;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-28T21:28:00Z") });
  server = new Server();
  agentConsole = openConsole(server, ada);
});

afterEach(() => {
  agentConsole.close();
  vi.useRealTimers();
});

async function draw(content: preact.ComponentChildren) {
  const root = memoryRoot();
  render(<ConsoleContext.Provider value={agentConsole}>{content}</ConsoleContext.Provider>, root);
  await drawn();
  return root;
}

async function drawn(): Promise<void> {
  await settled();
  await vi.advanceTimersByTimeAsync(50);
}

const CLOSED = {
  state: "closed",
  mode: "form",
  until: null,
  next_open: "2026-11-30T09:00:00+01:00",
  promise: null,
};

test("a closed desk says when it opens and that the form replaces the chat, until it opens", async () => {
  server.service = CLOSED as typeof server.service;
  server.up();
  const root = await draw(<ServiceNotice />);
  const shown = () => root.byClass("service-notice").map((one) => one.textContent);
  expect(shown()).toEqual([
    expect.stringMatching(/^Service fermé · ouvre lundi à\u00a0\d+.* · le formulaire remplace le chat$/),
  ]);
  server.tell("service", { ...CLOSED, state: "limited", mode: "chat" });
  await drawn();
  expect(shown()).toEqual(["Service réduit"]);
  server.tell("service", { ...CLOSED, state: "open", mode: "chat" });
  await drawn();
  expect(shown()).toEqual([]);
});

test("an administrator opens a closed desk for an hour and closes it again; others see both and have no button", async () => {
  const admin = { ...ada, role: "admin" as const };
  const opened = {
    ...CLOSED,
    state: "open",
    mode: "chat",
    until: "2026-11-28T23:28:00+01:00",
    extra_hours: true,
  };
  const requests: unknown[] = [];
  vi.stubGlobal("fetch", async (path: string, { method }: RequestInit) => {
    requests.push([method, path]);
    return new Response(JSON.stringify(method === "POST" ? opened : CLOSED));
  });
  server.service = CLOSED as typeof server.service;
  server.up();
  const others = await draw(<ServiceNotice />);
  agentConsole.close();
  agentConsole = openConsole(server, admin);
  server.up();
  const root = await draw(<ServiceNotice />);
  const buttons = (of: typeof root) => of.byClass("button").map((one) => one.textContent);
  expect([buttons(root), buttons(others)]).toEqual([["Ouvrir 1\u00a0h pour essayer"], []]);
  root.byClass("button")[0]?.dispatchEvent(new Event("click"));
  await drawn();
  expect(root.byClass("service-notice").map((one) => one.textContent)).toEqual([
    expect.stringMatching(/^Ouvert hors horaires jusqu’à \d+\u00a0h\u00a028Fermer maintenant$/),
  ]);
  root.byClass("button")[0]?.dispatchEvent(new Event("click"));
  await drawn();
  expect(buttons(root)).toEqual(["Ouvrir 1\u00a0h pour essayer"]);
  const path = "/api/console/calendar/opening";
  expect(requests).toEqual([
    ["POST", path],
    ["DELETE", path],
  ]);
  vi.stubGlobal(
    "fetch",
    async () => new Response(JSON.stringify({ error: { code: "not_allowed" } }), { status: 403 }),
  );
  root.byClass("button")[0]?.dispatchEvent(new Event("click"));
  await drawn();
  vi.unstubAllGlobals();
  expect(agentConsole.toasts.shown.value.map((one) => one.text)).toEqual([
    "Vous n’avez pas le droit de faire cela.",
  ]);
});

test("the empty list promises a conversation only while one can come", async () => {
  server.up();
  const root = await draw(<Lists tools={null} banners={null} />);
  const empty = () => root.byClass("lists__empty")[1]?.textContent;
  expect(empty()).toBe("Aucune conversation. La prochaine sonnera ici.");
  server.tell("presence", { ...ada, state: "away" });
  await drawn();
  expect(empty()).toBe("Aucune conversation. Passez «\u00a0Disponible\u00a0» pour recevoir la prochaine.");
  server.tell("service", CLOSED);
  await drawn();
  expect(empty()).toBe("Aucune conversation\u00a0: le service est fermé.");
});

test("a visitor keeps their presence after the end; of one of whom nothing is known nothing is said", async () => {
  server.open("t_1", ada);
  server.up();
  agentConsole.actions.open("t_1");
  const root = await draw(<Details />);
  const state = () => root.byClass("current-page__state").map((one) => one.textContent);
  expect(state()).toEqual(["sur le site"]);
  server.tell("card", card("t_1", 1, { status: "solved", rev: 90 }));
  server.tell("gone", { ticket: "t_1" });
  await drawn();
  expect([agentConsole.inbox.lists.value.mine.length, state()]).toEqual([0, ["sur le site"]]);
  server.tell("visitor", { ticket: "t_1", state: "gone", page: null });
  await drawn();
  expect(state()).toEqual(["hors ligne"]);
  server.open("t_2", ada).status = "solved";
  agentConsole.actions.open("t_2");
  await drawn();
  expect(state()).toEqual([]);
});
