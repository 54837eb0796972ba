/** What a feature of the console is: a function that runs once for each signed-in agent and returns its slots. */
import type { ComponentChildren } from "preact";
import type { Agent } from "../../client/protocol/agent";
import type { Ticket } from "../../client/protocol/shared";
import type { AgentSocket } from "../connection/socket";
import type { Router } from "./router";
import type { Toasts } from "./toasts";

/**
 * Keeps what it remembers in its own variables; signals among them draw its slots again. Its texts are a
 * `Record<Locale, …>` in texts.ts of its folder; `language.value` of preferences.ts is the key of the agent's
 * language.
 */
export type Feature = (context: FeatureContext) => FeatureSlots;

export interface FeatureContext {
  readonly socket: AgentSocket;
  readonly self: Agent;
  readonly router: Router;
  readonly toasts: Toasts;
}

export interface FeatureSlots {
  /** Drawn beside the visitor's name in the header of a thread. */
  threadBadge?(ticket: Ticket): ComponentChildren;
  /** Runs after each hello, when all threads have caught up. A rejection means that the connection was lost again. */
  afterHello?(): void | Promise<void>;
  /**
   * Runs after a ticket's thread has been loaded, and again after each later hello when it has caught up. A rejection
   * means that the connection was lost again.
   */
  onThreadOpened?(ticket: Ticket): void | Promise<void>;
  /** Runs when the agent signs out: ends timers and subscriptions. Those to `socket` end with it. */
  close?(): void;
}
