/** Keeps the widget in the document: scripts of the page may replace its body, its children or all of it. */
import { root } from "./elements";
import { removeListeners } from "./events";
import { remount } from "./frame";

let listen: (() => void) | undefined;
let lastHtml: Element | undefined;
const watcher = new MutationObserver(() => root.isConnected || setTimeout(attach));

/** `listening` adds the listeners. They are added at each attachment, because document.write removes them. */
export function keepAttached(listening: () => void): void {
  listen = listening;
  attach();
}

export function endAttachment(): void {
  listen = undefined;
  watcher.disconnect();
  removeListeners();
  root.remove();
}

/** Does nothing while the widget is in the document. */
export function attach(): void {
  if (root.isConnected || !listen) return;
  const { documentElement: html, body, readyState } = document;
  for (const node of [document, html, body]) if (node) watcher.observe(node, { childList: true });
  // A React app that hydrates the whole document accepts unknown elements only at the end of the body.
  if (readyState === "loading") return document.addEventListener("DOMContentLoaded", attach);
  if (!body) return;
  removeListeners();
  listen();
  // Sites that replace the body on navigation would take the frame along each time, so from then on it is outside.
  (html === lastHtml ? html : body).append(root);
  lastHtml = html;
  remount();
}
