/** The elements: made by DOM calls and a constructed stylesheet, which strict policies and Trusted Types allow. */
import { styles } from "./embed.css";
import { key, labels, lang, origin, theme } from "./site";

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

export const box = make("div", shadow, { className: "g", popover: "manual" });
box.style.colorScheme = theme === "normal" ? "light dark" : theme;

export const panel = make("div", box, { className: "p", role: "dialog", ariaLabel, tabIndex: -1 });

/** What the panel shows until the frame is ready: a header, a skeleton, and after a while what else can be done. */
export const cover = make("div", panel, { className: "c" });
const header = make("header", cover, { textContent: ariaLabel });
export const closeButton = make("button", header, { textContent: "×", ariaLabel: labels.close });
export const failure = make("p", cover, { textContent: labels.failed, role: "status" });
export const retryButton = make("button", failure, { textContent: labels.retry });
make("a", failure, {
  textContent: labels.contact,
  href: `${origin}/contact?site=${key}&lang=${lang}`,
  target: "_blank",
});
make("i", cover);

export const preview = make("button", box, { className: "v" });
export const previewText = make("span", preview);
export const previewAuthor = make("small", preview);

export const launcher = make("button", box, { className: "l", ariaHasPopup: "dialog" });
export const count = make("span", launcher, { className: "n" });
