/** The navigation: one entry per view, the shortcuts dialog, the agent's own account. */
import { Icon } from "../ui/icon";
import { AccountMenu } from "./account_menu";
import { useConsole } from "./console";
import { texts } from "./preferences";
import type { View } from "./view";
import { VIEWS } from "./views";

function NavEntry({ view }: { view: View }) {
  const agentConsole = useConsole();
  const { router } = agentConsole;
  const label = view.label(texts.value);
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
      {count > 0 && (
        <span class="nav__badge" aria-hidden="true">
          {count > 9 ? "9+" : count}
        </span>
      )}
    </a>
  );
}

export function Nav({ onSignOut }: { onSignOut: () => void }) {
  const { dialog } = useConsole();
  const t = texts.value.nav;
  return (
    <nav class="nav" aria-label={t.label}>
      {VIEWS.map((view) => (
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
