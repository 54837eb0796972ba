/** A document in memory with what Preact needs to draw: elements, texts, attributes and events. */

class MemoryNode extends EventTarget {
  parentNode: MemoryElement | null = null;

  get nextSibling(): MemoryNode | null {
    const siblings = this.parentNode?.childNodes ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  get textContent(): string {
    return "";
  }
}

class MemoryText extends MemoryNode {
  readonly nodeType = 3;

  constructor(public data: string) {
    super();
  }

  override get textContent(): string {
    return this.data;
  }
}

export class MemoryElement extends MemoryNode {
  readonly nodeType = 1;
  readonly childNodes: MemoryNode[] = [];
  readonly attributes = new Map<string, string>();
  /** Its presence makes Preact listen to "click" and not to "Click". */
  onclick = null;

  constructor(
    readonly localName: string,
    readonly namespaceURI = "http://www.w3.org/1999/xhtml",
  ) {
    super();
  }

  get firstChild(): MemoryNode | null {
    return this.childNodes[0] ?? null;
  }

  override get textContent(): string {
    return this.childNodes.map((node) => node.textContent).join("");
  }

  insertBefore(node: MemoryNode, before: MemoryNode | null): void {
    node.parentNode?.removeChild(node);
    this.childNodes.splice(before ? this.childNodes.indexOf(before) : this.childNodes.length, 0, node);
    node.parentNode = this;
  }

  removeChild(node: MemoryNode): void {
    this.childNodes.splice(this.childNodes.indexOf(node), 1);
    node.parentNode = null;
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  /** The elements below this one that have the class, in the order of the document. */
  byClass(name: string): MemoryElement[] {
    const elements = this.childNodes.filter((node) => node instanceof MemoryElement);
    return elements.flatMap((element) => {
      const has = element.attributes.get("class")?.split(" ").includes(name);
      return [...(has ? [element] : []), ...element.byClass(name)];
    });
  }

  click(): void {
    this.dispatchEvent(new Event("click", { cancelable: true }));
  }
}

/** Gives Preact a document to draw with, and returns an element to draw into. */
export function memoryRoot(): MemoryElement & Element {
  const maker = {
    createElementNS: (namespace: string, name: string) => new MemoryElement(name, namespace),
    createTextNode: (text: string) => new MemoryText(text),
  };
  Object.assign(globalThis, { document: Object.assign(globalThis.document ?? new EventTarget(), maker) });
  return new MemoryElement("body") as unknown as MemoryElement & Element;
}
