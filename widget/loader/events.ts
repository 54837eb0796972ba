/** The listeners of the host page, and ours on the page. */

export type Listener = (detail?: unknown) => void;

export const listeners: Record<string, Set<Listener>> = {};

export function fire(name: string, detail?: unknown): void {
  for (const listener of listeners[name] ?? []) listener(detail);
}

let lifetime = new AbortController();

/** Removes all listeners of `on`. */
export function removeListeners(): void {
  lifetime.abort();
  lifetime = new AbortController();
}

export function on(
  target: EventTarget | null | undefined,
  names: string,
  listener: (event: Event) => void,
): void {
  for (const name of names.split(" ")) target?.addEventListener(name, listener, { signal: lifetime.signal });
}
