/** Starts a new conversation and moves the focus to the text field, for the button that was pressed disappears. */
import type { ViewContext } from "../state/view_context";

export function startNewConversation({ startNew, observable }: ViewContext): void {
  startNew();
  observable.flush();
  document.getElementById("text")?.focus();
}
