/**
 * Where the visitor writes: the composer of the chat, or the form. Both use one textarea that is never replaced: when
 * the chat turns into a form, the text, the caret and a composition in progress stay.
 */
import { Component, createRef } from "preact";
import { isComposing } from "../../client/dom/composition";
import { TEXT_MAX, textLength } from "../../client/text/message_text";
import type { ViewProps } from "../state/view_context";
import { Icon } from "../ui/Icon";

const COUNTED_FROM = 3_600;
const TALLEST_PX = 132;

export class Composer extends Component<ViewProps> {
  #area = createRef<HTMLTextAreaElement>();
  #composing = false;

  override componentDidMount(): void {
    this.componentDidUpdate();
  }

  override componentDidUpdate(): void {
    const { state } = this.props.store;
    const area = this.#area.current;
    if (!area) return;
    if (!this.#composing) setText(area, state.draft);
    area.style.blockSize = "";
    if (!state.form) area.style.blockSize = `${Math.min(area.scrollHeight + 2, TALLEST_PX)}px`;
  }

  #submit = async (event: Event) => {
    event.preventDefault();
    const { state, send, formClient, observable } = this.props.store;
    if (!state.form || !formClient) return send();
    const form = event.currentTarget as HTMLFormElement;
    await formClient.submit(Object.fromEntries(new FormData(form)));
    observable.flush();
    form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  };

  #pressed = (event: KeyboardEvent) => {
    const typing = event.shiftKey || isComposing(event);
    if (event.key !== "Enter" || typing || this.props.store.state.form) return;
    event.preventDefault();
    this.props.store.send();
  };

  #compose = (event: CompositionEvent) => {
    this.#composing = event.type === "compositionstart";
    if (!this.#composing) this.props.store.write((event.currentTarget as HTMLTextAreaElement).value);
  };

  override render({ store }: ViewProps) {
    const { state, texts, write } = store;
    const { form } = state;
    const waiting = state.ticket?.status === "live" && !state.ticket.agent;
    const label = waiting ? texts.addDetail : texts.message;
    const error = form && state.errors.text;
    return (
      <form class={form ? "composer composer--form" : "composer"} onSubmit={this.#submit} noValidate>
        <div class="composer__promise">{form && store.lazyForm?.promise(store)}</div>
        <div class="composer__text">
          <label for="text" class={form ? "" : "visually-hidden"}>
            {label}
          </label>
          <textarea
            id="text"
            name="text"
            ref={this.#area}
            rows={1}
            dir="auto"
            placeholder={form ? "" : label}
            aria-invalid={!!error}
            aria-describedby="text-hint"
            enterkeyhint={form ? "enter" : "send"}
            onInput={(event) => write(event.currentTarget.value)}
            onKeyDown={this.#pressed}
            onCompositionStart={this.#compose}
            onCompositionEnd={this.#compose}
          />
          <Hint store={store} error={error || ""} />
        </div>
        <div class="composer__fields">{form && store.lazyForm?.fields(store)}</div>
        <p class="notice" role="status">
          {state.notice}
        </p>
        {form ? (
          <button type="submit" class="button button--main" key="submit" aria-disabled={state.busy}>
            {state.busy ? texts.submitting : texts.submit}
          </button>
        ) : (
          <button
            type="submit"
            class="send"
            key="send"
            aria-label={texts.send}
            aria-disabled={!state.draft.trim()}
          >
            <Icon path="M5 12h14M13 6l6 6-6 6" />
          </button>
        )}
        <small class="composer__hint">{form && texts.addressOnly}</small>
      </form>
    );
  }
}

/** What is wrong with the text, or how many characters are left. */
function Hint({ store, error }: ViewProps & { error: string }) {
  const { state, texts } = store;
  const text = state.draft;
  const left = TEXT_MAX - (text.length < COUNTED_FROM ? 0 : textLength(text));
  const counted = left <= TEXT_MAX - COUNTED_FROM;
  const count = left < 0 ? texts.charactersOver(-left) : texts.charactersLeft(left);
  return (
    <p class={error || left < 0 ? "hint error" : "hint"} id="text-hint" hidden={!error && !counted}>
      {error ? store.lazyForm?.errorText("text", error, texts) : counted && count}
    </p>
  );
}

/** Puts a text from elsewhere into the field. If it was put before the visitor's own text, the caret moves along. */
function setText(element: HTMLTextAreaElement, text: string): void {
  const { value, selectionStart, selectionEnd } = element;
  if (value === text) return;
  element.value = text;
  const shift = text.length - value.length;
  if (text.endsWith(value)) element.setSelectionRange(selectionStart + shift, selectionEnd + shift);
}
