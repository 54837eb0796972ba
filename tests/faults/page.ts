/** A visitor's page without a screen: the widget's real store, outbox, link and timeline, told what to do by lines.
 *
 * Standard input takes one JSON object a line, standard output tells all that came over the wire and every change of
 * what the visitor would see. The page's localStorage is a file, so that killing this process is a reload.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { WebSocket as NodeSocket } from "ws";
import type { Connect } from "../../client/transport/transport";
import { connectWebSocket } from "../../client/transport/websocket_transport";
import type { ToLoader } from "../../widget/bridge/messages";
import { FormClient } from "../../widget/form/form_client";
import { openHostStorage } from "../../widget/loader/host_storage";
import { texts } from "../../widget/locales/en";
import { type FormModule, Store } from "../../widget/state/store";

const [url = "", place = ""] = process.argv.slice(2);
const tell = (news: object) => process.stdout.write(`${JSON.stringify(news)}\n`);

const read = () => {
  try {
    return readFileSync(place, "utf8");
  } catch {
    return null;
  }
};
/** A browser tells of a failure by `close`; Node's library throws unless somebody hears of it. */
class Socket extends NodeSocket {
  constructor(address: string) {
    super(address);
    this.on("error", () => {});
  }
}
/** A browser's storage is never half written. */
const write = (text: string) => {
  writeFileSync(`${place}.new`, text);
  renameSync(`${place}.new`, place);
};
Object.assign(globalThis, {
  WebSocket: Socket,
  localStorage: {
    getItem: read,
    setItem: (_: string, text: string) => write(text),
    removeItem: () => write("{}"),
  },
});

const [readStored, writeStored] = openHostStorage("guichet");

/** The widget's own link, with an ear on both ways. */
const connect: Connect = (address, namespace, auth, ears) => {
  const link = connectWebSocket(address, namespace, auth, {
    onConnected: () => ears.onConnected(),
    onEvent: (event, payload) => {
      tell({ type: "heard", event, payload });
      ears.onEvent(event, payload);
    },
    onClosed: (end) => {
      tell({ type: "down", refused: end.refused });
      ears.onClosed(end);
    },
  });
  return {
    close: () => link.close(),
    request: async (command, payload) => {
      const { last, head } = store.state.timeline;
      tell({ type: "asked", command, payload, last, head });
      const ack = await link.request(command, payload);
      tell({ type: "answered", command, payload, ack });
      return ack;
    },
  };
};

const { draft: _, ...stored } = readStored();
const store: Store = new Store({
  config: { key: "demo", lang: "en", categories: [] },
  texts,
  bridge: { post: (message: ToLoader) => message.type === "store" && writeStored(message.patch) },
  init: {
    type: "init",
    stored,
    locale: "en",
    page: { url: "http://shop.example/", title: "Shop", referrer: "" },
    open: true,
    focus: false,
    prefill: {},
  },
  connection: { url, connect },
  loadForm: async () => ({ FormClient }) as FormModule,
});

let drawn = "";
store.observable.effect(() => {
  const { ticket, timeline, connected, draft, notice, service } = store.state;
  const screen = JSON.stringify({
    type: "screen",
    ticket: ticket?.id ?? "",
    status: ticket?.status ?? "",
    messages: timeline.messages.map(({ seq, id, text }) => [seq, id, text]),
    unsent: timeline.pending.map(({ text, state }) => [text, state]),
    draft,
    notice,
    up: connected,
    mode: service?.mode ?? "",
  });
  if (screen === drawn) return;
  drawn = screen;
  process.stdout.write(`${screen}\n`);
});

const ahead = { ms: 0 };
const realNow = Date.now;
Date.now = () => realNow() + ahead.ms;

const { session } = store;
const orders: Record<string, (order: { text?: string; ms?: number }) => void> = {
  say: ({ text = "" }) => {
    store.write(text);
    store.send();
    tell({ type: "said", text });
  },
  hide: () => session.connection.close(),
  show: () => session.connection.open(),
  offline: () => session.connection.drop(),
  jump: ({ ms = 0 }) => {
    ahead.ms += ms;
  },
};
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { order, ...rest } = JSON.parse(line);
    orders[order]?.(rest);
  })
  .on("close", () => process.exit(0));
