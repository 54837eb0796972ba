/** A new conversation, asked for: to where one writes, for the button that was pressed is gone. */
import type { Store } from "../state/store";

export function begin({ turnAway, changes }: Store): void {
  turnAway();
  changes.settle();
  document.getElementById("text")?.focus();
}
