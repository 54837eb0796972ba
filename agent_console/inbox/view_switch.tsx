/** The switch between one's own lists, the chats of colleagues, all tickets and those that have ended. */
import { useConsole } from "../app/console";
import { texts } from "../app/preferences";
import { VIEW_NAMES, type ViewName } from "./team_views";

function Entry({ view }: { view: ViewName | null }) {
  const { router, search, teamViews } = useConsole();
  const shown = search.phase.value === "off" && teamViews.shown.value === view;
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    search.clear();
    router.openList(view);
  };
  return (
    <li>
      <a
        class="view-switch__entry"
        href={router.pathOfList(view)}
        aria-current={shown ? "page" : undefined}
        onClick={open}
      >
        {texts.value.list.views[view ?? "mine"]}
      </a>
    </li>
  );
}

export function ViewSwitch() {
  return (
    <nav aria-label={texts.value.list.viewSwitch}>
      <ul class="view-switch">
        {[null, ...VIEW_NAMES].map((view) => (
          <Entry key={view} view={view} />
        ))}
      </ul>
    </nav>
  );
}
