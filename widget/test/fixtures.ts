/** What the tests of the store share: Vic opens the widget and sends messages. */
import { vi } from "vitest";
import type { Store } from "../state/store";
import { Page, Server } from "./fake_server";

/** Runs all pending timers and promises. */
export const runPending = () => vi.advanceTimersByTimeAsync(1);
export const shownTexts = (store: Store) => [
  ...store.state.timeline.messages.map((one) => one.text),
  ...store.state.timeline.pending.map((one) => `${one.text} (${one.state})`),
];

export async function vic(server = new Server(), page = new Page()) {
  const store = page.frame(server);
  await runPending();
  return { server, page, store };
}

export async function says(store: Store, text: string): Promise<void> {
  store.write(text);
  store.send();
  await runPending();
}
