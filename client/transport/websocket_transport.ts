/** One link to the server over WebSocket: from dialling to its end, which is told exactly once. */
import { connectFrame, disconnectFrame, eventFrame, type NotLetIn, type Packet, PONG, read } from "./packets";

/** Longer than any honest handshake; a proxy that swallows the upgrade answers nothing at all. */
const HANDSHAKE_MS = 5_000;

export interface Ears {
  /** The namespace took us in. */
  up(): void;
  heard(event: string, payload: unknown): void;
  /** The end. `refused` when the server said no to our auth; `opened` when a server had answered at all. */
  down(end: { opened: boolean; refused?: NotLetIn }): void;
}

export interface Link {
  /** Resolves with the ack, rejects when the link ends before it. Never times out by itself. */
  ask(command: string, payload: unknown): Promise<unknown>;
  close(): void;
}

export type Dial = (url: string, namespace: string, auth: unknown, ears: Ears) => Link;

export class LinkLost extends Error {}

interface Waiting {
  resolve: (ack: unknown) => void;
  reject: (lost: LinkLost) => void;
}

class WebSocketLink implements Link {
  #socket: WebSocket;
  #waiting = new Map<number, Waiting>();
  #next = 0;
  #opened = false;
  #ended = false;
  #patience = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: string,
    private readonly namespace: string,
    private readonly auth: unknown,
    private readonly ears: Ears,
  ) {
    this.#socket = new WebSocket(`${url.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.onmessage = ({ data }) => typeof data === "string" && this.#take(read(data, namespace));
    this.#socket.onclose = () => this.#end();
    this.#listenFor(HANDSHAKE_MS);
  }

  ask(command: string, payload: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new LinkLost());
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(eventFrame(this.namespace, id, command, payload));
    });
  }

  close(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(disconnectFrame(this.namespace));
    this.#end();
  }

  #take(packet: Packet): void {
    this.#listenFor(this.#patience || HANDSHAKE_MS);
    switch (packet.type) {
      case "open":
        this.#opened = true;
        this.#patience = packet.pingInterval + packet.pingTimeout;
        this.#socket.send(connectFrame(this.namespace, this.auth));
        break;
      case "ping":
        this.#socket.send(PONG);
        break;
      case "connected":
        this.ears.up();
        break;
      case "event":
        this.ears.heard(packet.name, packet.payload);
        break;
      case "ack":
        this.#waiting.get(packet.id)?.resolve(packet.payload);
        this.#waiting.delete(packet.id);
        break;
      case "refused":
        this.#end(packet.why);
        break;
      case "close":
      case "disconnected":
        this.#end();
        break;
    }
  }

  /** A half-open connection says nothing: without a ping in time it is dead, whatever the browser thinks. */
  #listenFor(ms: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#end(), ms);
  }

  #end(refused?: NotLetIn): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#silence);
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    for (const { reject } of this.#waiting.values()) reject(new LinkLost());
    this.ears.down({ opened: this.#opened, refused });
  }
}

export const dialWebSocket: Dial = (url, namespace, auth, ears) =>
  new WebSocketLink(url, namespace, auth, ears);
