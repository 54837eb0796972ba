/** The API for the host page: guichet("open") and so on. */
import { attach, endAttachment } from "./attachment";
import { box } from "./elements";
import { type Listener, listeners } from "./events";
import { prefillForm, setPage } from "./frame";
import { close, open, setBadge } from "./panel";

type Api = ((verb: string, ...more: never[]) => unknown) & { q?: Iterable<unknown>[]; up?: () => void };

const host = window as unknown as { guichet?: Api };

/** What the page has under our name. An element with this id or a frame with this name is not ours. */
export const published = () => (typeof host.guichet === "function" ? host.guichet : undefined);

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
  prefill: prefillForm,
  on: (name: string, listener: Listener) => {
    listeners[name] = (listeners[name] ?? new Set()).add(listener);
  },
  off: (name: string, listener: Listener) => listeners[name]?.delete(listener),
  setPage,
  destroy: () => {
    close();
    setBadge({});
    endAttachment();
    delete host.guichet;
  },
};

/** Returns the calls that the page made before the loader had loaded. */
export function publishApi(): Iterable<unknown>[] {
  const queuedCalls = published()?.q ?? [];
  host.guichet = (verb, ...more) => api[verb]?.(...more);
  host.guichet.up = attach;
  return queuedCalls;
}
