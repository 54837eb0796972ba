/** The messages between loader and frame, by postMessage with exact origins in both directions. */

import type { FormFieldValues } from "../frame/config";

export interface HostPage {
  url: string;
  title: string;
  referrer: string;
}

/** What we store in the host page's localStorage, as one JSON object. Undefined removes a key. */
export interface StoredState {
  token?: string;
  /** The panel was open: it opens again on wide screens. */
  open?: boolean;
  /** A chat goes on: the loader mounts the frame. */
  live?: boolean;
  draft?: string;
  /** The client_id of a form that was sent without an answer, and the token that it was sent with. */
  form?: string;
  formToken?: string;
  /** Unsent messages, one key each, so that two tabs never overwrite each other. */
  [message: `outbox:${string}`]: string | undefined;
}

export type ToFrame =
  | {
      type: "init";
      stored: StoredState;
      page: Partial<HostPage>;
      open: boolean;
      focus: boolean;
      prefill: FormFieldValues;
    }
  | { type: "open"; focus: boolean }
  | { type: "close" }
  | { type: "page"; page: Partial<HostPage> }
  | { type: "stored"; stored: StoredState }
  | { type: "prefill"; prefill: FormFieldValues };

export interface Badge {
  count: number;
  /** The launcher's accessible name, with the number of unread messages. */
  label: string;
  /** Alternates with the page's own title while the tab is hidden. */
  title: string;
  preview: { text: string; author: string } | null;
}

export type ToLoader =
  | { type: "ready" }
  | { type: "store"; patch: StoredState }
  | { type: "close" }
  | ({ type: "badge" } & Badge)
  | { type: "event"; name: string; detail: unknown };

/** The literal that the server puts in place of __GUICHET_CONFIG__. */
export interface LoaderConfig {
  key: string;
  /** The origin of the server, from which the frame is loaded. */
  origin: string;
  texts: Record<string, LoaderTexts>;
  /** The site's colour as #rrggbb, or null for our own. */
  color: string | null;
}

export interface LoaderTexts {
  open: string;
  close: string;
  title: string;
  /** What the panel says when the frame does not come, and the two ways on. */
  failed: string;
  retry: string;
  contact: string;
}
