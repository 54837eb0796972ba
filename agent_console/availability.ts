/** Going available is also the one moment at which it makes sense to ask for notifications and sound. */
import { troubleWords } from "./names";
import type { Notifier } from "./notify";
import type { Choice } from "./presence";
import { words } from "./settings";
import type { Desk } from "./store";

/** Call it from a click or a key: browsers ask their person only then. */
export async function setAvailability(desk: Desk, notifier: Notifier, state: Choice): Promise<void> {
  if (state === "available") void notifier.askPermission();
  try {
    await desk.presence.choose(state);
  } catch (error) {
    desk.notices.say({ text: troubleWords(error, words.value), tone: "bad" });
  }
}
