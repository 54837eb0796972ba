/** The way in where WebSocket is blocked: the official client over long polling, loaded only then. */
import { io } from "socket.io-client";
import type { NotLetIn } from "./packets";
import { type Dial, LinkLost } from "./websocket_transport";

export const dialPolling: Dial = (url, namespace, auth, ears) => {
  const socket = io(url + namespace, {
    auth: auth as Record<string, unknown>,
    transports: ["polling"],
    reconnection: false,
    forceNew: true,
  });
  const lost = new Set<(reason: LinkLost) => void>();
  let opened = false;
  let ended = false;

  const end = (refused?: NotLetIn): void => {
    if (ended) return;
    ended = true;
    socket.disconnect();
    for (const reject of lost) reject(new LinkLost());
    ears.down({ opened, refused });
  };

  socket.on("connect", () => {
    opened = true;
    ears.up();
  });
  socket.on("disconnect", () => end());
  socket.on("connect_error", (error: Error & { data?: unknown }) => {
    // Only a refusal by the namespace leaves the transport standing; all else is a server out of reach.
    opened ||= socket.io.engine?.readyState === "open";
    end(opened ? { message: error.message, data: error.data } : undefined);
  });
  socket.onAny((event: string, payload: unknown) => ears.heard(event, payload));

  return {
    close: () => end(),
    ask: (command, payload) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new LinkLost());
        lost.add(reject);
        socket.emit(command, payload, (ack: unknown) => {
          lost.delete(reject);
          resolve(ack);
        });
      }),
  };
};
