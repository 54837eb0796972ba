/** The frame of the chat, and what we tell it. */
import { textsOf } from "../bridge/host_values";
import type { HostPage, ToFrame } from "../bridge/messages";
import type { FormFieldValues } from "../frame/config";
import { cover, failure, make, panel, shadow } from "./elements";
import { openHostStorage } from "./host_storage";
import { key, labels, lang, origin, theme } from "./site";

const storageKey = `guichet:${key}`;
/** Written only when the frame asks for it, after the visitor has acted. */
export const [readStored, store] = openHostStorage(storageKey);

export let iframe: HTMLIFrameElement | undefined;
/** Undefined until the frame is ready: before that nobody listens at its origin, and `init` brings what it missed. */
export let frameWindow: Window | null | undefined;
let late: boolean;
let prefill: FormFieldValues;
let pageOverride: Partial<HostPage>;

export const post = (message: ToFrame) => frameWindow?.postMessage(message, origin);

/** Only texts: a function could not be posted, and an element with the name `title` hides the document's. */
const currentPage = (): Partial<HostPage> =>
  textsOf({
    url: location.origin + location.pathname,
    title: document.title,
    referrer: document.referrer,
    ...pageOverride,
  });

const postPage = () => post({ type: "page", page: currentPage() });

export function mount(): void {
  if (iframe && !late) return;
  iframe?.remove();
  frameWindow = undefined;
  late = false;
  cover.hidden = false;
  failure.hidden = true;
  iframe = make("iframe", panel, {
    title: labels.title,
    allow: "clipboard-write",
    // If the document of a frame loads while the frame has the focus, Chromium may drop the focus or keep sending
    // keys to the page. So the frame is inert until it is ready, and the focus waits on the panel.
    inert: true,
    src: `${origin}/widget/frame?site=${key}&lang=${lang}#parent=${location.origin}&theme=${theme}`,
  });
  const mounted = iframe;
  // After six seconds the panel says that the chat does not respond, and offers the form.
  setTimeout(() => {
    if (mounted !== iframe) return;
    giveUp();
    failure.hidden = !late;
  }, 6_000);
}

/** A frame that is not ready may still become so, but the next `mount` makes another one. */
export function giveUp(): void {
  late = !frameWindow;
}

/** Call when the frame has lost its page: it left the document. */
export function remount(): void {
  late = true;
  if (iframe) mount();
}

/** The frame listens now. */
export function initFrame(open: boolean): void {
  const focus = panel.contains(shadow.activeElement);
  const element = iframe as HTMLIFrameElement;
  frameWindow = element.contentWindow;
  element.inert = late = false;
  cover.hidden = true;
  if (focus) element.focus();
  post({ type: "init", stored: readStored(), page: currentPage(), open, focus, prefill });
}

export function prefillForm(given: unknown): void {
  const fields = textsOf(given);
  prefill = { ...prefill, ...fields };
  post({ type: "prefill", prefill: fields });
}

export function setPage(given: unknown): void {
  pageOverride = textsOf(given);
  postPage();
}

/** Without a frame nobody needs the page. The title changes shortly after the address. */
export function pageChanged(): void {
  pageOverride = {};
  if (iframe) setTimeout(postPage, 250);
}
