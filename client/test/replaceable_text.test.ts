import { Component, h, render } from "preact";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { makeTextsReplaceable } from "../dom/replaceable_text";
import { MemoryElement, memoryRoot } from "./dom";

type Root = ReturnType<typeof memoryRoot>;
let root: Root;

beforeAll(makeTextsReplaceable);
beforeEach(() => {
  root = memoryRoot();
});

/** What a browser's translator does: an element of its own takes the place of each text node. */
function translate(element: MemoryElement): void {
  for (const node of [...element.childNodes]) {
    if (node instanceof MemoryElement) translate(node);
    else {
      const font = new MemoryElement("font");
      font.insertBefore(document.createTextNode(`(${node.textContent})`) as never, null);
      element.insertBefore(font, node);
      element.removeChild(node);
    }
  }
}

test("a text that changes after a translation is shown as it is now", () => {
  const draw = (state: string) => render(h("p", null, state), root);
  draw("sending…");
  translate(root);
  expect(root.textContent).toBe("(sending…)");
  draw("sent");
  expect(root.textContent).toBe("sent");
});

test("a text that disappears after a translation is gone", () => {
  const draw = (typing: boolean) => render(h("p", null, typing && "Ada is typing…"), root);
  draw(true);
  translate(root);
  draw(false);
  expect(root.textContent).toBe("");
});

test("numbers, texts beside each other and texts beside elements change as well", () => {
  const draw = (count: number, more: string | null) =>
    render(h("h3", null, "Waiting ", count, h("b", null, count), more, " in all"), root);
  draw(0, null);
  translate(root);
  draw(12, ", 3 new");
  expect(root.textContent).toBe("Waiting 1212, 3 new in all");
});

test("an element that contains a text stays the same element", () => {
  const draw = (label: string) => render(h("button", { type: "button" }, label), root);
  draw("Copy");
  const [button] = root.childNodes;
  translate(root);
  draw("Copied");
  expect(root.childNodes).toEqual([button]);
});

test("components beside a text that changes keep their state", () => {
  let mounted = 0;
  class Field extends Component {
    override componentDidMount(): void {
      mounted += 1;
    }
    override render() {
      return h("input", null);
    }
  }
  const draw = (name: string | null) => render(h("label", null, name, h(Field, null), name), root);
  for (const name of ["Name", null, "Your name", "Name"]) draw(name);
  expect(mounted).toBe(1);
});

test("what can have no element inside has its plain text", () => {
  render(h("select", null, h("option", { class: "choice" }, "Payments")), root);
  const [option] = root.byClass("choice");
  expect(option?.childNodes.map((node) => node instanceof MemoryElement)).toEqual([false]);
});
