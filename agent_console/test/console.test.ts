/** The console's state against a server in memory: nothing is lost, duplicated or dropped from the composer. */
import { expect, test, vi } from "vitest";
import { agentConsole, open, server } from "./console_of_ada";
import { ada, agent, ben, card, settled } from "./fake_server";

async function arrive(ticket = "t1"): Promise<void> {
  server.up();
  agentConsole.actions.open(ticket);
  await settled();
}

const texts = (ticket = "t1") =>
  agentConsole.threads.find(ticket)?.timeline.value.messages.map((one) => `${one.author.kind}: ${one.text}`);

test("Ada receives Vic's message and answers, in order", async () => {
  await arrive();
  server.say("t1", "Bonjour");
  agentConsole.outgoing.send("t1", "reply", "Bonjour Vic");
  expect(agentConsole.threads.find("t1")?.timeline.value.pending).toHaveLength(1);
  await settled();
  expect(texts()).toEqual(["visitor: Bonjour", "agent: Bonjour Vic"]);
  expect(agentConsole.threads.find("t1")?.timeline.value.pending).toHaveLength(0);
});

test("messages missed without a connection are there after the reconnect, once", async () => {
  await arrive();
  server.say("t1", "un");
  server.cut();
  server.say("t1", "deux");
  agentConsole.outgoing.send("t1", "reply", "écrit hors ligne");
  await settled();
  expect(texts()).toEqual(["visitor: un"]);
  server.up();
  await settled();
  expect(texts()).toEqual(["visitor: un", "visitor: deux", "agent: écrit hors ligne"]);
});

test("an answer that was stored but whose ack was lost appears once", async () => {
  await arrive();
  server.instead.send_message = () => "lost";
  agentConsole.outgoing.send("t1", "reply", "une seule fois");
  await settled();
  server.cut();
  server.instead = {};
  server.up();
  await settled();
  expect(texts()).toEqual(["agent: une seule fois"]);
  expect(server.tickets.get("t1")?.messages).toHaveLength(1);
});

test("an event ahead of a gap makes the thread catch up", async () => {
  await arrive();
  server.say("t1", "un");
  const lost = server.tickets.get("t1")?.messages;
  lost?.push({ ...(lost[0] as (typeof lost)[0]), seq: 2, id: "t1-2", text: "deux", client_id: "x" });
  server.say("t1", "trois");
  await settled();
  expect(texts()).toEqual(["visitor: un", "visitor: deux", "visitor: trois"]);
});

test("after a reload the outbox of the earlier page is sent", async () => {
  await arrive();
  server.cut();
  agentConsole.outgoing.send("t1", "reply", "avant le rechargement");
  agentConsole.close();
  open(ada);
  server.up();
  await settled();
  expect(server.tickets.get("t1")?.messages.map((one) => one.text)).toEqual(["avant le rechargement"]);
});

test("another agent on the same computer neither sees nor sends Ada's drafts and messages", async () => {
  await arrive();
  server.cut();
  agentConsole.outgoing.send("t1", "reply", "d’Ada");
  agentConsole.drafts.put("t1", { mode: "reply", reply: "un brouillon", note: "" });
  agentConsole.close();
  open(ben);
  expect(agentConsole.drafts.of("t1").reply).toBe("");
  server.up();
  await settled();
  expect(server.tickets.get("t1")?.messages).toEqual([]);
  agentConsole.close();
  open(ada);
  expect(agentConsole.drafts.of("t1").reply).toBe("un brouillon");
});

test("a message refused because Ben owns the ticket comes back as a note, before what was typed since", async () => {
  server.open("t2", ben);
  await arrive("t2");
  agentConsole.outgoing.send("t2", "reply", "je réponds");
  agentConsole.drafts.put("t2", { mode: "note", reply: "", note: "et encore" });
  await settled();
  expect(agentConsole.drafts.of("t2")).toEqual({ mode: "note", reply: "", note: "je réponds\net encore" });
  expect(agentConsole.toasts.shown.value[0]?.text).toContain("Ben");
});

test("a note follows its message and is never among the messages", async () => {
  await arrive();
  server.say("t1", "Bonjour");
  agentConsole.outgoing.send("t1", "note", "à vérifier");
  await settled();
  const timeline = agentConsole.threads.find("t1")?.timeline.value;
  expect(timeline?.notes.map((note) => [note.after, note.text])).toEqual([[1, "à vérifier"]]);
  expect(texts()).toEqual(["visitor: Bonjour"]);
});

