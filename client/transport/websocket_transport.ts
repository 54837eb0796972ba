/** The transport over WebSocket. */
import {
  type ConnectError,
  connectFrame,
  disconnectFrame,
  eventFrame,
  type Packet,
  PONG,
  read,
} from "./packets";
import { type Connect, ConnectionLost, type Transport, type TransportListener } from "./transport";

/** Longer than any real handshake. A proxy that blocks WebSocket may answer nothing at all. */
const HANDSHAKE_MS = 5_000;

interface PendingAck {
  resolve: (ack: unknown) => void;
  reject: (lost: ConnectionLost) => void;
}

class WebSocketTransport implements Transport {
  #socket: WebSocket;
  #pendingAcks = new Map<number, PendingAck>();
  #nextId = 0;
  #opened = false;
  #ended = false;
  #silenceLimit = 0;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: string,
    private readonly namespace: string,
    private readonly auth: unknown,
    private readonly listener: TransportListener,
  ) {
    this.#socket = new WebSocket(`${url.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.onmessage = ({ data }) => typeof data === "string" && this.#handle(read(data, namespace));
    this.#socket.onclose = () => this.#end();
    this.#armSilenceTimer(HANDSHAKE_MS);
  }

  request(command: string, payload: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new ConnectionLost());
      const id = this.#nextId++;
      this.#pendingAcks.set(id, { resolve, reject });
      this.#socket.send(eventFrame(this.namespace, id, command, payload));
    });
  }

  close(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(disconnectFrame(this.namespace));
    this.#end();
  }

  #handle(packet: Packet): void {
    this.#armSilenceTimer(this.#silenceLimit || HANDSHAKE_MS);
    switch (packet.type) {
      case "open":
        this.#opened = true;
        this.#silenceLimit = packet.pingInterval + packet.pingTimeout;
        this.#socket.send(connectFrame(this.namespace, this.auth));
        break;
      case "ping":
        this.#socket.send(PONG);
        break;
      case "connected":
        this.listener.onConnected();
        break;
      case "event":
        this.listener.onEvent(packet.name, packet.payload);
        break;
      case "ack":
        this.#pendingAcks.get(packet.id)?.resolve(packet.payload);
        this.#pendingAcks.delete(packet.id);
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

  /** A half-open connection stays silent, so the transport closes if no ping comes in time. */
  #armSilenceTimer(ms: number): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#end(), ms);
  }

  #end(refused?: ConnectError): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#silenceTimer);
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    for (const { reject } of this.#pendingAcks.values()) reject(new ConnectionLost());
    this.listener.onClosed({ opened: this.#opened, refused });
  }
}

export const connectWebSocket: Connect = (url, namespace, auth, listener) =>
  new WebSocketTransport(url, namespace, auth, listener);
