/**
 * The loader, all of our code that runs on the host page: the launcher, and the frame once the visitor is about to
 * open it. The build makes one function of these modules, and their variables are its state.
 */

import type { ToLoader } from "../bridge/messages";
import { keepAttached } from "./attachment";
import { closeButton, launcher, panel, preview, retryButton, shadow } from "./elements";
import { fire, on } from "./events";
import { iframe, initFrame, mount, pageChanged, post, readStored, remount, store } from "./frame";
import { publishApi, running } from "./host_api";
import { onNavigation } from "./page_navigation";
import { blink, close, draw, fit, open, opened, setBadge, small } from "./panel";
import { origin } from "./site";

const handlers: { [M in ToLoader as M["type"]]: (message: M) => unknown } = {
  ready: () => initFrame(opened),
  store: ({ patch }) => store(patch),
  close,
  badge: setBadge,
  event: ({ name, detail }) => fire(name, detail),
};

function listen(): void {
  onNavigation(pageChanged);
  on(window, "message", (event) => {
    const { source, origin: from, data } = event as MessageEvent<ToLoader>;
    if (from === origin && source === iframe?.contentWindow) handlers[data.type]?.(data as never);
  });
  // A page from the back-forward cache has missed the changes of other tabs.
  on(window, "storage pageshow", () => post({ type: "stored", stored: readStored() }));
  on(document, "visibilitychange", blink);
  on(visualViewport, "resize scroll", fit);
  on(launcher, "click", () => (opened ? close() : open()));
  on(preview, "click", open);
  on(closeButton, "click", close);
  on(retryButton, "click", () => {
    remount();
    panel.focus();
  });
  // Keys pressed in the widget are no shortcuts of the page.
  on(shadow, "keydown", (event) => {
    event.stopPropagation();
    if ((event as KeyboardEvent).key === "Escape") close();
  });
  // The visitor is about to open the panel: the frame is loaded, but it does not connect before it is opened.
  on(launcher, "focus pointerenter", mount);
}

// A page may include the loader twice; the second puts the widget back where the page has removed it.
if (running?.call) running();
else {
  draw();
  keepAttached(listen);
  const before = readStored();
  if (before.open && !small.matches) setTimeout(() => open(false));
  else if (before.live) setTimeout(mount);
  publishApi();
}
