/** Keeps the widget in the document: scripts of the page may replace its body, its children or all of it. */
import { box, panel, root } from "./elements";
import { removeListeners } from "./events";
import { remount } from "./frame";

let listen: () => void;
let ended: boolean;
let lastHtml: Element | undefined;

/** `listening` adds the listeners. They are added at each attachment, because document.write removes them. */
export function keepAttached(listening: () => void): void {
  listen = listening;
  // An element that leaves the document has no size any more. The panel has one even while it can't be seen.
  new ResizeObserver(attach).observe(panel);
  attach();
}

export function endAttachment(): void {
  ended = true;
  removeListeners();
  root.remove();
}

/** Does nothing while the widget is in the document. */
export function attach(): void {
  if (root.isConnected || ended) return;
  const { documentElement: html, readyState } = document;
  // With <form name="body"> document.body is the form.
  const body = html.getElementsByTagName("body")[0];
  // A React app that hydrates the whole document accepts unknown elements only at the end of the body.
  if (readyState === "loading" || !body) {
    setTimeout(attach, 50);
    return;
  }
  removeListeners();
  listen();
  // Sites that replace the body on navigation would take the frame along each time, so from then on it is outside.
  (html === lastHtml ? html : body).append(root);
  lastHtml = html;
  // In the top layer no transform, filter or stacking of the page moves or covers it.
  box.showPopover();
  remount();
}
