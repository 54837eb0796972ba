/** Alternates our title with the page's own while the tab is hidden and messages are unread. */
import type { Badge } from "../bridge/messages";

/** Call the returned function when the badge or the visibility of the page has changed. */
export function titleBlinker(badge: () => Partial<Badge>): () => void {
  let ours: string | undefined;
  let theirs = "";
  let blinking: ReturnType<typeof setInterval> | undefined;
  const swap = () => {
    // Any title that is not ours is the page's, which may have changed it meanwhile.
    if (document.title === ours) document.title = theirs;
    else [theirs, document.title] = [document.title, ours ?? ""];
  };
  return () => {
    clearInterval(blinking);
    if (document.title === ours) swap();
    const { count, title } = badge();
    ours = title;
    if (count && document.hidden) blinking = setInterval(swap, 1500);
  };
}
