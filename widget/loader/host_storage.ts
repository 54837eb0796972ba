/** What the host page's localStorage keeps for the chat; where that is denied or full, this page's memory. */
import type { Kept } from "../bridge/messages";

/** Read and change. Undefined takes a key away; with nothing left, nothing stands in the storage. Never throws. */
export function keeping(place: string): [() => Kept, (patch: Kept) => void] {
  let memory: Kept = {};
  const kept = (): Kept => {
    try {
      return JSON.parse(localStorage.getItem(place) ?? "{}");
    } catch {
      return memory;
    }
  };
  const keep = (patch: Kept): void => {
    memory = { ...kept(), ...patch };
    const json = JSON.stringify(memory);
    try {
      if (json === "{}") localStorage.removeItem(place);
      else localStorage.setItem(place, json);
    } catch {
      // The next page starts afresh.
    }
  };
  return [kept, keep];
}
