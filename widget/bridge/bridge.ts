/** The frame's end of the bridge: it posts to the loader and receives from it, each with an exact origin. */
import { type OutboxStorage, parseMessage } from "../../client/conversation/outbox";
import type { StoredState, ToFrame, ToLoader } from "./messages";

export interface Bridge {
  post(message: ToLoader): void;
  /** Calls `onMessage` for every message of the loader, `init` first. Call it once. */
  listen(onMessage: (message: ToFrame) => void): void;
}

/** `parent` is the origin in the frame's address; the server's configuration allows it. */
export function bridgeTo(parent: string, page: Window = window): Bridge {
  const post = (message: ToLoader) => page.parent.postMessage(message, parent);
  return {
    post,
    listen: (onMessage) => {
      page.addEventListener("message", ({ source, origin, data }: MessageEvent<ToFrame>) => {
        if (source === page.parent && origin === parent) onMessage(data);
      });
      post({ type: "ready" });
    },
  };
}

/** The frame's copy of the host page's storage. `save` also writes to the host page. */
export class HostStorage {
  constructor(
    private readonly bridge: Pick<Bridge, "post">,
    public stored: StoredState,
  ) {}

  save(patch: StoredState): void {
    this.stored = { ...this.stored, ...patch };
    this.bridge.post({ type: "store", patch });
  }

  /**
   * Messages are stored as JSON strings, so that a script of the host page can spoil one message at most. Storing a
   * message also sets `live` and `open`: the next page then mounts the frame and sends it, if the visitor leaves
   * before the ack.
   */
  outboxStorage(): OutboxStorage {
    return {
      messages: () =>
        Object.entries(this.stored).flatMap(([key, value]) =>
          key.startsWith("outbox:") ? parseMessage(String(value)) : [],
        ),
      put: (message) => {
        const patch: StoredState = { live: true, open: true };
        patch[`outbox:${message.client_id}`] = JSON.stringify(message);
        this.save(patch);
      },
      remove: (client_id) => this.save({ [`outbox:${client_id}`]: undefined }),
    };
  }
}
