/** Going available is also the one moment at which it makes sense to ask for notifications and sound. */

import type { AgentConsole } from "../app/console";
import { texts } from "../app/preferences";
import { errorText } from "../ui/labels";
import type { Alerts } from "./alerts";
import type { Availability } from "./presence";

/** Call it from a click or a key: browsers ask their person only then. */
export async function setAvailability(
  agentConsole: AgentConsole,
  alerts: Alerts,
  state: Availability,
): Promise<void> {
  if (state === "available") void alerts.askPermission();
  try {
    await agentConsole.presence.choose(state);
  } catch (error) {
    agentConsole.toasts.show({ text: errorText(error, texts.value), tone: "bad" });
  }
}
