/** The parts of a browser that the state uses: storage, an address, a history. */
import { beforeEach } from "vitest";

function storage(): Storage {
  const entries = new Map<string, string>();
  const methods = {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
    clear: () => entries.clear(),
    key: (at: number) => [...entries.keys()][at] ?? null,
  };
  return new Proxy(methods, {
    ownKeys: () => [...entries.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  }) as unknown as Storage;
}

const page = new EventTarget();
const seen = Object.assign(new EventTarget(), { hidden: false, title: "" });

const browser = {
  window: globalThis,
  localStorage: storage(),
  location: { pathname: "/console" },
  history: {
    pushState: (_state: unknown, _title: string, path: string) => {
      browser.location.pathname = path;
    },
  },
  document: seen,
  matchMedia: () => ({ matches: false }),
  addEventListener: page.addEventListener.bind(page),
  removeEventListener: page.removeEventListener.bind(page),
  dispatchEvent: page.dispatchEvent.bind(page),
};

for (const [name, value] of Object.entries(browser)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
Object.defineProperty(globalThis, "navigator", { value: { languages: ["fr-FR"] }, configurable: true });

beforeEach(() => {
  browser.localStorage.clear();
  browser.location.pathname = "/console";
});
