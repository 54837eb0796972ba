/** The frame's configuration, which the server writes into a meta element of its page. */

import type { FORM_FIELDS } from "../../client/protocol/visitor";
import type { Locale } from "../../client/protocol/vocabulary";

export type FormField = (typeof FORM_FIELDS)[number];
export type FormFieldValues = Partial<Record<FormField["name"], string>>;

/** An option of a select of the form: the value that is sent, and its label. */
export interface Choice {
  id: string;
  name: string;
}

export interface FrameConfig {
  key: string;
  lang: Locale;
  /** The options of each select of the form, by the field's name. */
  choices: Record<string, Choice[]>;
  /** The name of the team; absent or null: our word for it. */
  name?: string | null;
  color?: string | null;
}

export interface FrameParams {
  parent: string;
  theme: string;
}

export function readConfig(page: Document): FrameConfig {
  const meta = page.querySelector<HTMLMetaElement>("meta[name=guichet-config]");
  return JSON.parse(meta?.content ?? "{}") as FrameConfig;
}

/**
 * Reads what the loader wrote behind the # of the frame's address. Which pages may embed the frame is decided by
 * frame-ancestors.
 */
export function readFrameParams(hash: string): FrameParams {
  const params = new URLSearchParams(hash.slice(1));
  return { parent: params.get("parent") ?? "", theme: params.get("theme") ?? "" };
}
