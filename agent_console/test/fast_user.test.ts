/** A fast agent: undo toasts stay in sight, and the undo key does nothing else. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentConsole } from "../app/console";
import type { Alerts } from "../presence/alerts";
import { actionFor } from "../shortcuts/keymap";
import { performAction } from "../shortcuts/shortcuts";
import { ada, ben, openConsole, Server, settled } from "./fake_server";

let server: Server;
let agentConsole: AgentConsole;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new Server();
  for (const id of ["t1", "t2", "t3", "t4"]) server.open(id, ada);
  agentConsole = openConsole(server, ada);
  server.up();
  await settled();
});

afterEach(() => {
  agentConsole.close();
  vi.useRealTimers();
});

const press = (act: "undo") => performAction(act, agentConsole, undefined as unknown as Alerts);
const offered = () => agentConsole.toasts.shown.value.filter(({ action }) => action).length;
const statuses = () => [...server.tickets.values()].map(({ status }) => status);

test("four ends in a row can all be undone, whatever other toasts come", async () => {
  for (const id of ["t1", "t2", "t3", "t4"]) agentConsole.actions.end(id);
  for (const text of ["un", "deux", "trois"]) agentConsole.toasts.show({ text, tone: "plain" });
  expect(offered()).toBe(4);
  for (let times = 0; times < 4; times++) expect(press("undo")).toBe(true);
  await vi.advanceTimersByTimeAsync(9000);
  expect(statuses()).toEqual(["live", "live", "live", "live"]);
});

test("toasts without an action make room for newer ones", () => {
  for (const text of ["un", "deux", "trois", "quatre"]) agentConsole.toasts.show({ text, tone: "plain" });
  expect(agentConsole.toasts.shown.value.map(({ text }) => text)).toEqual(["deux", "trois", "quatre"]);
});

test("the undo key runs no other action", () => {
  const run = vi.fn();
  agentConsole.toasts.show({
    text: "Toutes vos places sont prises.",
    tone: "bad",
    action: { label: "Quand même", run },
  });
  expect(press("undo")).toBe(false);
  agentConsole.actions.end("t1");
  agentConsole.toasts.show({
    text: "Toutes vos places sont prises.",
    tone: "bad",
    action: { label: "Quand même", run },
  });
  expect(press("undo")).toBe(true);
  expect([run.mock.calls.length, agentConsole.actions.delayedEnds.pending.value.size]).toEqual([0, 0]);
});

test("handing over a chat cancels its pending end", async () => {
  agentConsole.actions.end("t1");
  await agentConsole.actions.handOver("t1", { agent: ben.id }, "Ben", "");
  await vi.advanceTimersByTimeAsync(9000);
  expect([server.commands.includes("hand_over"), server.commands.includes("end_chat")]).toEqual([
    true,
    false,
  ]);
  expect(statuses()[0]).toBe("live");
});

test("a held key moves through the list and does nothing else", () => {
  const hold = (key: string) =>
    actionFor({ key, code: "", alt: false, ctrl: false, shift: false, writing: false, repeat: true }, true);
  expect(["j", "k", "a", "e", "x", "d", "z"].map(hold)).toEqual([
    "next",
    "previous",
    null,
    null,
    null,
    null,
    null,
  ]);
});
