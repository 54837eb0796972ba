/** The layout: navigation, the current view, offers, toasts, dialogs and the keyboard shortcuts. */
import { useEffect, useRef } from "preact/hooks";
import { HandOver } from "../conversation/hand_over";
import { HoldDialog } from "../conversation/hold_dialog";
import { RoutingExplanation } from "../conversation/routing_explanation";
import type { Alerts } from "../presence/alerts";
import { OfferCards } from "../presence/offer_cards";
import { PresenceMenu } from "../presence/presence_menu";
import { ShortcutsDialog } from "../shortcuts/dialog";
import { actionFor, keyPressOf } from "../shortcuts/keymap";
import { performAction } from "../shortcuts/shortcuts";
import { AccountMenu } from "./account_menu";
import { AttentionBanners, OfflineBanner } from "./banners";
import { useConsole } from "./console";
import { Nav } from "./nav";
import { NotFound } from "./not_found";
import { shortcuts, texts } from "./preferences";
import { onPhone, type Pane } from "./router";
import { ToastList } from "./toast_list";
import type { View } from "./view";

const FIRST_FOCUS: Record<Pane, string> = {
  list: ".lists [aria-current], .lists [data-row]",
  thread: "#thread",
  visitor: ".details__back",
};

/**
 * Where one column replaces another, the focus moves to the new one; otherwise it would be lost with the hidden one.
 */
function useFocusOfPane(): void {
  const pane = useConsole().router.pane.value;
  const previous = useRef(pane);
  useEffect(() => {
    if (previous.current !== pane && onPhone())
      document.querySelector<HTMLElement>(FIRST_FOCUS[pane])?.focus();
    previous.current = pane;
  }, [pane]);
}

/**
 * After a click that takes an offer or ends a chat, the next one moves under the pointer: the second click of a
 * double click is ignored there.
 */
function useSingleClicks(): void {
  useEffect(() => {
    const once = (event: MouseEvent) => {
      const moves = event.target instanceof Element && event.target.closest(".offers, .thread__actions");
      if (moves && event.detail > 1) event.stopPropagation();
    };
    document.addEventListener("click", once, true);
    return () => document.removeEventListener("click", once, true);
  }, []);
}

interface CurrentViewProps {
  views: readonly View[];
  alerts: Alerts;
  onSignOut: () => void;
}

function CurrentView({ views, alerts, onSignOut }: CurrentViewProps) {
  const { router } = useConsole();
  const View = views.find(({ name }) => name === router.route.value.view)?.component ?? NotFound;
  const tools = (
    <>
      <PresenceMenu alerts={alerts} />
      <span class="phone-only">
        <AccountMenu onSignOut={onSignOut} />
      </span>
    </>
  );
  return <View tools={tools} banners={<AttentionBanners alerts={alerts} />} />;
}

interface LayoutProps extends CurrentViewProps {
  refused: boolean;
}

export function Layout({ views, alerts, refused, onSignOut }: LayoutProps) {
  const agentConsole = useConsole();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || agentConsole.dialog.peek()) return;
      const action = actionFor(keyPressOf(event), shortcuts.peek());
      if (action && performAction(action, agentConsole, alerts)) event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [agentConsole]);

  useFocusOfPane();
  useSingleClicks();
  return (
    <div class="layout" data-pane={agentConsole.router.pane.value}>
      <a class="skip" href="#thread">
        {texts.value.nav.skip}
      </a>
      <OfflineBanner refused={refused} />
      <Nav views={views} onSignOut={onSignOut} />
      <main class="layout__panes">
        <h1 class="visually-hidden">{texts.value.product}</h1>
        <CurrentView views={views} alerts={alerts} onSignOut={onSignOut} />
      </main>
      <OfferCards />
      <ToastList />
      {agentConsole.dialog.value === "shortcuts" && <ShortcutsDialog />}
      {agentConsole.dialog.value === "hand-over" && <HandOver />}
      {agentConsole.dialog.value === "hold" && <HoldDialog />}
      {agentConsole.dialog.value === "explain" && <RoutingExplanation />}
    </div>
  );
}
