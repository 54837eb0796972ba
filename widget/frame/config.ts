/** What the server tells the frame in its page: a meta element, never a script. */

export interface Category {
  id: string;
  name: string;
}

export interface FrameConfig {
  key: string;
  lang: "fr" | "en";
  categories: Category[];
  /** What the team is called; our word for it when absent. */
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

/** What the loader wrote behind the # of our address. Which pages may hold us at all is for frame-ancestors to say. */
export function readFrameParams(hash: string): FrameParams {
  const params = new URLSearchParams(hash.slice(1));
  return { parent: params.get("parent") ?? "", theme: params.get("theme") ?? "" };
}
