/** Putting a ticket on hold: the command that the dialog sends, its default date, and what a refusal leaves. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentConsole } from "../app/console";
import { defaultUntil, inputValue } from "../conversation/hold_dialog";
import { ada, openConsole, Server, settled } from "./fake_server";

let server: Server;
let agentConsole: AgentConsole;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new Server();
  server.open("t1", ada);
  agentConsole = openConsole(server, ada, []);
  server.up();
  agentConsole.actions.open("t1");
  await settled();
});

afterEach(() => {
  agentConsole.close();
  vi.useRealTimers();
});

const command = { ticket: "t1", until: "2026-12-01T12:00:00.000Z", reason: "The bank", tell: true };

test("the ack's ticket is shown, with the date", async () => {
  const hold = { until: command.until, reason: "The bank" };
  server.instead.hold = () => ({ ticket: { ...server.ticket("t1"), status: "on_hold", hold, rev: 99 } });
  expect(await agentConsole.actions.hold(command)).toBeNull();
  expect(agentConsole.threads.get("t1").ticket.value).toMatchObject({ status: "on_hold", hold });
});

test("a refusal is returned and changes nothing", async () => {
  server.instead.hold = () => ({ ok: false, error: { code: "bad_request", message: "", field: "until" } });
  expect(await agentConsole.actions.hold(command)).toMatchObject({ refusal: { field: "until" } });
  expect(agentConsole.threads.get("t1").ticket.value?.hold).toBeNull();
});

test("the default is a working day at noon, as the input writes it", () => {
  // Tuesday and Thursday: in three days it is Friday and Sunday.
  const friday = defaultUntil(new Date(2026, 10, 24, 16, 45));
  expect(inputValue(friday)).toBe("2026-11-27T12:00");
  expect(inputValue(defaultUntil(new Date(2026, 10, 26, 9, 5)))).toBe("2026-11-30T12:00");
});
