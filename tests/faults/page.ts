/** A visitor's page without a browser: the widget's real store, outbox, transport and timeline.
 *
 * Standard input takes one command a line as JSON. Standard output reports every frame and every change of the screen.
 * A file replaces localStorage, so killing this process and starting it again is a reload.
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
import type { FeatureContext } from "../../widget/state/feature";
import { Store } from "../../widget/state/store";

const [url = "", storagePath = ""] = process.argv.slice(2);
const report = (output: object) => process.stdout.write(`${JSON.stringify(output)}\n`);

const read = () => {
  try {
    return readFileSync(storagePath, "utf8");
  } catch {
    return undefined;
  }
};
/** A browser reports a failure with `close`; Node's library throws unless there is a listener for `error`. */
class Socket extends NodeSocket {
  constructor(address: string) {
    super(address);
    this.on("error", () => {});
  }
}
/** Replaces the file in one step, because a browser never leaves its storage half written. */
const write = (text: string) => {
  writeFileSync(`${storagePath}.new`, text);
  renameSync(`${storagePath}.new`, storagePath);
};
Object.assign(globalThis, {
  WebSocket: Socket,
  localStorage: new Proxy<Record<string, string>>(
    {},
    {
      get: read,
      set: (_, __, text) => {
        write(text);
        return true;
      },
      deleteProperty: () => {
        write("{}");
        return true;
      },
    },
  ),
});

const [readStored, writeStored] = openHostStorage("guichet");

/** The widget's own transport, which also reports the frames of both directions. */
const connect: Connect = (address, namespace, auth, listener) => {
  const transport = connectWebSocket(address, namespace, auth, {
    onConnected: () => listener.onConnected(),
    onEvent: (event, payload) => {
      report({ type: "event", event, payload });
      listener.onEvent(event, payload);
    },
    onClosed: (end) => {
      report({ type: "closed", refused: end.refused });
      listener.onClosed(end);
    },
  });
  return {
    close: () => transport.close(),
    request: async (command, payload) => {
      const { last, head } = store.state.timeline;
      report({ type: "request", command, payload, last, head });
      const ack = await transport.request(command, payload);
      report({ type: "ack", command, payload, ack });
      return ack;
    },
  };
};

/** The form without its views. */
const startForm = (context: FeatureContext) => {
  context.formClient = new FormClient(context);
  return {};
};

const { draft: _, ...stored } = readStored();
const store: Store = new Store({
  config: { key: "demo", lang: "en", choices: {} },
  locale: "en",
  texts,
  bridge: { post: (message: ToLoader) => message.type === "store" && writeStored(message.patch) },
  init: {
    type: "init",
    stored,
    page: { url: "http://shop.example/", title: "Shop", referrer: "" },
    open: true,
    focus: false,
    prefill: {},
  },
  connection: { url, connect },
  features: [{ needed: (state) => state.needsForm, load: async () => ({ start: startForm }) }],
  addStyles: () => {},
});

let lastScreen = "";
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
    connected,
    mode: service?.mode ?? "",
  });
  if (screen === lastScreen) return;
  lastScreen = screen;
  process.stdout.write(`${screen}\n`);
});

const clockOffset = { ms: 0 };
const realNow = Date.now;
Date.now = () => realNow() + clockOffset.ms;

const { session } = store;
const commands: Record<string, (options: { text?: string; ms?: number }) => void> = {
  send: ({ text = "" }) => {
    store.write(text);
    store.send();
    report({ type: "sent", text });
  },
  hide: () => session.connection.close(),
  show: () => session.connection.open(),
  offline: () => session.connection.drop(),
  jump: ({ ms = 0 }) => {
    clockOffset.ms += ms;
  },
};
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { command, ...options } = JSON.parse(line);
    commands[command]?.(options);
  })
  .on("close", () => process.exit(0));
