import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { VisitorCommands } from "../protocol/visitor";
import { backoff, Connection, type ConnectionOptions, followBrowser } from "../transport/connection";
import { connectFrame, eventFrame, read } from "../transport/packets";
import { type Connect, ConnectionLost, type TransportListener } from "../transport/transport";
import { connectWebSocket } from "../transport/websocket_transport";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("packets", () => {
  test("are encoded as Socket.IO v5 packets", () => {
    expect(connectFrame("/visitor", { site: "demo" })).toBe('40/visitor,{"site":"demo"}');
    expect(eventFrame("/visitor", 7, "hello", {})).toBe('42/visitor,7["hello",{}]');
  });

  test("are decoded", () => {
    expect(read('0{"sid":"x","pingInterval":25000,"pingTimeout":20000}', "/visitor")).toMatchObject({
      type: "open",
      pingInterval: 25000,
    });
    expect(read("2", "/visitor")).toEqual({ type: "ping" });
    expect(read('40/visitor,{"sid":"s"}', "/visitor")).toEqual({ type: "connected", sid: "s" });
    expect(read('42/visitor,["message",{"seq":1}]', "/visitor")).toEqual({
      type: "event",
      name: "message",
      payload: { seq: 1 },
    });
    expect(read('43/visitor,12[{"ok":true}]', "/visitor")).toEqual({
      type: "ack",
      id: 12,
      payload: { ok: true },
    });
    expect(read('44/visitor,{"message":"no"}', "/visitor")).toEqual({
      type: "refused",
      why: { message: "no" },
    });
    expect(read('44/visitor,"no"', "/visitor")).toEqual({ type: "refused", why: { message: "no" } });
    expect(read("41/visitor,", "/visitor")).toEqual({ type: "disconnected" });
  });

  test("of other namespaces and malformed packets are unknown and never throw", () => {
    for (const odd of [
      "",
      "4",
      "42",
      '42/agent,["message",{}]',
      "42/visitor,[",
      "0{",
      "b4xxxx",
      "43/visitor,x",
    ]) {
      expect(read(odd, "/visitor").type, odd).toBe("unknown");
    }
  });

  test("text with line breaks is decoded whole", () => {
    expect(read('42/visitor,["message",{"text":"a\\nb\u2028c"}]', "/visitor")).toMatchObject({
      payload: { text: "a\nb\u2028c" },
    });
  });
});

