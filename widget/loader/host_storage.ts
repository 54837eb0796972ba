/** The chat's entry in the host page's localStorage. Where that is denied or full, it stays in memory. */
import type { StoredState } from "../bridge/messages";

/**
 * Returns a function that reads and one that changes. Undefined removes a key; an empty object removes the entry.
 * Neither throws.
 */
export function openHostStorage(key: string): [() => StoredState, (patch: StoredState) => void] {
  let memory: StoredState = {};
  const read = (): StoredState => {
    try {
      memory = Object(JSON.parse(localStorage[key] ?? "{}"));
    } catch {
      // The memory has it.
    }
    return memory;
  };
  const write = (patch: StoredState): void => {
    memory = { ...read(), ...patch };
    const json = JSON.stringify(memory);
    try {
      if (json === "{}") delete localStorage[key];
      else localStorage[key] = json;
    } catch {
      // The next page starts without it.
    }
  };
  return [read, write];
}
