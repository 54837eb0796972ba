/** What this browser remembers for the console; storage may be full or forbidden, the console works on. */
import { effect, type Signal, signal } from "@preact/signals";

const PREFIX = "guichet.console.";

export function remembered<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Nothing to do: the choice holds until the page is closed.
  }
}

/** A signal that survives a reload. */
export function kept<T>(name: string, otherwise: T): Signal<T> {
  const value = signal(remembered(name, otherwise));
  let first = true;
  effect(() => {
    const now = value.value;
    if (!first) remember(name, now);
    first = false;
  });
  return value;
}
