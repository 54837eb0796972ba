/** Who one is talking to, and what can be expected of them now. */
import type { Store } from "../state/store";
import { Icon } from "../ui/Icon";
import type { Props } from "./App";

export function Header({ store }: Props) {
  const { state, words, config } = store;
  const ticket = state.ticket;
  const agent = ticket?.agent;
  const team = config.name || words.team;
  const chatting = ticket?.status === "live" && !!agent;
  return (
    <header class="header">
      <span class={chatting ? "avatar avatar--here" : "avatar"} aria-hidden="true">
        {agent?.photo ? <img src={agent.photo} alt="" /> : initials(agent?.name ?? team)}
      </span>
      <div class="header__who">
        <h1>{agent?.name ?? (state.form ? words.write : team)}</h1>
        <p>{expectation(store)}</p>
      </div>
      {chatting && (
        <button type="button" class="header__end" onClick={store.endChat}>
          {words.finish}
        </button>
      )}
      <button type="button" class="header__close" aria-label={words.close} onClick={store.close}>
        <Icon path="m6 9 6 6 6-6" size={18} />
      </button>
    </header>
  );
}

function initials(name: string): string {
  const [first = "", second = ""] = name.split(/\s+/);
  return (Array.from(first)[0] ?? "") + (Array.from(second)[0] ?? "");
}

function expectation(store: Store): string {
  const { ticket, service, form, kit } = store.state;
  const { words } = store;
  const status = ticket?.status;
  if (status === "on_hold") return words.onHold;
  if (status === "solved" || status === "closed") return words.ended;
  if (ticket?.agent) return words.with;
  if (status === "live") return ticket?.queue ? words.queued : words.soon;
  if (ticket) return words.received;
  if (form) return kit?.reopening(store) ?? "";
  return service ? words.here : "\u00a0";
}
