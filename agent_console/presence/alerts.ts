/** Alerts for an agent who looks elsewhere: sound, page title and desktop notifications; also what blocks them. */

import { computed, effect, signal } from "@preact/signals";
import { isPageFocused } from "../../client/dom/page_focus";
import type { Card } from "../../client/protocol/agent";
import type { Parts } from "../app/parts";
import { sound, texts } from "../app/preferences";
import { nameInSentence, previewText } from "../ui/labels";
import { CHIME, RING, type Speaker } from "./sound";

const RING_EVERY_MS = 4000;
const TITLE_BLINK_MS = 1500;

export type Obstacle = "blocked" | "ask" | "silent";

/** The tab leader: only one of several open tabs plays sounds. */
function tabLeader(): { ask: () => void; has: () => boolean; release: () => void } {
  let isLeader = !("locks" in navigator);
  let asked = isLeader;
  let release = () => {};
  return {
    ask() {
      if (asked) return;
      asked = true;
      void navigator.locks.request("guichet-console-voice", () => {
        isLeader = true;
        return new Promise<void>((done) => {
          release = done;
        });
      });
    },
    has: () => isLeader,
    release: () => release(),
  };
}

/** Browsers allow sound only after the first click or key on the page. */
function wakeOnFirstInput(wake: () => void): () => void {
  const once = { once: true, capture: true } as const;
  // Not pointerdown: the banner disappears then, and the click would hit something else.
  addEventListener("click", wake, once);
  addEventListener("keydown", wake, once);
  return () => {
    removeEventListener("click", wake, { capture: true });
    removeEventListener("keydown", wake, { capture: true });
  };
}

/** "(2) Guichet", or the visitor who waits. While the tab is hidden the two alternate. */
export function titleText(
  unread: number,
  caller: string | null,
  showsCaller: boolean,
  product: string,
): string {
  const plain = unread > 0 ? `(${unread}) ${product}` : product;
  return caller && showsCaller ? `\u25cf ${caller}` : plain;
}

function followTitle(parts: Pick<Parts, "inbox" | "offers">): () => void {
  const showsCaller = signal(true);
  const caller = computed(() => {
    const [first] = parts.offers.list.value;
    return first ? texts.value.offer.announced(nameInSentence(first.card, texts.value)) : null;
  });
  const stopTitle = effect(() => {
    document.title = titleText(
      parts.inbox.unread.value,
      caller.value,
      showsCaller.value,
      texts.value.product,
    );
  });
  const stopTurning = effect(() => {
    if (!caller.value) return;
    const timer = setInterval(() => {
      showsCaller.value = !document.hidden || !showsCaller.peek();
    }, TITLE_BLINK_MS);
    return () => clearInterval(timer);
  });
  return () => {
    stopTitle();
    stopTurning();
  };
}

/** Desktop notifications, one per ticket: a newer one replaces the older, and the end of an offer closes it. */
function createDesktop(permission: { value: NotificationPermission }, open: (ticket: string) => void) {
  const shown = new Map<string, Notification>();
  return {
    show(ticket: string, title: string, body: string): void {
      if (permission.value !== "granted" || isPageFocused()) return;
      try {
        const notice = new Notification(title, { body, tag: ticket });
        notice.onclick = () => {
          window.focus();
          open(ticket);
          notice.close();
        };
        shown.set(ticket, notice);
      } catch {
        // Chrome on Android has the constructor and throws: sound and title remain.
      }
    },
    withdraw(ticket: string): void {
      shown.get(ticket)?.close();
      shown.delete(ticket);
    },
  };
}

export function createAlerts(parts: Parts, speaker: Speaker) {
  const { inbox, offers, router, presence, self } = parts;
  const supported = "Notification" in window;
  const permission = signal<NotificationPermission>(supported ? Notification.permission : "granted");
  const leader = tabLeader();
  const desktop = createDesktop(permission, (ticket) => router.openTicket(ticket));
  const play = (notes: typeof RING) => {
    if (sound.value && leader.has()) speaker.play(notes);
  };
  const wake = () => void speaker.wake().then((awake) => awake && leader.ask());

  offers.onRing((offer) => {
    desktop.show(
      offer.card.ticket,
      texts.value.offer.announced(nameInSentence(offer.card, texts.value)),
      offer.card.preview,
    );
  });
  offers.onEnd((offer) => desktop.withdraw(offer.card.ticket));
  inbox.onUnread((card: Card) => {
    if (card.agent?.id !== self.id) return;
    if (isPageFocused() && router.ticket.peek() === card.ticket) return;
    play(CHIME);
    desktop.show(
      card.ticket,
      nameInSentence(card, texts.value),
      previewText(card, self.id, presence.team.value, texts.value),
    );
  });

  const ringing = computed(() => offers.list.value.length > 0);
  const stops = [
    followTitle(parts),
    wakeOnFirstInput(wake),
    effect(() => {
      if (!ringing.value) return;
      play(RING);
      const timer = setInterval(() => play(RING), RING_EVERY_MS);
      return () => clearInterval(timer);
    }),
  ];

  return {
    permission,
    /** What could keep a ringing offer unnoticed. Null while away, for then no offer rings. */
    obstacle: computed<Obstacle | null>(() => {
      if (presence.choice.value !== "available") return null;
      if (permission.value === "denied") return "blocked";
      if (permission.value === "default") return "ask";
      return sound.value && !speaker.awake.value ? "silent" : null;
    }),
    /** Call it from a click or a key, or the browser refuses to ask. */
    async askPermission(): Promise<void> {
      wake();
      if (supported) permission.value = await Notification.requestPermission();
    },
    async test(): Promise<void> {
      await speaker.wake();
      speaker.play(RING);
    },
    wake,
    close(): void {
      for (const stop of stops) stop();
      leader.release();
    },
  };
}

export type Alerts = ReturnType<typeof createAlerts>;
