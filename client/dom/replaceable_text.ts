/**
 * Texts that a browser's translator may replace. It puts elements of its own in the place of our text nodes; a text that
 * Preact changed in place would stay as it was translated. So each text is in an element with the text as its key:
 * another text is another element.
 */
import { type ComponentChildren, Fragment, h, options, type VNode } from "preact";

/** These can have no elements inside. */
const TEXT_ONLY = ["option", "textarea", "title"];

/** Call once, before anything is drawn. */
export function makeTextsReplaceable(): void {
  const before = options.vnode;
  options.vnode = (vnode: VNode) => {
    const { type, key } = vnode;
    const props = vnode.props as { children?: ComponentChildren };
    const drawn = type === Fragment || (typeof type === "string" && !TEXT_ONLY.includes(type));
    if (drawn && props.children !== key) props.children = wrapTexts(props.children);
    before?.(vnode);
  };
}

/** Texts beside each other become one element, as they would be one item of a flexible box. */
function wrapTexts(children: ComponentChildren): ComponentChildren {
  if (!Array.isArray(children)) return isText(children) ? wrap(`${children}`) : children;
  let [start, text] = [-1, ""];
  const wrapped: ComponentChildren[] = [];
  const end = () => {
    if (start >= 0) wrapped[start] = wrap(text);
    [start, text] = [-1, ""];
  };
  for (const child of children) {
    if (isText(child)) {
      if (start < 0) start = wrapped.length;
      text += child;
      wrapped.push(null);
    } else {
      if (child && child !== true) end();
      wrapped.push(wrapTexts(child));
    }
  }
  end();
  return wrapped;
}

const isText = (child: ComponentChildren): child is string | number =>
  typeof child === "string" || typeof child === "number";

const wrap = (text: string) => (text.trim() ? h("span", { key: text }, text) : text);
