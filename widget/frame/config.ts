/** The frame's configuration, which the server writes into a meta element of its page. */

export interface Category {
  id: string;
  name: string;
}

export interface FrameConfig {
  key: string;
  lang: "fr" | "en";
  categories: Category[];
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
