/** The header: the team or the agent, and what the visitor can expect now. */
import { FINISHED_STATUSES } from "../../client/protocol/vocabulary";
import { initials } from "../../client/text/initials";
import type { ViewContext, ViewProps } from "../state/view_context";
import { Icon } from "../ui/Icon";

export function Header({ store }: ViewProps) {
  const { state, texts, config } = store;
  const ticket = state.ticket;
  const agent = ticket?.agent;
  const team = config.name || texts.team;
  const chatting = ticket?.status === "live" && !!agent;
  return (
    <header class="header">
      <span class={chatting ? "avatar avatar--online" : "avatar"} aria-hidden="true">
        {agent?.photo ? <img src={agent.photo} alt="" /> : initials(agent?.name ?? team)}
      </span>
      <div class="header__who">
        <h1>{agent?.name ?? (state.form ? texts.write : team)}</h1>
        <p>{expectation(store)}</p>
      </div>
      {chatting && (
        <button type="button" class="header__end" onClick={store.endChat}>
          {texts.endChat}
        </button>
      )}
      <button type="button" class="header__close" aria-label={texts.close} onClick={store.close}>
        <Icon path="m6 9 6 6 6-6" size={18} />
      </button>
    </header>
  );
}

function expectation(store: ViewContext): string {
  const { ticket, service, form } = store.state;
  const { texts, lazyForm } = store;
  const status = ticket?.status;
  if (status === "on_hold") return texts.onHold;
  if (status && FINISHED_STATUSES.includes(status)) return texts.ended;
  if (ticket?.agent) return texts.chatting;
  if (status === "live") return ticket?.queue ? texts.queued : texts.assigning;
  if (ticket) return texts.received;
  if (form) return lazyForm?.reopening(store) ?? "";
  if (!service) return "\u00a0";
  return service.reply_s ? texts.replyIn(Math.ceil(service.reply_s / 60)) : texts.online;
}
