/** A visitor's page without a screen: the widget's real store, outbox, link and timeline, told what to do by lines.
 *
 * Standard input takes one JSON object a line, standard output tells all that came over the wire and every change of
 * what the visitor would see. The page's localStorage is a file, so that killing this process is a reload.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { WebSocket as NodeSocket } from "ws";
import { type Dial, dialWebSocket } from "../../client/transport/websocket_transport";
import type { ToLoader } from "../../widget/bridge/messages";
import { Desk } from "../../widget/form/form_client";
import { keeping } from "../../widget/loader/host_storage";
import { words } from "../../widget/locales/en";
import type { Kit } from "../../widget/state/state";
import { Store } from "../../widget/state/store";

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

const [kept, keep] = keeping("guichet");

/** The widget's own link, with an ear on both ways. */
const dial: Dial = (address, namespace, auth, ears) => {
  const link = dialWebSocket(address, namespace, auth, {
    up: () => ears.up(),
    heard: (event, payload) => {
      tell({ type: "heard", event, payload });
      ears.heard(event, payload);
    },
    down: (end) => {
      tell({ type: "down", refused: end.refused });
      ears.down(end);
    },
  });
  return {
    close: () => link.close(),
    ask: async (command, payload) => {
      const { last, head } = store.state.line;
      tell({ type: "asked", command, payload, last, head });
      const ack = await link.ask(command, payload);
      tell({ type: "answered", command, payload, ack });
      return ack;
    },
  };
};

const { draft: _, ...stored } = kept();
const store: Store = new Store({
  config: { key: "demo", lang: "en", categories: [] },
  words,
  bridge: { post: (message: ToLoader) => message.type === "keep" && keep(message.patch) },
  init: {
    type: "init",
    kept: stored,
    locale: "en",
    page: { url: "http://shop.example/", title: "Shop", referrer: "" },
    open: true,
    focus: false,
    prefill: {},
  },
  wiring: { url, dial },
  kit: async () => ({ Desk }) as Kit,
});

let drawn = "";
store.changes.follow(() => {
  const { ticket, line, up, draft, notice, service } = store.state;
  const screen = JSON.stringify({
    type: "screen",
    ticket: ticket?.id ?? "",
    status: ticket?.status ?? "",
    messages: line.messages.map(({ seq, id, text }) => [seq, id, text]),
    unsent: line.pending.map(({ text, state }) => [text, state]),
    draft,
    notice,
    up,
    mode: service?.mode ?? "",
  });
  if (screen === drawn) return;
  drawn = screen;
  process.stdout.write(`${screen}\n`);
});

const ahead = { ms: 0 };
const realNow = Date.now;
Date.now = () => realNow() + ahead.ms;

const { talk } = store;
const orders: Record<string, (order: { text?: string; ms?: number }) => void> = {
  say: ({ text = "" }) => {
    store.write(text);
    store.send();
    tell({ type: "said", text });
  },
  hide: () => talk.connection.close(),
  show: () => talk.connection.open(),
  offline: () => talk.connection.drop(),
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
