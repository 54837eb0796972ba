/** The JSX runtime of the widget. Preact's own is larger, for it also serves its debugger. */
import { type ComponentType, Fragment, h, type VNode } from "preact";

export { Fragment };

export function jsx(type: string | ComponentType, props: object, key?: string): VNode {
  return h(type as string, key === undefined ? props : { ...props, key }) as VNode;
}

export const jsxs = jsx;
