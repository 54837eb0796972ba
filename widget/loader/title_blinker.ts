/** The page's title while nobody looks: ours and its own in turn, until somebody does. */
import type { Badge } from "../bridge/messages";

/** Call the result whenever the badge or the page's visibility has changed. */
export function titleBlinker(badge: () => Partial<Badge>): () => void {
  let ours: string | undefined;
  let theirs = "";
  let blinking: ReturnType<typeof setInterval> | undefined;
  const swap = () => {
    // What is not ours is the page's, which may have changed it meanwhile.
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
