/** The frame: waits for the loader's `init`, loads one language and draws. */
import { render } from "preact";
import { isComposing } from "../client/dom/composition";
import { makeTextsReplaceable } from "../client/dom/replaceable_text";
import { intlLocale } from "../client/text/locale";
import { followBrowser } from "../client/transport/connection";
import { type Bridge, bridgeTo } from "./bridge/bridge";
import type { ToFrame } from "./bridge/messages";
import { FEATURES } from "./features";
import { App } from "./frame/App";
import { type FrameConfig, readConfig, readFrameParams } from "./frame/config";
import type { Texts } from "./locales/en";
import { Store } from "./state/store";

const packs = import.meta.glob<{ texts: Texts }>("./locales/*.ts");

async function main(): Promise<void> {
  makeTextsReplaceable();
  const config = readConfig(document);
  const { parent, theme } = readFrameParams(location.hash);
  if (theme) document.documentElement.dataset.theme = theme;
  const { color } = config;
  if (color) void import("./frame/theme_color").then((module) => module.applyThemeColor(color));
  const bridge = bridgeTo(parent);
  const pack = packs[`./locales/${config.lang}.ts`];
  let store: Store | undefined;
  let focusLeft = false;
  addEventListener("blur", () => {
    focusLeft = true;
  });
  addEventListener("focus", () => {
    focusLeft = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !isComposing(event)) bridge.post({ type: "close" });
  });
  // The frame is ready with its texts and styles: if they do not come, the loader says so and can load it again.
  const { texts } = (await pack?.()) ?? {};
  if (!texts || !document.styleSheets[0]?.cssRules.length) return;
  bridge.listen((message) => {
    if (message.type === "init") store = start(config, texts, bridge, message);
    else store?.receive(message);
    const open = store?.state.opened;
    // Not if the visitor has closed it or moved the focus elsewhere meanwhile.
    if (open && !focusLeft && "focus" in message && message.focus) focusPanel();
  });
}

function start(
  config: FrameConfig,
  texts: Texts,
  bridge: Bridge,
  init: Extract<ToFrame, { type: "init" }>,
): Store {
  const connection = {
    url: location.origin,
    fallback: () => import("../client/transport/polling_transport").then((module) => module.connectPolling),
  };
  const locale = intlLocale(navigator.languages ?? [], config.lang);
  const store = new Store({ config, texts, locale, bridge, init, connection, features: FEATURES, addStyles });
  const updateVisible = () => {
    store.state.visible = document.visibilityState === "visible";
  };
  updateVisible();
  document.addEventListener("visibilitychange", updateVisible);
  followBrowser(store.session.connection);
  store.observable.effect(() => {
    render(<App store={store} />, document.body);
    // If the focused button disappears, the focus moves to the panel, so that Escape still works.
    if (document.hasFocus() && document.activeElement === document.body) panel()?.focus();
  });
  return store;
}

/** A constructed stylesheet needs no permission of the policy. */
function addStyles(styles: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  document.adoptedStyleSheets.push(sheet);
}

const panel = () => document.querySelector<HTMLElement>(".panel");

/** Moves the focus to the text field; with a touch keyboard, which would cover half of the panel, to the panel. */
function focusPanel(): void {
  const touch = matchMedia("(pointer: coarse)").matches;
  ((touch ? panel() : document.getElementById("text")) ?? document.querySelector("button"))?.focus();
}

void main();
