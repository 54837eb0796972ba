/** The widget draws, checks and sends the fields of the server's table, one that it has never seen too. */
import type { ComponentChild, VNode } from "preact";
import { describe, expect, test, vi } from "vitest";
import { Field } from "../form/Field";
import { fields } from "../form/FormFields";
import { formValues, localErrors } from "../form/form_fields";
import type { FormField, FormFieldValues } from "../frame/config";
import { texts } from "../locales/en";
import { State } from "../state/state";
import type { ViewContext } from "../state/view_context";

const { ORDER, SHOP } = vi.hoisted(() => ({
  ORDER: { name: "order", control: "textarea", required: true, max_length: 40, autocomplete: "off" },
  SHOP: { name: "shop", control: "select", required: false, max_length: null, autocomplete: "off" },
}));

vi.mock("../../client/protocol/visitor", async (original) => {
  const { FORM_FIELDS, ...protocol } = await original<typeof import("../../client/protocol/visitor")>();
  return { ...protocol, FORM_FIELDS: [...FORM_FIELDS, ORDER, SHOP] };
});
const { FORM_FIELDS } = await import("../../client/protocol/visitor");

const withNewFields = { ...texts, labels: { ...texts.labels, order: "Your order", shop: "Which shop" } };

function view(state = new State(), shown = withNewFields): ViewContext {
  const paris = { id: "paris", name: "Paris" };
  return {
    state,
    texts: shown,
    config: { key: "demo", lang: "en", choices: { shop: [paris] } },
  } as Partial<ViewContext> as ViewContext;
}

/** Every element of a tree by its type and properties. */
function elements(node: ComponentChild | ComponentChild[]): VNode<Record<string, unknown>>[] {
  if (Array.isArray(node)) return node.flatMap(elements);
  if (!node || typeof node !== "object") return [];
  const { props } = node as VNode<Record<string, unknown>>;
  return [node as VNode<Record<string, unknown>>, ...elements(props.children as ComponentChild)];
}

const drawn = (store: ViewContext) =>
  elements(fields(store) as ComponentChild[]).flatMap(({ props }) => elements(Field(props as never)));

describe("the fields of the form", () => {
  test("are drawn in the table's order, each with its label and control", () => {
    const controls = drawn(view()).filter(({ props }) => props.name);
    expect(controls.map(({ type, props }) => [props.name, props.type ?? type])).toEqual([
      ["email", "email"],
      ["order", "textarea"],
      ["shop", "select"],
    ]);
    const labels = drawn(view()).filter(({ type }) => type === "label");
    expect(labels.map(({ props }) => props.children)).toEqual([
      texts.labels.email,
      "Your order",
      "Which shop",
    ]);
  });

  test("a select has the site's options, and the prefilled one is selected", () => {
    const state = new State();
    state.prefill = { shop: "paris" } as FormFieldValues;
    const options = drawn(view(state)).filter(({ type }) => type === "option");
    expect(options.map(({ props }) => [props.value, props.children, props.selected])).toEqual([
      ["", texts.noChoice, undefined],
      ["paris", "Paris", true],
    ]);
  });

  test("show their errors beside them", () => {
    const state = new State();
    state.errors = { order: "empty" };
    const errors = drawn(view(state)).filter(({ props }) => props.class === "error");
    expect(errors.map(({ props }) => [props.id, props.children])).toEqual([
      ["order-error", texts.checkField],
    ]);
  });

  test("are checked by the table before the server is asked", () => {
    const check = (values: object) => localErrors(FORM_FIELDS as readonly FormField[], values);
    expect(check({})).toEqual({ text: "empty", email: "empty", order: "empty" });
    expect(check({ text: "Hi", email: "zoe@", order: " 7 " })).toEqual({ email: "bad_request" });
  });

  test("are sent as typed; one without a label as the host page prefilled it", () => {
    const typed = { text: "Hi", email: "zoe@example.com", order: "7", shop: "" } as FormFieldValues;
    const prefill = { name: "Zoe", order: "6", email: "old@example.com" } as FormFieldValues;
    const sent = { text: "Hi", name: "Zoe", email: "zoe@example.com", order: "7" };
    expect(formValues(typed, prefill, withNewFields)).toEqual(sent);
  });
});
