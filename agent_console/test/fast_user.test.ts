/** An agent in a hurry: what can be taken back stays in sight, and the key for it does nothing else. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Desk, openDesk } from "../app/console";
import type { Notifier } from "../presence/alerts";
import { actOf } from "../shortcuts/keymap";
import { perform } from "../shortcuts/shortcuts";
import { ada, ben, Server, settled } from "./fake_server";

let server: Server;
let desk: Desk;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new Server();
  for (const id of ["t1", "t2", "t3", "t4"]) server.open(id, ada);
  desk = openDesk(server.connect(), ada);
  server.up();
  await settled();
});

afterEach(() => {
  desk.close();
  vi.useRealTimers();
});

const press = (act: "undo") => perform(act, desk, undefined as unknown as Notifier);
const offered = () => desk.notices.shown.value.filter(({ action }) => action).length;
const statuses = () => [...server.tickets.values()].map(({ status }) => status);

test("four ends in a row can all be taken back, whatever is said meanwhile", async () => {
  for (const id of ["t1", "t2", "t3", "t4"]) desk.actions.end(id);
  for (const text of ["un", "deux", "trois"]) desk.notices.say({ text, tone: "plain" });
  expect(offered()).toBe(4);
  for (let times = 0; times < 4; times++) expect(press("undo")).toBe(true);
  await vi.advanceTimersByTimeAsync(9000);
  expect(statuses()).toEqual(["live", "live", "live", "live"]);
});

test("words without an answer make room for newer ones", () => {
  for (const text of ["un", "deux", "trois", "quatre"]) desk.notices.say({ text, tone: "plain" });
  expect(desk.notices.shown.value.map(({ text }) => text)).toEqual(["deux", "trois", "quatre"]);
});

test("the key that undoes presses no other button", () => {
  const run = vi.fn();
  desk.notices.say({
    text: "Toutes vos places sont prises.",
    tone: "bad",
    action: { label: "Quand même", run },
  });
  expect(press("undo")).toBe(false);
  desk.actions.end("t1");
  desk.notices.say({
    text: "Toutes vos places sont prises.",
    tone: "bad",
    action: { label: "Quand même", run },
  });
  expect(press("undo")).toBe(true);
  expect([run.mock.calls.length, desk.actions.goodbyes.waiting.value.size]).toEqual([0, 0]);
});

test("who ends a chat and then hands it over has thought again", async () => {
  desk.actions.end("t1");
  await desk.actions.handOver("t1", { agent: ben.id }, "Ben", "");
  await vi.advanceTimersByTimeAsync(9000);
  expect([server.heard.includes("hand_over"), server.heard.includes("end_chat")]).toEqual([true, false]);
  expect(statuses()[0]).toBe("live");
});

test("a held key walks through the list and does nothing else", () => {
  const hold = (key: string) =>
    actOf({ key, code: "", alt: false, ctrl: false, shift: false, writing: false, held: true }, true);
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
