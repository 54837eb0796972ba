/** A feature of the widget: loaded when it is needed, draws its card, receives events and sends commands. */
import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { memoryRoot } from "../../client/test/dom";
import { StatusCards } from "../conversation/StatusCards";
import { FEATURES } from "../features";
import type { Feature, FeatureContext } from "../state/feature";
import type { FeatureSlots } from "../state/view_context";
import { Page, Server } from "./fake_server";
import { runPending, says } from "./fixtures";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Shows how far Ada has read of a solved ticket; its button tells her the visitor's page. */
function startReceipts({ observable, session, state }: FeatureContext): FeatureSlots {
  const own = observable.watch({ seq: 0 });
  const tell = () => void session.sendBestEffort("set_page", { url: state.page.url });
  return {
    on: {
      read: ({ seq }) => {
        own.seq = seq;
      },
    },
    card: () =>
      state.ticket?.status === "solved" && (
        <button type="button" class="receipts" onClick={tell}>{`Ada has read up to ${own.seq}`}</button>
      ),
  };
}

async function openWith(feature: Feature) {
  const [server, page, root] = [new Server(), new Page(), memoryRoot()];
  const store = page.frame(server, {}, undefined, [feature]);
  store.observable.effect(() => render(<StatusCards store={store} />, root));
  await runPending();
  await says(store, "Bonjour");
  return { server, page, store, root };
}

const solvedOnly = (load: Feature["load"]): Feature => ({
  needed: ({ ticket }) => ticket?.status === "solved",
  load,
});

test("a feature is loaded once, when the state first needs it, with its styles", async () => {
  const load = vi.fn(async () => ({ start: startReceipts, styles: ".receipts {}" }));
  const { server, page } = await openWith(solvedOnly(load));
  expect(load).not.toHaveBeenCalled();
  for (const status of ["solved", "live", "solved"] as const) {
    server.move({ status });
    await runPending();
  }
  expect(load).toHaveBeenCalledTimes(1);
  expect(page.styles).toEqual([".receipts {}"]);
});

test("its card follows its own state, and its command reaches the server", async () => {
  const { server, root } = await openWith(solvedOnly(async () => ({ start: startReceipts })));
  server.move({ status: "solved" });
  await runPending();
  const [card] = root.byClass("receipts");
  expect(card?.textContent).toBe("Ada has read up to 0");
  server.tell("read", { ticket: "t1", seq: 1, by: "agent" });
  await runPending();
  expect(card?.textContent).toBe("Ada has read up to 1");
  const before = server.commands.length;
  card?.click();
  await runPending();
  expect(server.commands.slice(before)).toEqual([["set_page", { url: "https://shop.example/" }]]);
  server.move({ status: "live" });
  await runPending();
  expect(root.byClass("receipts")).toEqual([]);
});

test("it runs after each hello that follows its start, behind the catch-up, and may send commands", async () => {
  const texts: string[][] = [];
  const start = ({ session, state }: FeatureContext): FeatureSlots => ({
    afterHello() {
      texts.push(state.timeline.messages.map(({ text }) => text));
      void session.sendBestEffort("set_page", { url: "https://shop.example/after-hello" });
    },
  });
  const { server } = await openWith({
    needed: ({ ticket }) => ticket !== null,
    load: async () => ({ start }),
  });
  expect(texts).toEqual([]);
  const { service, log } = server;
  // Without the newest messages, so that the widget has to catch up.
  server.instead.hello = () => ({ ok: true, service, ticket: server.ticket, messages: [], head: log.length });
  for (const missed of ["un", "deux"]) {
    server.cut();
    server.ada(missed);
    server.commands.length = 0;
    await vi.advanceTimersByTimeAsync(30_000);
    const commands = server.commands.map(([command]) => command).filter((one) => one !== "mark_read");
    expect(commands.slice(0, 3)).toEqual(["hello", "catch_up", "set_page"]);
  }
  expect(texts).toEqual([
    ["Bonjour", "un"],
    ["Bonjour", "un", "deux"],
  ]);
});

test("a feature that could not be loaded is loaded again after 5 seconds", async () => {
  const load = vi.fn(async () => ({ start: startReceipts }));
  load.mockRejectedValueOnce(new TypeError("offline"));
  const { server, root } = await openWith(solvedOnly(load));
  server.move({ status: "solved" });
  await runPending();
  expect(root.byClass("receipts")).toEqual([]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(root.byClass("receipts")).toHaveLength(1);
});

test("each feature of the list has an entry module that starts it", async () => {
  for (const { load } of FEATURES) expect(await load()).toMatchObject({ start: expect.any(Function) });
});
