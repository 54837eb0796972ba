/** Sets the agent available or away; going available also asks for the permissions of notifications and sound. */

import type { Parts } from "../app/parts";
import { texts } from "../app/preferences";
import { errorText } from "../ui/labels";
import type { Alerts } from "./alerts";
import type { Availability } from "./presence";

/** Call it from a click or a key, or the browser refuses to ask. */
export async function setAvailability(
  { presence, toasts }: Pick<Parts, "presence" | "toasts">,
  alerts: Alerts,
  state: Availability,
): Promise<void> {
  if (state === "available") void alerts.askPermission();
  try {
    await presence.choose(state);
  } catch (error) {
    toasts.show({ text: errorText(error, texts.value), tone: "bad" });
  }
}
