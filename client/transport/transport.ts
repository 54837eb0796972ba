/** What a transport is: one connection to one namespace of the server, over WebSocket or long polling. */
import type { ConnectError } from "./packets";

/** A transport calls these; `onClosed` exactly once, at its end. */
export interface TransportListener {
  /** The server has accepted the connection to the namespace. */
  onConnected(): void;
  onEvent(event: string, payload: unknown): void;
  /** `refused` if the server rejected our auth; `opened` if a server answered at all. */
  onClosed(end: { opened: boolean; refused?: ConnectError }): void;
}

export interface Transport {
  /** Resolves with the ack. Rejects with ConnectionLost if the transport closes first. Has no timeout of its own. */
  request(command: string, payload: unknown): Promise<unknown>;
  close(): void;
}

/** Opens a transport to `namespace`; `auth` is the payload of Socket.IO's CONNECT packet. */
export type Connect = (
  url: string,
  namespace: string,
  auth: unknown,
  listener: TransportListener,
) => Transport;

export class ConnectionLost extends Error {}
