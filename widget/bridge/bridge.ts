/** The frame's end of the bridge to the loader: exact origins both ways, and the shelf that it lends us. */
import type { Letter, Shelf } from "../../client/conversation/outbox";
import type { Kept, ToFrame, ToLoader } from "./messages";

export interface Bridge {
  post(message: ToLoader): void;
  /** Everything the loader says, from `init` on. Call once. */
  listen(heard: (message: ToFrame) => void): void;
}

/** `parent` is the origin that the frame's address names and that the configuration allows. */
export function bridgeTo(parent: string, page: Window = window): Bridge {
  const post = (message: ToLoader) => page.parent.postMessage(message, parent);
  return {
    post,
    listen: (heard) => {
      page.addEventListener("message", ({ source, origin, data }: MessageEvent<ToFrame>) => {
        if (source === page.parent && origin === parent) heard(data);
      });
      post({ type: "ready" });
    },
  };
}

/** The host page's storage as we last heard of it, and the only way to change it. */
export class Memory {
  constructor(
    private readonly bridge: Pick<Bridge, "post">,
    public kept: Kept,
  ) {}

  keep(patch: Kept): void {
    this.kept = { ...this.kept, ...patch };
    this.bridge.post({ type: "keep", patch });
  }

  /** Letters are strings in it, so that a page's own script that meddles can at most spoil one. The page that comes
   *  next mounts the frame for a letter alone: whoever leaves while it is being sent must not wait for its answer. */
  shelf(): Shelf {
    return {
      letters: () =>
        Object.entries(this.kept).flatMap(([key, value]) => (key.startsWith("letter:") ? parsed(value) : [])),
      put: (letter) => {
        const patch: Kept = { live: true, open: true };
        patch[`letter:${letter.client_id}`] = JSON.stringify(letter);
        this.keep(patch);
      },
      drop: (client_id) => this.keep({ [`letter:${client_id}`]: undefined }),
    };
  }
}

function parsed(json: unknown): Letter[] {
  try {
    const letter = JSON.parse(String(json)) as Letter;
    return typeof letter.client_id === "string" && typeof letter.text === "string" ? [letter] : [];
  } catch {
    return [];
  }
}
