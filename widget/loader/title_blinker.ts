/** Alternates our title with the page's own while the tab is hidden and messages are unread. */
import type { Badge } from "../bridge/messages";

let ours: string | undefined;
let theirs: string;
let blinking: ReturnType<typeof setInterval> | undefined;

function swap(): void {
  // Any title that is not ours is the page's, which may have changed it meanwhile.
  if (document.title === ours) document.title = theirs;
  else [theirs, document.title] = [document.title, ours ?? ""];
}

/** Call when the badge or the visibility of the page has changed. */
export function blinkTitle({ count, title }: Partial<Badge>): void {
  clearInterval(blinking);
  if (document.title === ours) swap();
  ours = title;
  if (count && document.hidden) blinking = setInterval(swap, 1500);
}
