/**
 * Sends read marks: a message counts as read if it is on screen in a focused tab. Only the owner of the ticket sends
 * them: another agent who looks at it must not clear the owner's unread messages.
 */

import { useEffect } from "preact/hooks";
import { isPageFocused } from "../../../client/dom/page_focus";
import { useConsole } from "../../app/console";
import type { Thread } from "../thread";

/** The highest seq among the entries whose lower edge is within the box. */
export function lastVisibleSeq(box: HTMLElement): number {
  const { top, bottom } = box.getBoundingClientRect();
  let seen = 0;
  for (const element of box.querySelectorAll<HTMLElement>("[data-seq]")) {
    const foot = element.getBoundingClientRect().bottom;
    if (foot > top && foot <= bottom + 2) seen = Math.max(seen, Number(element.dataset.seq));
  }
  return seen;
}

export function useReadTracking(box: { current: HTMLElement | null }, thread: Thread): void {
  const agentConsole = useConsole();
  const last = thread.timeline.value.last;
  const mine = thread.ticket.value?.agent?.id === agentConsole.self.id;
  useEffect(() => {
    const markVisible = () => {
      const ticket = thread.ticket.peek();
      if (!mine || !box.current || !ticket || !isPageFocused()) return;
      // The last entries may be own messages or events: with the end in view everything is read.
      const atEnd = box.current.scrollHeight - box.current.scrollTop - box.current.clientHeight < 8;
      const seq = atEnd ? thread.timeline.peek().last : lastVisibleSeq(box.current);
      if (seq > ticket.read.agent) agentConsole.markRead(thread, seq);
    };
    const frame = requestAnimationFrame(markVisible);
    const element = box.current;
    element?.addEventListener("scroll", markVisible, { passive: true });
    addEventListener("focus", markVisible);
    document.addEventListener("visibilitychange", markVisible);
    return () => {
      cancelAnimationFrame(frame);
      element?.removeEventListener("scroll", markVisible);
      removeEventListener("focus", markVisible);
      document.removeEventListener("visibilitychange", markVisible);
    };
  }, [thread, last, mine]);
}
