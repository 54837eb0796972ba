/** A fake server with Ada's chat t1 and her console, made before each test of the file that imports this. */
import { afterEach, beforeEach, vi } from "vitest";
import type { Agent } from "../../client/protocol/agent";
import type { AgentConsole } from "../app/console";
import { ada, openConsole, Server } from "./fake_server";

export let server: Server;
export let agentConsole: AgentConsole;

/** Opens another console in the place of the first, as after a reload. */
export function open(self: Agent): void {
  agentConsole = openConsole(server, self);
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  server.open("t1", ada);
  open(ada);
});

afterEach(() => {
  agentConsole.close();
  vi.useRealTimers();
});
