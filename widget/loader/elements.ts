/** The elements: made by DOM calls and a constructed stylesheet, which strict policies and Trusted Types allow. */
import { styles } from "./embed.css";
import { color, labels, position, theme } from "./site";

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  parent: Node,
  name = "",
): HTMLElementTagNameMap[K] {
  const element = parent.appendChild(document.createElement(tag));
  element.className = name;
  return element;
}

export const root = document.createElement("div");
root.role = "region";
root.ariaLabel = labels.title;

export const shadow = root.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(styles);
shadow.adoptedStyleSheets = [sheet];

export const box = make("div", shadow, `g ${position}`);
box.style.colorScheme = theme === "normal" ? "light dark" : theme;
// The text on it is black or white, whichever is readable.
if (color) box.style.cssText += `--a:${color};--o:oklch(from var(--a) calc((.67 - l)*999) 0 0)`;

export const panel = make("div", box, "p");
panel.role = "dialog";
panel.ariaLabel = labels.title;
panel.tabIndex = -1;

export const preview = make("button", box, "v");
export const previewText = make("span", preview);
export const previewAuthor = make("small", preview);

export const launcher = make("button", box, "l");
launcher.ariaHasPopup = "dialog";
const svg = launcher.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
svg.setAttribute("viewBox", "0 0 24 24");
export const path = svg.appendChild(document.createElementNS(svg.namespaceURI, "path"));
export const count = make("span", launcher, "n");