class FakeSocket {
  static OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 1;
  sent: string[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(frame: string): void {
    this.sent.push(frame);
  }
  close(): void {
    this.readyState = 3;
  }
  receive(frame: string): void {
    this.onmessage?.({ data: frame });
  }
}

describe("a WebSocket transport", () => {
  function attempts() {
    FakeSocket.all = [];
    vi.stubGlobal("WebSocket", FakeSocket);
    const received: unknown[] = [];
    const listener: TransportListener = {
      onConnected: () => received.push("up"),
      onEvent: (name, payload) => received.push([name, payload]),
      onClosed: (end) => received.push(["down", end]),
    };
    const link = connectWebSocket("https://chat.example", "/visitor", { site: "demo" }, listener);
    return { link, received, socket: FakeSocket.all[0] as unknown as FakeSocket };
  }
  const OPEN = '0{"sid":"x","pingInterval":25000,"pingTimeout":20000}';

  test("connects, receives events and answers pings", () => {
    const { socket, received } = attempts();
    expect(socket.url).toBe("wss://chat.example/socket.io/?EIO=4&transport=websocket");
    socket.receive(OPEN);
    socket.receive('40/visitor,{"sid":"s"}');
    socket.receive('42/visitor,["service",{"mode":"chat"}]');
    socket.receive("2");
    expect(received).toEqual(["up", ["service", { mode: "chat" }]]);
    expect(socket.sent).toEqual(['40/visitor,{"site":"demo"}', "3"]);
  });

  test("matches acks to their commands, in any order", async () => {
    const { link, socket } = attempts();
    const [first, second] = [link.request("hello", {}), link.request("typing", {})];
    socket.receive('43/visitor,1[{"n":2}]');
    socket.receive('43/visitor,0[{"n":1}]');
    expect(await Promise.all([first, second])).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("without a ping in time it closes once and rejects all pending requests", async () => {
    const { link, socket, received } = attempts();
    socket.receive(OPEN);
    const lost = expect(link.request("hello", {})).rejects.toBeInstanceOf(ConnectionLost);
    vi.advanceTimersByTime(45_000);
    await lost;
    socket.onclose?.();
    expect(received).toEqual([["down", { opened: true, refused: undefined }]]);
    await expect(link.request("hello", {})).rejects.toBeInstanceOf(ConnectionLost);
  });

  test("a handshake without an answer ends, and no server counts as seen", () => {
    const { received } = attempts();
    vi.advanceTimersByTime(5_000);
    expect(received).toEqual([["down", { opened: false, refused: undefined }]]);
  });
});

/** A connection whose transports the test controls. */
function setup(more: Partial<ConnectionOptions> = {}) {
  const attempts: TransportListener[] = [];
  const seen: string[] = [];
  const connect: Connect = (_url, _namespace, _auth, listener) => {
    attempts.push(listener);
    return { request: () => Promise.resolve({ ok: true }), close: () => listener.onClosed({ opened: true }) };
  };
  const connection = new Connection<VisitorCommands>({
    url: "https://chat.example",
    namespace: "/visitor",
    auth: () => ({}),
    onConnected: () => seen.push("up"),
    onDisconnected: () => seen.push("down"),
    onEvent: () => {},
    onRefused: ({ message }) => seen.push(`refused ${message}`),
    connect,
    random: () => 0,
    ...more,
  });
  return { connection, attempts, seen };
}

describe("the connection", () => {
  test("waits between 0.5 and 5 s before a retry", () => {
    expect([0, 1, 2, 3, 20].map((n) => backoff(n, 1))).toEqual([500, 1000, 2000, 4000, 5000]);
    expect([0, 20].map((n) => backoff(n, 0))).toEqual([500, 2500]);
  });

  test("reconnects by itself, and at once when the network is back", async () => {
    const { connection, attempts, seen } = setup();
    connection.open();
    await settle();
    attempts[0]?.onConnected();
    attempts[0]?.onClosed({ opened: true });
    await vi.advanceTimersByTimeAsync(500);
    expect(attempts.length).toBe(2);
    attempts[1]?.onClosed({ opened: true });
    connection.wake();
    await settle();
    expect([attempts.length, seen]).toEqual([3, ["up", "down", "down"]]);
  });

  test("does not reconnect after a refusal", async () => {
    const { connection, attempts, seen } = setup();
    connection.open();
    await settle();
    attempts[0]?.onClosed({ opened: true, refused: { message: "not_allowed" } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([attempts.length, seen]).toEqual([1, ["down", "refused not_allowed"]]);
  });

  test("a request without a connection is rejected at once", async () => {
    await expect(setup().connection.request("hello", {})).rejects.toBeInstanceOf(ConnectionLost);
  });

  test("loads the fallback after two attempts without an answer, and stays with it once it works", async () => {
    const loaded: string[] = [];
    const polls: TransportListener[] = [];
    const { connection, attempts } = setup({
      fallback: () => {
        loaded.push("polling");
        return Promise.resolve((_url, _namespace, _auth, listener) => {
          polls.push(listener);
          return { request: () => Promise.resolve({ ok: true }), close: () => {} };
        });
      },
    });
    connection.open();
    await settle();
    attempts[0]?.onClosed({ opened: false });
    await vi.advanceTimersByTimeAsync(500);
    expect(loaded).toEqual([]);
    attempts[1]?.onClosed({ opened: false });
    await vi.advanceTimersByTimeAsync(500);
    expect([loaded, attempts.length, polls.length]).toEqual([["polling"], 2, 1]);
    polls[0]?.onConnected();
    polls[0]?.onClosed({ opened: true });
    await vi.advanceTimersByTimeAsync(500);
    expect([attempts.length, polls.length]).toEqual([2, 2]);
  });

  test("keeps using WebSocket if the fallback can't be loaded", async () => {
    const { connection, attempts } = setup({ fallback: () => Promise.reject(new Error("down")) });
    connection.open();
    await settle();
    for (let at = 0; at < 4; at++) {
      attempts[at]?.onClosed({ opened: false });
      await vi.advanceTimersByTimeAsync(30_000);
    }
    expect(attempts.length).toBe(5);
  });

  test("counts a WebSocket that the page's policy forbids as a failed attempt", async () => {
    const { connection, seen } = setup({
      connect: () => {
        throw new Error("SecurityError");
      },
    });
    connection.open();
    await settle();
    expect(seen).toEqual(["down"]);
  });

  test("closes when the browser goes offline, and reconnects when it is online", async () => {
    const page = Object.assign(new EventTarget(), { document: new EventTarget() }) as unknown as Window;
    const { connection, attempts, seen } = setup();
    followBrowser(connection, page);
    connection.open();
    await settle();
    attempts[0]?.onConnected();
    page.dispatchEvent(new Event("offline"));
    expect(seen).toEqual(["up", "down"]);
    page.dispatchEvent(new Event("online"));
    await settle();
    expect(attempts.length).toBe(2);
  });

  test("closes on pagehide and reopens on pageshow if it was open", async () => {
    const page = Object.assign(new EventTarget(), { document: new EventTarget() }) as unknown as Window;
    const { connection, attempts } = setup();
    followBrowser(connection, page);
    page.dispatchEvent(new Event("pageshow"));
    await settle();
    expect(attempts.length).toBe(0);
    connection.open();
    await settle();
    page.dispatchEvent(new Event("pagehide"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([attempts.length, connection.isOpen]).toEqual([1, false]);
    page.dispatchEvent(new Event("pageshow"));
    await settle();
    expect(attempts.length).toBe(2);
  });
});
