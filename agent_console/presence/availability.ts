/** Going available is also the one moment at which it makes sense to ask for notifications and sound. */

import type { Desk } from "../app/console";
import { words } from "../app/preferences";
import { troubleWords } from "../ui/labels";
import type { Notifier } from "./alerts";
import type { Choice } from "./presence";

/** Call it from a click or a key: browsers ask their person only then. */
export async function setAvailability(desk: Desk, notifier: Notifier, state: Choice): Promise<void> {
  if (state === "available") void notifier.askPermission();
  try {
    await desk.presence.choose(state);
  } catch (error) {
    desk.notices.say({ text: troubleWords(error, words.value), tone: "bad" });
  }
}
