/** The socket over Socket.IO's own client and a simulated network: when does it connect? */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AgentSocket, openSocket } from "../connection/socket";

const HANDSHAKE = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}';
const CONNECT_ERROR = '44/agent,{"message":"not_allowed"}';

/** The times of all attempts, one list per socket. */
let attemptTimes: number[][];
let server: "away" | "refuses";

vi.mock("socket.io-client", async (real) => {
  const { io, NodeWebSocket, ...rest } = await real<typeof import("socket.io-client")>();
  const inHand = (namespace: string, options: object) => {
    const times: number[] = [];
    attemptTimes.push(times);
    class InHand extends NodeWebSocket {
      override doOpen() {
        times.push(Date.now());
        queueMicrotask(() => {
          if (server === "away") {
            this.onError("nobody there", new Error());
          } else {
            this.onOpen();
            this.onData(HANDSHAKE);
          }
        });
        return this;
      }
      override write() {
        queueMicrotask(() => this.onData(CONNECT_ERROR));
      }
    }
    return io(`http://desk.example${namespace}`, { ...options, forceNew: true, transports: [InHand] });
  };
  return { ...rest, NodeWebSocket, io: inHand };
});

let links: AgentSocket[] = [];
beforeEach(() => {
  attemptTimes = [];
  vi.useFakeTimers();
});
afterEach(() => {
  for (const link of links) link.close();
  vi.useRealTimers();
});

async function consoles(seconds: number): Promise<void> {
  links = Array.from({ length: 8 }, openSocket);
  await vi.advanceTimersByTimeAsync(seconds * 1000);
}

const attempts = () => attemptTimes.map((times) => times.length);

/** All events by which a browser says that its user may be back. */
async function comeBack(): Promise<void> {
  dispatchEvent(new Event("online"));
  dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(0);
}

/** The waits of all consoles before their second attempt, before their third, and so on. */
function waits(): number[][] {
  const all = attemptTimes.map((times) => times.slice(1).map((moment, at) => moment - (times[at] ?? 0)));
  const fewest = Math.min(...all.map((one) => one.length));
  return Array.from({ length: fewest }, (_, at) => all.map((one) => one[at] ?? 0));
}

test("while the server is away, consoles retry at different times and wait at most 5 s", async () => {
  server = "away";
  await consoles(120);
  expect(waits().length).toBeGreaterThan(20);
  for (const [at, all] of waits().entries()) {
    expect(new Set(all).size, `wait ${at + 1}: ${all}`).toBeGreaterThan(4);
    expect(Math.max(...all)).toBeLessThanOrEqual(5_000);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(at < 4 ? 250 : 2_500);
  }
});

test("refused consoles retry, at different times too", async () => {
  server = "refuses";
  await consoles(60);
  expect(waits().length).toBeGreaterThan(8);
  for (const all of waits()) {
    expect(new Set(all).size, `${all}`).toBeGreaterThan(4);
    expect(Math.max(...all)).toBeLessThanOrEqual(5_000);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(2_500);
  }
});

test("a page that comes back connects at once, but a closed socket never again", async () => {
  server = "away";
  await consoles(60);
  const before = attempts();
  await comeBack();
  const back = attempts();
  for (const [at, count] of back.entries()) expect(count).toBeGreaterThan(before[at] ?? 0);
  for (const link of links) link.close();
  await comeBack();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(attempts()).toEqual(back);
});

test("a socket that is closed before its first attempt never connects", async () => {
  server = "away";
  openSocket().close();
  await comeBack();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(attempts()).toEqual([0]);
});
