/** The elements: made by DOM calls and a constructed stylesheet, which strict policies and Trusted Types allow. */
import { styles } from "./embed.css";
import { color, labels, theme } from "./site";

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  parent: Node,
  properties?: Partial<HTMLElementTagNameMap[K]>,
): HTMLElementTagNameMap[K] {
  return Object.assign(parent.appendChild(document.createElement(tag)), properties);
}

const ariaLabel = labels.title;

export const root = document.createElement("div");
root.role = "region";
root.ariaLabel = ariaLabel;

export const shadow = root.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(styles);
shadow.adoptedStyleSheets = [sheet];

export const box = make("div", shadow, { className: "g" });
box.style.colorScheme = theme === "normal" ? "light dark" : theme;
// The text on it is black or white, whichever is readable.
if (color) box.style.cssText += `--a:${color};--o:oklch(from var(--a) calc((.67 - l)*999) 0 0)`;

export const panel = make("div", box, { className: "p", role: "dialog", ariaLabel, tabIndex: -1 });

export const preview = make("button", box, { className: "v" });
export const previewText = make("span", preview);
export const previewAuthor = make("small", preview);

export const launcher = make("button", box, { className: "l", ariaHasPopup: "dialog" });
export const count = make("span", launcher, { className: "n" });
