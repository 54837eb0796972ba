/** A new conversation, asked for: to where one writes, for the button that was pressed is gone. */
import type { ViewContext } from "../state/view_context";

export function startNewConversation({ startNew, observable }: ViewContext): void {
  startNew();
  observable.flush();
  document.getElementById("text")?.focus();
}
