/** Whether a key belongs to an input method that composes text: such a key must not send, close or move anything. */

/** The key code of every key that an input method handles. Safari's Enter or Escape that ends a composition has only it. */
const HANDLED_BY_INPUT_METHOD = 229;

export const isComposing = ({
  isComposing,
  keyCode,
}: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean =>
  isComposing || keyCode === HANDLED_BY_INPUT_METHOD;
