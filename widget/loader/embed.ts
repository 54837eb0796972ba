/** The loader: all that runs on the host page. A launcher, and the frame once somebody means to open it. */

import type { Badge, HostPage, LoaderConfig, Prefill, ToFrame, ToLoader } from "../bridge/messages";
import { styles } from "./embed.css";
import { openHostStorage } from "./host_storage";
import { onNavigation } from "./page_navigation";
import { titleBlinker } from "./title_blinker";

declare const __GUICHET_CONFIG__: LoaderConfig;

type Api = ((verb: string, ...more: never[]) => unknown) & { q?: Iterable<unknown>[]; up?: boolean };
type Listener = (detail?: unknown) => void;

const host = window as unknown as { guichet?: Api };
const page = document.documentElement;

function start({ key, origin, texts, color, position }: LoaderConfig): void {
  const queuedCalls = host.guichet?.q ?? [];
  const life = new AbortController();
  const { signal } = life;
  const listeners: Record<string, Set<Listener>> = {};

  // The page's language, else the reader's, else English.
  const tags = [page.lang, ...navigator.languages];
  const lang = tags.map((tag) => tag.slice(0, 2)).find((tag) => texts[tag]) ?? "en";
  // The reader's own variety of it, if they have one: times of day differ.
  const locale = navigator.languages.find((tag) => tag.startsWith(lang)) ?? lang;
  const labels = texts[lang] as LoaderConfig["texts"][string];
  // "light" or "dark" where the page has decided; the reader's own wish where it has not.
  const theme = getComputedStyle(page).colorScheme;

  // -- what is kept: only ever written when the frame asks, after the visitor has acted
  const storageKey = `guichet:${key}`;
  const [readStored, store] = openHostStorage(storageKey);

  // -- what is drawn: by DOM calls and a constructed sheet, so that strict policies and Trusted Types have nothing to say
  const make = <K extends keyof HTMLElementTagNameMap>(
    tag: K,
    parent: Node,
    name = "",
  ): HTMLElementTagNameMap[K] => {
    const element = parent.appendChild(document.createElement(tag));
    element.className = name;
    return element;
  };
  const root = document.createElement("div");
  root.role = "region";
  root.ariaLabel = labels.title;
  const shadow = root.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  shadow.adoptedStyleSheets = [sheet];
  const box = make("div", shadow, `g ${position}`);
  box.style.colorScheme = theme === "normal" ? "light dark" : theme;
  // On it black or white, whichever reads.
  if (color) box.style.cssText += `--a:${color};--o:oklch(from var(--a) calc((.67 - l)*999) 0 0)`;
  const panel = make("div", box, "p");
  panel.role = "dialog";
  panel.ariaLabel = labels.title;
  panel.tabIndex = -1;
  const preview = make("button", box, "v");
  const previewText = make("span", preview);
  const who = make("small", preview);
  const launcher = make("button", box, "l");
  launcher.ariaHasPopup = "dialog";
  const svg = launcher.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = svg.appendChild(document.createElementNS(svg.namespaceURI, "path"));
  const count = make("span", launcher, "n");

  // -- the frame
  let iframe: HTMLIFrameElement | undefined;
  let opened = false;
  let opener: HTMLElement | null = null;
  let prefill: Prefill = {};
  let pageOverride: Partial<HostPage> = {};
  let badge: Partial<Badge> = {};

  const currentPage = (): HostPage => ({
    url: location.origin + location.pathname,
    title: document.title,
    referrer: document.referrer,
    ...pageOverride,
  });
  // Before the frame has spoken there is nobody behind that origin; `init` tells it all that it missed.
  let frameWindow: Window | null | undefined;
  const post = (message: ToFrame) => frameWindow?.postMessage(message, origin);
  const fire = (name: string, detail?: unknown) => {
    for (const listener of listeners[name] ?? []) listener(detail);
  };
  const mount = () => {
    if (iframe) return;
    iframe = make("iframe", panel);
    iframe.title = labels.title;
    iframe.allow = "clipboard-write";
    // A frame whose document comes while it holds the focus may lose it, or leave the keys on the page (seen in
    // Chromium): whoever goes there before is on the panel, and enters when it is ready.
    iframe.inert = true;
    iframe.src = `${origin}/widget/frame?site=${key}&lang=${lang}#${new URLSearchParams({ parent: location.origin, theme })}`;
  };

  // -- open and closed
  const draw = () => {
    const news = badge.count ?? 0;
    box.classList.toggle("on", opened);
    launcher.ariaExpanded = `${opened}`;
    launcher.ariaLabel = opened ? labels.close : (badge.label ?? labels.open);
    path.setAttribute("d", opened ? "m6 9 6 6 6-6" : "M4 5h16v11H9l-5 4z");
    count.hidden = opened || !news;
    count.textContent = news > 9 ? "9+" : `${news}`;
    preview.hidden = opened || !badge.preview;
    [previewText.textContent, who.textContent] = [badge.preview?.text ?? "", badge.preview?.who ?? ""];
  };
  const small = matchMedia("(max-width:480px)");
  let overflow = "";
  // A keyboard shrinks the visual viewport only; the frame is sized by hand and the page behind it holds still.
  const fit = () => {
    const view = opened && small.matches && visualViewport;
    page.style.overflow = view ? "hidden" : overflow;
    panel.style.cssText = view ? `height:${view.height}px;top:${view.offsetTop}px` : "";
  };
  const refit = () => opened && fit();
  const open = (focus: unknown = true) => {
    if (opened) return;
    opened = true;
    box.hidden = false;
    opener = document.activeElement as HTMLElement | null;
    overflow = page.style.overflow;
    mount();
    draw();
    fit();
    if (focus) (frameWindow ? iframe : panel)?.focus();
    post({ type: "open", focus: !!focus });
    fire("open");
  };
  const close = () => {
    if (!opened) return;
    opened = false;
    draw();
    fit();
    post({ type: "close" });
    if (document.activeElement === root) {
      const back = opener?.isConnected && opener !== root && opener !== document.body && opener;
      (back || launcher).focus();
    }
    fire("close");
  };

  const blink = titleBlinker(() => badge);

  // -- what the frame says
  const handlers: { [M in ToLoader as M["type"]]: (message: M) => unknown } = {
    ready() {
      const focus = panel.contains(shadow.activeElement);
      const it = iframe as HTMLIFrameElement;
      frameWindow = it.contentWindow;
      it.inert = false;
      if (focus) it.focus();
      post({ type: "init", stored: readStored(), locale, page: currentPage(), open: opened, focus, prefill });
    },
    store: ({ patch }) => store(patch),
    close,
    badge(news) {
      badge = news;
      draw();
      blink();
    },
    event: ({ name, detail }) => fire(name, detail),
  };

  // -- what the page may ask
  const api: Record<string, (...more: never[]) => unknown> = {
    open: () => open(),
    close,
    show: () => {
      box.hidden = false;
    },
    hide: () => {
      close();
      box.hidden = true;
    },
    prefill: (fields: Prefill) => {
      prefill = { ...prefill, ...fields };
      post({ type: "prefill", prefill: fields });
    },
    on: (name: string, listener: Listener) => {
      listeners[name] = (listeners[name] ?? new Set()).add(listener);
    },
    off: (name: string, listener: Listener) => listeners[name]?.delete(listener),
    setPage: (fields: Partial<HostPage>) => {
      pageOverride = fields;
      post({ type: "page", page: currentPage() });
    },
    destroy: () => {
      close();
      life.abort();
      badge = {};
      blink();
      root.remove();
      delete host.guichet;
    },
  };
  host.guichet = (verb, ...more) => api[verb]?.(...more);
  host.guichet.up = true;

  // -- what we listen to
  const on = (target: EventTarget | null | undefined, names: string, listener: (event: Event) => void) => {
    for (const name of names.split(" ")) target?.addEventListener(name, listener, { signal });
  };
  on(window, "message", (event) => {
    const { source, origin: from, data } = event as MessageEvent<ToLoader>;
    if (from === origin && source && source === iframe?.contentWindow) handlers[data.type]?.(data as never);
  });
  // A page that comes back from the browser's cache has missed what the others did; its event names no key.
  on(
    window,
    "storage pageshow",
    (event) =>
      ((event as StorageEvent).key ?? storageKey) === storageKey &&
      post({ type: "stored", stored: readStored() }),
  );
  on(document, "visibilitychange", blink);
  on(visualViewport, "resize scroll", refit);
  on(small, "change", refit);
  on(launcher, "click", () => (opened ? close() : open()));
  on(preview, "click", () => open());
  // What is pressed here is none of the page's shortcuts.
  on(shadow, "keydown", (event) => {
    event.stopPropagation();
    if ((event as KeyboardEvent).key === "Escape") close();
  });
  // Somebody means to open it: the frame is fetched, but says nothing to anybody before it is opened.
  let rest: ReturnType<typeof setTimeout> | undefined;
  on(launcher, "focus touchstart", mount);
  on(launcher, "pointerenter", () => {
    rest = setTimeout(mount, 90);
  });
  on(launcher, "pointerleave", () => clearTimeout(rest));

  // A frame that is not there has no page to be told; the title follows the address a moment later.
  onNavigation(on, () => {
    pageOverride = {};
    if (iframe) setTimeout(() => post({ type: "page", page: currentPage() }), 250);
  });

  draw();
  // Not into the body: sites that swap it on navigation would take us away with it.
  page.append(root);
  const before = readStored();
  const idle = window.requestIdleCallback ?? setTimeout;
  if (before.open && !small.matches) idle(() => open(false));
  else if (before.live) idle(mount);
  for (const call of queuedCalls) host.guichet(...(call as [string]));
}

// Included twice, it is there once.
if (!host.guichet?.up) start(__GUICHET_CONFIG__);
