/** Reads and writes the console's entries in localStorage. If it is full or forbidden, nothing throws. */
import { effect, type Signal, signal } from "@preact/signals";

const PREFIX = "guichet.console.";

export function readStored<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function writeStored(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // The value then lasts until the page is closed.
  }
}

/** A signal whose value survives a reload. */
export function storedSignal<T>(name: string, fallback: T): Signal<T> {
  const value = signal(readStored(name, fallback));
  let first = true;
  effect(() => {
    const now = value.value;
    if (!first) writeStored(name, now);
    first = false;
  });
  return value;
}
