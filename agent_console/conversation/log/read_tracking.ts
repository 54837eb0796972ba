/**
 * Read marks by real visibility: a line counts as read once it is on screen, in a tab one looks at. Only the owner
 * reads for us: whoever looks over their shoulder must not clear what they have still to see.
 */
import { useEffect } from "preact/hooks";
import { useDesk } from "../../app/console";
import type { Thread } from "../thread";

const looksHere = (): boolean => document.visibilityState === "visible" && document.hasFocus();

/** The highest seq among the marked lines whose foot is within the box. */
export function lastSeen(box: HTMLElement): number {
  const { top, bottom } = box.getBoundingClientRect();
  let seen = 0;
  for (const line of box.querySelectorAll<HTMLElement>("[data-seq]")) {
    const foot = line.getBoundingClientRect().bottom;
    if (foot > top && foot <= bottom + 2) seen = Math.max(seen, Number(line.dataset.seq));
  }
  return seen;
}

export function useSeenMarks(box: { current: HTMLElement | null }, thread: Thread): void {
  const desk = useDesk();
  const last = thread.line.value.last;
  const mine = thread.ticket.value?.agent?.id === desk.self.id;
  useEffect(() => {
    const look = () => {
      const ticket = thread.ticket.peek();
      if (!mine || !box.current || !ticket || !looksHere()) return;
      // The last lines may be one's own or events: once the end is in view all is read.
      const atEnd = box.current.scrollHeight - box.current.scrollTop - box.current.clientHeight < 8;
      const seq = atEnd ? thread.line.peek().last : lastSeen(box.current);
      if (seq > ticket.read.agent) desk.markRead(thread, seq);
    };
    const frame = requestAnimationFrame(look);
    const place = box.current;
    place?.addEventListener("scroll", look, { passive: true });
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      cancelAnimationFrame(frame);
      place?.removeEventListener("scroll", look);
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [thread, last, mine]);
}
