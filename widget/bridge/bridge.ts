/** The frame's end of the bridge to the loader: exact origins both ways, and the shelf that it lends us. */
import { type OutboxStorage, parseMessage } from "../../client/conversation/outbox";
import type { StoredState, ToFrame, ToLoader } from "./messages";

export interface Bridge {
  post(message: ToLoader): void;
  /** Everything the loader says, from `init` on. Call once. */
  listen(onMessage: (message: ToFrame) => void): void;
}

/** `parent` is the origin that the frame's address names and that the configuration allows. */
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

/** The host page's storage as we last heard of it, and the only way to change it. */
export class HostStorage {
  constructor(
    private readonly bridge: Pick<Bridge, "post">,
    public stored: StoredState,
  ) {}

  save(patch: StoredState): void {
    this.stored = { ...this.stored, ...patch };
    this.bridge.post({ type: "store", patch });
  }

  /** Letters are strings in it, so that a page's own script that meddles can at most spoil one. The page that comes
   *  next mounts the frame for a letter alone: whoever leaves while it is being sent must not wait for its answer. */
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
