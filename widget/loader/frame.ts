/** The frame of the chat, and what we tell it. */
import type { HostPage, ToFrame } from "../bridge/messages";
import type { FormFieldValues } from "../frame/config";
import { make, panel, shadow } from "./elements";
import { openHostStorage } from "./host_storage";
import { key, labels, lang, origin, theme } from "./site";

const storageKey = `guichet:${key}`;
/** Written only when the frame asks for it, after the visitor has acted. */
export const [readStored, store] = openHostStorage(storageKey);

export let iframe: HTMLIFrameElement | undefined;
/** Undefined until the frame is ready: before that nobody listens at its origin, and `init` brings what it missed. */
export let frameWindow: Window | null | undefined;
let prefill: FormFieldValues = {};
let pageOverride: Partial<HostPage> = {};

export const post = (message: ToFrame) => frameWindow?.postMessage(message, origin);

const currentPage = (): HostPage => ({
  url: location.origin + location.pathname,
  title: document.title,
  referrer: document.referrer,
  ...pageOverride,
});

export function mount(): void {
  if (iframe) return;
  iframe = make("iframe", panel, {
    title: labels.title,
    allow: "clipboard-write",
    // If the document of a frame loads while the frame has the focus, Chromium may drop the focus or keep sending
    // keys to the page. So the frame is inert until it is ready, and the focus waits on the panel.
    inert: true,
    src: `${origin}/widget/frame?site=${key}&lang=${lang}#parent=${location.origin}&theme=${theme}`,
  });
}

/** Call when the frame has lost its page: it left the document. */
export function remount(): void {
  if (!iframe) return;
  iframe.remove();
  iframe = frameWindow = undefined;
  mount();
}

/** The frame listens now. */
export function initFrame(open: boolean): void {
  const focus = panel.contains(shadow.activeElement);
  const element = iframe as HTMLIFrameElement;
  frameWindow = element.contentWindow;
  element.inert = false;
  if (focus) element.focus();
  post({ type: "init", stored: readStored(), page: currentPage(), open, focus, prefill });
}

export function prefillForm(fields: FormFieldValues): void {
  prefill = { ...prefill, ...fields };
  post({ type: "prefill", prefill: fields });
}

export function setPage(fields: Partial<HostPage>): void {
  pageOverride = fields;
  post({ type: "page", page: currentPage() });
}

/** Without a frame nobody needs the page. The title changes shortly after the address. */
export function pageChanged(): void {
  pageOverride = {};
  if (iframe) setTimeout(() => post({ type: "page", page: currentPage() }), 250);
}
