/** The API for the host page: guichet("open") and so on. */
import { attach, endAttachment } from "./attachment";
import { box } from "./elements";
import { type Listener, listeners } from "./events";
import { prefillForm, setPage } from "./frame";
import { close, open, setBadge } from "./panel";

type Api = ((verb: string, ...more: never[]) => unknown) & { q?: Iterable<unknown>[]; up?: () => void };

const host = window as unknown as { guichet?: Api };

/** What runs already, or the page's queue. An element with the id `guichet` or a frame of this name is neither. */
export const { up: running, q: queuedCalls = [] } =
  typeof host.guichet === "function" ? host.guichet : ({} as Partial<Api>);

const api: Record<string, (...more: never[]) => unknown> = {
  open,
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
    listeners[name] ??= new Set();
    listeners[name].add(listener);
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

/** Also runs the calls that the page made before the loader had loaded. */
export function publishApi(): void {
  const guichet: Api = (verb, ...more) => api[verb]?.(...more);
  guichet.up = attach;
  host.guichet = guichet;
  for (const call of queuedCalls) queueMicrotask(() => guichet(...(call as [string])));
}
