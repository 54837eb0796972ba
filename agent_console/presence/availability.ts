/** Going available is also the one moment at which it makes sense to ask for notifications and sound. */

import type { Parts } from "../app/parts";
import { texts } from "../app/preferences";
import { errorText } from "../ui/labels";
import type { Alerts } from "./alerts";
import type { Availability } from "./presence";

/** Call it from a click or a key: browsers ask their person only then. */
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
