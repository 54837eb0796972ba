/** What the host page's localStorage keeps for the chat; where that is denied or full, this page's memory. */
import type { StoredState } from "../bridge/messages";

/** Read and change. Undefined takes a key away; with nothing left, nothing stands in the storage. Never throws. */
export function openHostStorage(key: string): [() => StoredState, (patch: StoredState) => void] {
  let memory: StoredState = {};
  const read = (): StoredState => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? "{}");
    } catch {
      return memory;
    }
  };
  const write = (patch: StoredState): void => {
    memory = { ...read(), ...patch };
    const json = JSON.stringify(memory);
    try {
      if (json === "{}") localStorage.removeItem(key);
      else localStorage.setItem(key, json);
    } catch {
      // The next page starts afresh.
    }
  };
  return [read, write];
}
