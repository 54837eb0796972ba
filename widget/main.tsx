/** The frame: waits for its loader's first word, loads one language, and draws. */
import { render } from "preact";
import { followBrowser } from "../client/transport/connection";
import { type Bridge, bridgeTo } from "./bridge/bridge";
import type { ToFrame } from "./bridge/messages";
import { App } from "./frame/App";
import { type FrameConfig, readConfig, readFrameParams } from "./frame/config";
import type { Texts } from "./locales/en";
import { type FormModule, Store } from "./state/store";

const packs: Record<string, () => Promise<{ texts: Texts }>> = {
  fr: () => import("./locales/fr"),
  en: () => import("./locales/en"),
};

function begin(): void {
  const config = readConfig(document);
  const { parent, theme } = readFrameParams(location.hash);
  if (theme) document.documentElement.dataset.theme = theme;
  const { color } = config;
  if (color) void import("./frame/theme_color").then(({ applyThemeColor }) => applyThemeColor(color));
  const bridge = bridgeTo(parent);
  const pack = (packs[config.lang] ?? packs.en)?.();
  let store: Promise<Store> | undefined;
  let left = false;
  addEventListener("blur", () => {
    left = true;
  });
  addEventListener("focus", () => {
    left = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) bridge.post({ type: "close" });
  });
  bridge.listen(async (message) => {
    if (message.type === "init") store = pack?.then(({ texts }) => start(config, texts, bridge, message));
    else (await store)?.receive(message);
    const open = (await store)?.state.opened;
    // Not for who has shut it again meanwhile, or gone elsewhere.
    if (open && !left && "focus" in message && message.focus) enter();
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
    fallback: async () => (await import("../client/transport/polling_transport")).connectPolling,
  };
  const store = new Store({ config, texts, bridge, init, connection, loadForm });
  const look = () => {
    store.state.visible = document.visibilityState === "visible";
  };
  look();
  document.addEventListener("visibilitychange", look);
  followBrowser(store.session.connection);
  store.observable.effect(() => {
    render(<App store={store} />, document.body);
    // A button that was pressed and is gone must not take the focus with it, nor Escape.
    if (document.hasFocus() && document.activeElement === document.body) panel()?.focus();
  });
  return store;
}

/** The form's code and its styles, as a sheet made by script: a policy has nothing to say to it. */
async function loadForm(): Promise<FormModule> {
  const loaded = await import("./form/lazy_form");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(loaded.styles);
  document.adoptedStyleSheets.push(sheet);
  return loaded;
}

const panel = () => document.querySelector<HTMLElement>(".panel");

/** Into the panel: to the text, or where a touch keyboard would cover half of it, to the log. */
function enter(): void {
  const touch = matchMedia("(pointer: coarse)").matches;
  ((touch ? panel() : document.getElementById("text")) ?? document.querySelector("button"))?.focus();
}

begin();
