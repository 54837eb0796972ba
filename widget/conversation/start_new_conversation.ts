/** A new conversation, asked for: to where one writes, for the button that was pressed is gone. */
import type { Store } from "../state/store";

export function startNewConversation({ startNew, observable }: Store): void {
  startNew();
  observable.flush();
  document.getElementById("text")?.focus();
}
