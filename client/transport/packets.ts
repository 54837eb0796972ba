/** Encodes and decodes packets: Socket.IO v5 in Engine.IO v4 text frames. No I/O, no state. */

/** The payload with which a namespace rejects a connection. */
export interface ConnectError {
  message: string;
  data?: unknown;
}

export type Packet =
  | { type: "open"; pingInterval: number; pingTimeout: number }
  | { type: "ping" }
  | { type: "close" }
  | { type: "connected"; sid: string }
  | { type: "refused"; why: ConnectError }
  | { type: "disconnected" }
  | { type: "event"; name: string; payload: unknown }
  | { type: "ack"; id: number; payload: unknown }
  | { type: "unknown" };

export const PONG = "3";

export function connectFrame(namespace: string, auth: unknown): string {
  return `40${namespace},${JSON.stringify(auth)}`;
}

export function eventFrame(namespace: string, id: number, name: string, payload: unknown): string {
  return `42${namespace},${id}${JSON.stringify([name, payload])}`;
}

export function disconnectFrame(namespace: string): string {
  return `41${namespace},`;
}

/** Decodes one text frame. A malformed frame or one of another namespace is `unknown`; it never throws. */
export function read(frame: string, namespace: string): Packet {
  try {
    return parse(frame, namespace);
  } catch {
    return { type: "unknown" };
  }
}

function parse(frame: string, namespace: string): Packet {
  switch (frame[0]) {
    case "0":
      return {
        type: "open",
        ...(JSON.parse(frame.slice(1)) as { pingInterval: number; pingTimeout: number }),
      };
    case "1":
      return { type: "close" };
    case "2":
      return { type: "ping" };
    case "4":
      return message(frame, namespace);
    default:
      return { type: "unknown" };
  }
}

function message(frame: string, namespace: string): Packet {
  const head = namespace.length + 3;
  if (frame.slice(2, head) !== `${namespace},`) return { type: "unknown" };
  const [, id = "", body = ""] = /^(\d*)([\s\S]*)$/.exec(frame.slice(head)) ?? [];
  const content: unknown = body === "" ? null : JSON.parse(body);
  switch (frame[1]) {
    case "0":
      return { type: "connected", sid: (content as { sid: string }).sid };
    case "1":
      return { type: "disconnected" };
    case "2":
      return { type: "event", name: (content as [string])[0], payload: (content as unknown[])[1] };
    case "3":
      return { type: "ack", id: Number(id), payload: (content as unknown[])[0] };
    case "4":
      return {
        type: "refused",
        why: typeof content === "string" ? { message: content } : (content as ConnectError),
      };
    default:
      return { type: "unknown" };
  }
}
