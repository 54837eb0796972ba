/** The navigation: one entry per view, the shortcuts dialog, the agent's own account. */
import { Icon } from "../ui/icon";
import { AccountMenu } from "./account_menu";
import { useConsole } from "./console";
import { texts } from "./preferences";
import type { View } from "./view";

function NavEntry({ view }: { view: View }) {
  const agentConsole = useConsole();
  const { router } = agentConsole;
  const label = view.label();
  const count = view.badge?.(agentConsole) ?? 0;
  return (
    <a
      class="nav__item"
      href={router.pathOfView(view.name)}
      aria-current={router.route.value.view === view.name ? "page" : undefined}
      aria-label={count > 0 ? `${label}, ${texts.value.list.unread(count)}` : label}
      onClick={(event) => {
        event.preventDefault();
        router.openView(view.name);
      }}
    >
      <Icon name={view.icon} />
      <span class="nav__label">{label}</span>
      {count > 0 && (
        <span class="nav__badge" aria-hidden="true">
          {count > 9 ? "9+" : count}
        </span>
      )}
    </a>
  );
}

interface NavProps {
  views: readonly View[];
  onSignOut: () => void;
}

/** A phone shows it as a bar of the views, if there are several, and not below a conversation, which needs the room. */
export function Nav({ views, onSignOut }: NavProps) {
  const { dialog, router } = useConsole();
  const t = texts.value.nav;
  const isBar = views.length > 1 && router.ticket.value === null;
  return (
    <nav class={isBar ? "nav nav--bar" : "nav"} aria-label={t.label}>
      {views.map((view) => (
        <NavEntry key={view.name} view={view} />
      ))}
      <span class="nav__space" />
      <button
        type="button"
        class="nav__item"
        aria-label={t.shortcuts}
        onClick={() => {
          dialog.value = "shortcuts";
        }}
      >
        <Icon name="keyboard" />
      </button>
      <AccountMenu onSignOut={onSignOut} up />
    </nav>
  );
}
