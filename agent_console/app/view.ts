/** What a view of the console is: a name, its paths, its component and its entry in the navigation. */
import type { ComponentChildren, ComponentType } from "preact";
import type { Shape } from "../ui/icon";
import type { AgentConsole } from "./console";
import type { ViewPaths } from "./router";

/** What the layout gives to each view, which draws them: on a phone nothing else has the account menu. */
export interface ViewProps {
  /** Presence and, on a phone, the account. */
  tools: ComponentChildren;
  /** What the agent must know and may otherwise miss. */
  banners: ComponentChildren;
}

export interface View extends ViewPaths {
  /** Imports the view's own stylesheet. */
  readonly component: ComponentType<ViewProps>;
  readonly icon: Shape;
  /** The name in the language of `preferences.language`. */
  readonly label: () => string;
  /** How many unread messages the navigation entry shows. */
  readonly badge?: (agentConsole: AgentConsole) => number;
}
