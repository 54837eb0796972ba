/** What a view of the console is: a name, its paths, its component and its entry in the navigation. */
import type { ComponentChildren, ComponentType } from "preact";
import type { Texts } from "../locales/fr";
import type { IconName } from "../ui/icon";
import type { AgentConsole } from "./console";
import type { ViewPaths } from "./router";

/** What the layout gives to each view, so that no view imports the account menu or the banners. */
export interface ViewProps {
  /** Presence and, on a phone, the account. */
  tools: ComponentChildren;
  /** What the agent must know and may otherwise miss. */
  banners: ComponentChildren;
}

export interface View extends ViewPaths {
  readonly component: ComponentType<ViewProps>;
  readonly icon: IconName;
  readonly label: (texts: Texts) => string;
  /** How many unread messages the navigation entry shows. */
  readonly badge?: (agentConsole: AgentConsole) => number;
}