test("an end waits 8 seconds and can be cancelled", async () => {
  await arrive();
  agentConsole.actions.end("t1");
  vi.advanceTimersByTime(7900);
  expect(agentConsole.actions.delayedEnds.cancel("t1")).toBe(true);
  vi.advanceTimersByTime(10_000);
  await settled();
  expect(server.commands).not.toContain("end_chat");
  agentConsole.actions.end("t1");
  vi.advanceTimersByTime(8000);
  await settled();
  expect(server.commands).toContain("end_chat");
  expect(agentConsole.inbox.lists.value.mine).toEqual([]);
});

test("a message of the visitor within these seconds cancels the end", async () => {
  await arrive();
  agentConsole.actions.end("t1");
  server.say("t1", "encore une chose");
  expect(agentConsole.toasts.shown.value.at(-1)?.text).toContain("Vic");
  vi.advanceTimersByTime(10_000);
  await settled();
  expect(server.commands).not.toContain("end_chat");
});

test("leaving the page sends a pending end at once", async () => {
  await arrive();
  agentConsole.actions.end("t1");
  dispatchEvent(new Event("pagehide"));
  await settled();
  expect(server.commands).toContain("end_chat");
});

test("an end without a connection is sent after the reconnect", async () => {
  await arrive();
  agentConsole.actions.end("t1");
  server.cut();
  vi.advanceTimersByTime(8000);
  await settled();
  expect(agentConsole.toasts.shown.value.at(-1)?.tone).toBe("bad");
  server.up();
  await settled();
  expect(server.commands).toContain("end_chat");
});

test("a claim that Ben won shows Ben's name", async () => {
  server.open("t2", ben);
  await arrive();
  await agentConsole.actions.claim("t2");
  expect(agentConsole.toasts.shown.value.at(-1)?.text).toContain("Ben");
});

test("a claimed chat moves from waiting to mine at once", async () => {
  server.open("t2");
  await arrive();
  expect(agentConsole.inbox.lists.value.waiting.map((one) => one.ticket)).toEqual(["t2"]);
  await agentConsole.actions.claim("t2");
  expect(agentConsole.inbox.lists.value.mine.map((one) => one.ticket)).toEqual(["t1", "t2"]);
  expect(agentConsole.router.ticket.value).toBe("t2");
});

test("offers ring, end with a reason, and are replaced by those of the next hello", async () => {
  await arrive();
  const offer = { card: card("t9", 9), expires_at: "2026-11-25T09:01:00Z", why: "only_one", by: null };
  server.tell("offer", offer);
  expect(agentConsole.offers.list.value.map((one) => one.card.ticket)).toEqual(["t9"]);
  server.tell("offer_ended", { ticket: "t9", reason: "taken" });
  expect(agentConsole.offers.list.value).toEqual([]);
  server.tell("offer", offer);
  server.cut();
  server.up();
  await settled();
  expect(agentConsole.offers.list.value).toEqual([]);
});

test("two missed offers set Ada away with a reason; choosing a state clears it", async () => {
  await arrive();
  server.tell("presence", agent("a1", "Ada", { state: "away", why: "missed" }));
  expect([agentConsole.presence.choice.value, agentConsole.presence.missed.value]).toEqual(["away", true]);
  const chosen = agentConsole.presence.choose("available");
  expect(agentConsole.presence.choice.value).toBe("available");
  await chosen;
  expect([agentConsole.presence.choice.value, agentConsole.presence.missed.value]).toEqual([
    "available",
    false,
  ]);
});

test("a presence that the server did not get is taken back", async () => {
  await arrive();
  server.cut();
  await expect(agentConsole.presence.choose("away")).rejects.toThrow();
  expect(agentConsole.presence.choice.value).toBe("available");
});

test("Vic is typing for 3 seconds, or until the message arrives", async () => {
  await arrive();
  const thread = agentConsole.threads.find("t1");
  server.tell("typing", { ticket: "t1", on: true, name: "Vic" });
  expect(thread?.typing.value).toBe("Vic");
  server.say("t1", "voilà");
  expect(thread?.typing.value).toBeNull();
  server.tell("typing", { ticket: "t1", on: true, name: "Vic" });
  vi.advanceTimersByTime(3000);
  expect(thread?.typing.value).toBeNull();
});

test("a thread is missing, loading without a connection, or failed after a lost ack", async () => {
  await arrive("nowhere");
  expect(agentConsole.threads.shown.value?.phase.value).toBe("missing");
  server.cut();
  agentConsole.actions.open("t1");
  await settled();
  expect(agentConsole.threads.shown.value?.phase.value).toBe("loading");
  server.instead.open_ticket = () => "lost";
  server.up();
  await settled();
  expect(agentConsole.threads.shown.value?.phase.value).toBe("failed");
  server.instead = {};
  await agentConsole.threads.shown.value?.catchUp();
  await settled();
  expect(agentConsole.threads.shown.value?.phase.value).toBe("ready");
});
