/** Alerts of promises: a toast in the agent's language, whose button opens the ticket. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentConsole } from "../app/console";
import { language } from "../app/preferences";
import { promises } from "../promises/feature";
import { ada, openConsole, Server, settled } from "./fake_server";

let server: Server;
let agentConsole: AgentConsole;

beforeEach(async () => {
  vi.useFakeTimers();
  language.value = "en";
  server = new Server();
  server.open("t1", ada);
  agentConsole = openConsole(server, ada, [promises]);
  server.up();
  await settled();
});

afterEach(() => {
  agentConsole.close();
  language.value = "fr";
  vi.useRealTimers();
});

test("each alert is told with its date, in words and not by colour alone", async () => {
  for (const what of ["soon", "close", "broken"] as const)
    server.tell("alert", {
      ticket: `t-${what}`,
      number: 1051,
      name: null,
      what,
      due: "2026-11-25T10:05:00+01:00",
    });
  await settled();
  const shown = agentConsole.toasts.shown.value;
  expect(shown.map(({ tone }) => tone)).toEqual(["plain", "plain", "bad"]);
  expect(shown[0]?.text).toMatch(/^Answer before Wednesday.*25.*: #1051$/);
  expect(shown[2]?.text).toMatch(/^The answer promised by Wednesday.*25.* was not sent: #1051$/);
});

test("the next alert of a ticket replaces the one before", async () => {
  for (const what of ["close", "broken"] as const)
    server.tell("alert", { ticket: "t1", number: 1, name: null, what, due: "2026-11-25T10:05:00+01:00" });
  await settled();
  expect(agentConsole.toasts.shown.value.map(({ tone }) => tone)).toEqual(["bad"]);
});

test("its button opens the ticket", async () => {
  language.value = "fr";
  server.tell("alert", {
    ticket: "t1",
    number: 1,
    name: null,
    what: "soon",
    due: "2026-11-25T10:05:00+01:00",
  });
  await settled();
  const [toast] = agentConsole.toasts.shown.value;
  expect(toast?.action?.label).toBe("Ouvrir");
  if (toast) agentConsole.toasts.runAction(toast);
  expect(agentConsole.router.ticket.value).toBe("t1");
});
