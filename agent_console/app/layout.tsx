/** The whole console: lists, thread and details side by side; on a phone one of them at a time. */
import { useEffect, useRef } from "preact/hooks";
import { Details } from "../conversation/details";
import { HandOver } from "../conversation/hand_over";
import { Explain } from "../conversation/routing_explanation";
import { ThreadPane } from "../conversation/thread_pane";
import { Lists } from "../inbox/lists";
import type { Notifier } from "../presence/alerts";
import { Offers } from "../presence/offer_cards";
import { Sheet } from "../shortcuts/dialog";
import { actOf, pressOf } from "../shortcuts/keymap";
import { perform } from "../shortcuts/shortcuts";
import { OfflineBanner } from "./banners";
import { useDesk } from "./console";
import { Rail } from "./nav";
import { shortcuts, words } from "./preferences";
import { onPhone, type Pane } from "./router";
import { Notices } from "./toast_list";

const FIRST: Record<Pane, string> = {
  list: ".lists [aria-current], .lists [data-row]",
  thread: "#thread",
  visitor: ".details__back",
};

/** Where one column replaces another the focus goes along, or it would be lost with the one that is hidden. */
function useFocusOfPane(): void {
  const { pane } = useDesk().route.place.value;
  const known = useRef(pane);
  useEffect(() => {
    if (known.current !== pane && onPhone()) document.querySelector<HTMLElement>(FIRST[pane])?.focus();
    known.current = pane;
  }, [pane]);
}

/**
 * What one takes or ends makes room, and the next of its kind moves under the pointer: the second click of a
 * double click is for nobody.
 */
function useSingleClicks(): void {
  useEffect(() => {
    const once = (event: MouseEvent) => {
      const moves = event.target instanceof Element && event.target.closest(".offers, .thread__acts");
      if (moves && event.detail > 1) event.stopPropagation();
    };
    document.addEventListener("click", once, true);
    return () => document.removeEventListener("click", once, true);
  }, []);
}

interface DeskViewProps {
  notifier: Notifier;
  unwanted: boolean;
  onSignOut: () => void;
}

export function DeskView({ notifier, unwanted, onSignOut }: DeskViewProps) {
  const desk = useDesk();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || desk.dialog.peek()) return;
      const act = actOf(pressOf(event), shortcuts.peek());
      if (act && perform(act, desk, notifier)) event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [desk]);

  useFocusOfPane();
  useSingleClicks();
  return (
    <div class="desk" data-pane={desk.route.place.value.pane}>
      <a class="skip" href="#thread">
        {words.value.nav.skip}
      </a>
      <OfflineBanner unwanted={unwanted} />
      <Rail onSignOut={onSignOut} />
      <main class="desk__panes">
        <h1 class="unseen">{words.value.product}</h1>
        <Lists notifier={notifier} onSignOut={onSignOut} />
        <ThreadPane />
        <Details />
      </main>
      <Offers />
      <Notices />
      {desk.dialog.value === "sheet" && <Sheet />}
      {desk.dialog.value === "hand-over" && <HandOver />}
      {desk.dialog.value === "explain" && <Explain />}
    </div>
  );
}
