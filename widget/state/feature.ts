/** What a feature of the widget is: a lazily loaded chunk that draws a card, receives events and sends commands. */
import type { Reply, Ticket } from "../../client/protocol/shared";
import type { VisitorCommands } from "../../client/protocol/visitor";
import type { Connection } from "../../client/transport/connection";
import type { HostStorage } from "../bridge/bridge";
import type { Observable } from "./observable";
import type { State } from "./state";
import type { FeatureSlots, FormActions, LazyForm, ViewContext } from "./view_context";

/** One line of the list in features.ts. */
export interface Feature {
  /** Asked after every change of the state; the first true loads the feature. */
  needed(state: State): boolean;
  load(): Promise<FeatureModule>;
}

/** The entry module of a feature's chunk. */
export interface FeatureModule {
  /** A stylesheet, imported with `?inline`. */
  styles?: string;
  /** Runs once, when the chunk is loaded. What the feature remembers is in this function's variables. */
  start(context: FeatureContext): FeatureSlots;
}

/**
 * What a feature may use. `observable.watch` makes an object of its own whose changes draw the panel again. `texts` are
 * those of the panel; a feature's own are a `Record<Locale, …>` in texts.ts of its folder, and `config.lang` is
 * the key of the visitor's language.
 */
export interface FeatureContext extends ViewContext {
  readonly observable: Observable;
  readonly storage: HostStorage;
  readonly identity: { token: string | undefined };
  readonly session: ViewContext["session"] & {
    readonly connection: Pick<Connection<VisitorCommands>, "request" | "reconnect">;
    /** Sends a command that may get lost. Never throws; undefined if no ack came. */
    sendBestEffort<K extends keyof VisitorCommands>(
      command: K,
      payload: VisitorCommands[K]["payload"],
    ): Promise<Reply<VisitorCommands[K]["ack"]> | undefined>;
    applyTicket(ticket: Ticket): void;
  };
  lazyForm: LazyForm | undefined;
  formClient: FormActions | undefined;
  /** Tells the host page what happened. */
  fire(name: string, detail?: unknown): void;
}
