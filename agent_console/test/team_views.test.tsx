/** The lists beside one's own: loaded when they are shown, up to date while they are, paged by the server. */
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryRoot } from "../../client/test/dom";
import { type AgentConsole, ConsoleContext } from "../app/console";
import { Lists } from "../inbox/lists";
import { ada, ben, card, openConsole, Server, settled } from "./fake_server";

const bens = { agent: { id: ben.id, name: ben.name, photo: null } };
const adas = { agent: { id: ada.id, name: ada.name, photo: null } };
const ENDED_AT = "2026-11-25T09:30:00Z";

let server: Server;
let agentConsole: AgentConsole;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-25T10:00:00Z") });
  location.pathname = "/console";
  server = new Server();
  server.instead.list = ({ view, after }) =>
    after
      ? { cards: [card("t_1", 1, bens)], next: null }
      : { cards: view === "team" ? [card("t_9", 9, bens), card("t_7", 7, bens)] : [], next: "7" };
  agentConsole = openConsole(server, ada);
  server.up();
});

afterEach(() => {
  agentConsole.close();
  vi.useRealTimers();
});

const shown = (view: "team" | "ended" | "all"): string[] =>
  agentConsole.teamViews.listing(view).cards.value.map((one) => one.ticket);

async function show(list: string | null): Promise<void> {
  agentConsole.router.openList(list);
  await settled();
}

test("the list of the team is loaded when it is shown, page after page, and emptied when it no longer is", async () => {
  await settled();
  expect(server.commands).toEqual(["hello"]);
  await show("team");
  expect(shown("team")).toEqual(["t_9", "t_7"]);
  await agentConsole.teamViews.listing("team").more();
  expect([shown("team"), agentConsole.teamViews.listing("team").next.value]).toEqual([
    ["t_9", "t_7", "t_1"],
    null,
  ]);
  await show(null);
  expect([shown("team"), server.commands]).toEqual([[], ["hello", "list", "list"]]);
});

test("a chat enters the team's list with its colleague and leaves it with its end; what is shown keeps its place", async () => {
  await show("team");
  server.tell("card", card("t_10", 10, { rev: 2 }));
  expect(shown("team"), "it waits").toEqual(["t_9", "t_7"]);
  server.tell("card", card("t_10", 10, { ...bens, rev: 3 }));
  server.tell("card", card("t_8", 8, { ...bens, rev: 3 }));
  server.tell("card", card("t_2", 2, { ...bens, rev: 3 }));
  expect(shown("team"), "the second page has t_2").toEqual(["t_10", "t_9", "t_8", "t_7"]);
  server.tell("card", card("t_7", 7, { ...bens, rev: 4, preview: "Merci" }));
  server.tell("card", card("t_7", 7, { ...bens, rev: 3, preview: "older" }));
  expect(agentConsole.teamViews.find("t_7")?.preview).toBe("Merci");
  server.tell("card", card("t_9", 9, { ...adas, rev: 5 }));
  server.tell("card", card("t_8", 8, { ...bens, status: "solved", rev: 5 }));
  expect(shown("team"), "Ada's own, and an ended one").toEqual(["t_10", "t_7"]);
});

test("what ends enters the list of the ended on top, and leaves it when it is reopened", async () => {
  server.instead.list = () => ({ cards: [card("t_3", 3, { status: "closed" })], next: null });
  await show("ended");
  server.tell("card", card("t_4", 4, { status: "solved", updated_at: ENDED_AT, rev: 2 }));
  expect(shown("ended")).toEqual(["t_4", "t_3"]);
  server.tell("card", card("t_4", 4, { status: "live", rev: 3 }));
  expect(shown("ended")).toEqual(["t_3"]);
});

test("a card that changes while its page is on the way is not lost", async () => {
  server.instead.list = () => {
    server.tell("card", card("t_9", 9, { ...bens, status: "solved", rev: 2 }));
    server.tell("card", card("t_11", 11, { ...bens, rev: 2 }));
    return { cards: [card("t_9", 9, bens)], next: null };
  };
  await show("team");
  expect(shown("team")).toEqual(["t_11"]);
});

test("after a lost connection the list is read again", async () => {
  await show("team");
  server.cut();
  server.instead.list = () => ({ cards: [card("t_12", 12, bens)], next: null });
  server.up();
  await settled();
  expect(shown("team")).toEqual(["t_12"]);
});

test("a list that can't be loaded says so and can be tried again", async () => {
  server.instead.list = () => "lost";
  await show("all");
  const listing = agentConsole.teamViews.listing("all");
  expect(listing.phase.value).toBe("failed");
  server.instead.list = () => ({ cards: [], next: null });
  await listing.load();
  expect(listing.phase.value).toBe("done");
});

test("the switch shows the list, its address and who has each chat", async () => {
  const root = memoryRoot();
  render(
    <ConsoleContext.Provider value={agentConsole}>
      <Lists tools={null} banners={null} />
    </ConsoleContext.Provider>,
    root,
  );
  await show("team");
  await vi.advanceTimersByTimeAsync(50);
  const entries = root.byClass("view-switch__entry");
  expect(entries.map((one) => [one.textContent, one.attributes.get("href")])).toEqual([
    ["À moi", "/console"],
    ["Équipe", "/console/team"],
    ["Toutes", "/console/all"],
    ["Terminées", "/console/ended"],
  ]);
  expect(entries.map((one) => one.attributes.get("aria-current"))).toEqual([
    undefined,
    "page",
    undefined,
    undefined,
  ]);
  expect(root.byClass("lists__head").map((one) => one.textContent)).toEqual(["Équipe2+"]);
  expect(root.byClass("card-row__badge").map((one) => one.textContent)).toEqual(["Ben", "Ben"]);
});

test("a ticket that is paused from the results of a search is in one's own list at once", async () => {
  server.open("t_5").status = "open";
  server.instead.list = () => ({ cards: [card("t_5", 5, { status: "open" })], next: null });
  server.instead.hello = () => ({ ...EMPTY_HELLO });
  server.cut();
  server.up();
  agentConsole.search.type("vic");
  await vi.advanceTimersByTimeAsync(300);
  expect([shown("all"), agentConsole.search.cards.value.length]).toEqual([[], 1]);
  agentConsole.actions.open("t_5");
  await settled();
  const stored = server.tickets.get("t_5");
  if (stored) stored.owner = ada;
  agentConsole.actions.setStatus("t_5", "pending");
  await settled();
  expect(agentConsole.inbox.lists.value.mine.map((one) => [one.ticket, one.status])).toEqual([
    ["t_5", "pending"],
  ]);
});

const EMPTY_HELLO = {
  agent: ada,
  presence: "available",
  cards: { mine: [], waiting: [], open: [] },
  counts: { mine: 0, waiting: 0, open: 0 },
  team: [ada, ben],
  departments: [],
  offers: [],
  service: { state: "open", mode: "chat", until: null, next_open: null, promise: null },
};
