/** The panel: open or closed, the launcher and the badge. */
import type { Badge } from "../bridge/messages";
import { box, count, launcher, panel, path, preview, previewAuthor, previewText, root } from "./elements";
import { fire } from "./events";
import { frameWindow, iframe, mount, post } from "./frame";
import { labels } from "./site";
import { titleBlinker } from "./title_blinker";

export const small = matchMedia("(max-width:480px)");
export let opened = false;
let opener: HTMLElement | null = null;
let badge: Partial<Badge> = {};
/** The page's own styles are not touched: whatever it sets or takes away meanwhile is its own. */
const scrollLock = new CSSStyleSheet();
scrollLock.replaceSync("@media(max-width:480px){:root{overflow:hidden!important}}");

export const blink = titleBlinker(() => badge);

export function setBadge(news: Partial<Badge>): void {
  badge = news;
  draw();
  blink();
}

export function draw(): void {
  const news = badge.count ?? 0;
  box.classList.toggle("on", opened);
  launcher.ariaExpanded = `${opened}`;
  launcher.ariaLabel = opened ? labels.close : (badge.label ?? labels.open);
  path.setAttribute("d", opened ? "m6 9 6 6 6-6" : "M4 5h16v11H9l-5 4z");
  count.hidden = opened || !news;
  count.textContent = news > 9 ? "9+" : `${news}`;
  preview.hidden = opened || !badge.preview;
  [previewText.textContent, previewAuthor.textContent] = [
    badge.preview?.text ?? "",
    badge.preview?.author ?? "",
  ];
}

/** Call when the panel has been opened or closed. */
function lockScroll(): void {
  const pageSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== scrollLock);
  document.adoptedStyleSheets = opened ? [...pageSheets, scrollLock] : pageSheets;
}

/** A screen keyboard shrinks the visual viewport only, so the script sizes the panel. */
function fit(): void {
  const view = opened && small.matches && visualViewport;
  panel.style.cssText = view ? `height:${view.height}px;top:${view.offsetTop}px` : "";
}

export const refit = () => opened && fit();

export function open(focus: unknown = true): void {
  if (opened) return;
  opened = true;
  box.hidden = false;
  opener = document.activeElement as HTMLElement | null;
  mount();
  draw();
  fit();
  lockScroll();
  if (focus) (frameWindow ? iframe : panel)?.focus();
  post({ type: "open", focus: !!focus });
  fire("open");
}

export function close(): void {
  if (!opened) return;
  opened = false;
  draw();
  fit();
  lockScroll();
  post({ type: "close" });
  if (document.activeElement === root) {
    const back = opener?.isConnected && opener !== root && opener !== document.body && opener;
    (back || launcher).focus();
  }
  fire("close");
}
