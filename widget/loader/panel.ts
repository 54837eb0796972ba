/** The panel: open or closed, the launcher and the badge. */
import type { Badge } from "../bridge/messages";
import { box, count, launcher, panel, preview, previewAuthor, previewText, root } from "./elements";
import { fire } from "./events";
import { frameWindow, giveUp, iframe, mount, post } from "./frame";
import { labels } from "./site";
import { blinkTitle } from "./title_blinker";

export const small = matchMedia("(max-width:480px)");
export let opened = false;
let opener: HTMLElement | null;
let badge: Partial<Badge> = {};
/** The page's own styles are not touched: whatever it sets or takes away meanwhile is its own. */
const scrollLock = new CSSStyleSheet();
scrollLock.replaceSync("@media(max-width:480px){:root{overflow:hidden!important}}");
document.adoptedStyleSheets.push(scrollLock);

export const blink = () => blinkTitle(badge);

export function setBadge(news: Partial<Badge>): void {
  badge = news;
  draw();
  blink();
}

export function draw(): void {
  const { count: news, label = labels.open, preview: message } = badge as Badge;
  box.classList.toggle("on", opened);
  scrollLock.disabled = !opened;
  launcher.ariaExpanded = `${opened}`;
  launcher.ariaLabel = opened ? labels.close : label;
  count.hidden = opened || !news;
  count.textContent = (news > 9 ? "9+" : news) as string;
  preview.hidden = opened || !message;
  previewText.textContent = message?.text as string;
  previewAuthor.textContent = message?.author as string;
}

/** A screen keyboard shrinks the visual viewport only, so the script sizes the panel; zooming does not resize it. */
export function fit(): void {
  const view = opened && small.matches && visualViewport;
  panel.style.cssText = view && view.scale < 1.1 ? `height:${view.height}px;top:${view.offsetTop}px` : "";
}

export function open(focus: unknown = true): void {
  if (opened) return;
  opened = true;
  box.hidden = false;
  opener = document.activeElement as HTMLElement | null;
  mount();
  draw();
  fit();
  if (focus) (frameWindow ? iframe : panel)?.focus();
  post({ type: "open", focus: !!focus });
  fire("open");
}

export function close(): void {
  if (!opened) return;
  opened = false;
  draw();
  fit();
  post({ type: "close" });
  if (document.activeElement === root) {
    // What can't take the focus, because it is the body or has left the page, leaves it to the launcher.
    launcher.focus();
    opener?.focus();
  }
  giveUp();
  fire("close");
}
