/**
 * The loader, all of our code that runs on the host page: the launcher, and the frame once the visitor is about to
 * open it.
 */

import type { Badge, HostPage, LoaderConfig, ToFrame, ToLoader } from "../bridge/messages";
import type { FormFieldValues } from "../frame/config";
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
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const listeners: Record<string, Set<Listener>> = {};

  // The page's language, else the browser's, else English.
  const tags = [page.lang, ...navigator.languages];
  const lang = tags.map((tag) => tag.slice(0, 2)).find((tag) => texts[tag]) ?? "en";
  // The browser's own variant of that language, if there is one: times of day differ.
  const locale = navigator.languages.find((tag) => tag.startsWith(lang)) ?? lang;
  const labels = texts[lang] as LoaderConfig["texts"][string];
  // "light" or "dark" if the page sets a colour scheme; else the browser's preference.
  const theme = getComputedStyle(page).colorScheme;

  // -- storage: written only when the frame asks for it, after the visitor has acted
  const storageKey = `guichet:${key}`;
  const [readStored, store] = openHostStorage(storageKey);

  // -- elements: made by DOM calls and a constructed stylesheet, which strict policies and Trusted Types allow
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
  // The text on it is black or white, whichever is readable.
  if (color) box.style.cssText += `--a:${color};--o:oklch(from var(--a) calc((.67 - l)*999) 0 0)`;
  const panel = make("div", box, "p");
  panel.role = "dialog";
  panel.ariaLabel = labels.title;
  panel.tabIndex = -1;
  const preview = make("button", box, "v");
  const previewText = make("span", preview);
  const previewAuthor = make("small", preview);
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
  let prefill: FormFieldValues = {};
  let pageOverride: Partial<HostPage> = {};
  let badge: Partial<Badge> = {};

  const currentPage = (): HostPage => ({
    url: location.origin + location.pathname,
    title: document.title,
    referrer: document.referrer,
    ...pageOverride,
  });
  // Undefined until the frame is ready: before that nobody listens at its origin, and `init` brings what it missed.
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
    // If the document of a frame loads while the frame has the focus, Chromium may drop the focus or keep sending
    // keys to the page. So the frame is inert until it is ready, and the focus waits on the panel.
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
    [previewText.textContent, previewAuthor.textContent] = [
      badge.preview?.text ?? "",
      badge.preview?.author ?? "",
    ];
  };
  const small = matchMedia("(max-width:480px)");
  let overflow = "";
  // A screen keyboard shrinks the visual viewport only, so the script sizes the panel and stops the page from
  // scrolling.
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

  // -- messages of the frame
  const handlers: { [M in ToLoader as M["type"]]: (message: M) => unknown } = {
    ready() {
      const focus = panel.contains(shadow.activeElement);
      const element = iframe as HTMLIFrameElement;
      frameWindow = element.contentWindow;
      element.inert = false;
      if (focus) element.focus();
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

  // -- the API for the host page
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
    prefill: (fields: FormFieldValues) => {
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
      lifetime.abort();
      badge = {};
      blink();
      root.remove();
      delete host.guichet;
    },
  };
  host.guichet = (verb, ...more) => api[verb]?.(...more);
  host.guichet.up = true;

  // -- listeners
  const on = (target: EventTarget | null | undefined, names: string, listener: (event: Event) => void) => {
    for (const name of names.split(" ")) target?.addEventListener(name, listener, { signal });
  };
  on(window, "message", (event) => {
    const { source, origin: from, data } = event as MessageEvent<ToLoader>;
    if (from === origin && source && source === iframe?.contentWindow) handlers[data.type]?.(data as never);
  });
  // A page from the back-forward cache has missed the changes of other tabs. The pageshow event has no key.
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
  // Keys pressed in the widget are no shortcuts of the page.
  on(shadow, "keydown", (event) => {
    event.stopPropagation();
    if ((event as KeyboardEvent).key === "Escape") close();
  });
  // The visitor is about to open the panel: the frame is loaded, but it does not connect before it is opened.
  let hoverTimer: ReturnType<typeof setTimeout> | undefined;
  on(launcher, "focus touchstart", mount);
  on(launcher, "pointerenter", () => {
    hoverTimer = setTimeout(mount, 90);
  });
  on(launcher, "pointerleave", () => clearTimeout(hoverTimer));

  // Without a frame nobody needs the page. The title changes shortly after the address.
  onNavigation(on, () => {
    pageOverride = {};
    if (iframe) setTimeout(() => post({ type: "page", page: currentPage() }), 250);
  });

  draw();
  // Not into the body: sites that replace the body on navigation would remove the widget.
  page.append(root);
  const before = readStored();
  const idle = window.requestIdleCallback ?? setTimeout;
  if (before.open && !small.matches) idle(() => open(false));
  else if (before.live) idle(mount);
  for (const call of queuedCalls) host.guichet(...(call as [string]));
}

// A page may include the loader twice; the second does nothing.
if (!host.guichet?.up) start(__GUICHET_CONFIG__);
