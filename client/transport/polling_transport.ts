/** The transport for networks that block WebSocket: the official client over long polling, loaded only if needed. */
import { io } from "socket.io-client";
import type { ConnectError } from "./packets";
import { type Connect, ConnectionLost } from "./transport";

export const connectPolling: Connect = (url, namespace, auth, listener) => {
  const socket = io(url + namespace, {
    auth: auth as Record<string, unknown>,
    transports: ["polling"],
    reconnection: false,
    forceNew: true,
  });
  const rejectPending = new Set<(reason: ConnectionLost) => void>();
  let opened = false;
  let ended = false;

  const end = (refused?: ConnectError): void => {
    if (ended) return;
    ended = true;
    socket.disconnect();
    for (const reject of rejectPending) reject(new ConnectionLost());
    listener.onClosed({ opened, refused });
  };

  socket.on("connect", () => {
    opened = true;
    listener.onConnected();
  });
  socket.on("disconnect", () => end());
  socket.on("connect_error", (error: Error & { data?: unknown }) => {
    // Only a refusal by the namespace leaves the engine open; any other error means that the server is out of reach.
    opened ||= socket.io.engine?.readyState === "open";
    end(opened ? { message: error.message, data: error.data } : undefined);
  });
  socket.onAny((event: string, payload: unknown) => listener.onEvent(event, payload));

  return {
    close: () => end(),
    request: (command, payload) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new ConnectionLost());
        rejectPending.add(reject);
        socket.emit(command, payload, (ack: unknown) => {
          rejectPending.delete(reject);
          resolve(ack);
        });
      }),
  };
};
