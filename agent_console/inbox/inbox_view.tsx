/** The inbox view: the lists, the open conversation and the person behind it. */
import { texts } from "../app/preferences";
import type { View, ViewProps } from "../app/view";
import { Details } from "../conversation/details";
import { ThreadPane } from "../conversation/thread_pane";
import { Lists } from "./lists";

function InboxView({ tools, banners }: ViewProps) {
  return (
    <>
      <Lists tools={tools} banners={banners} />
      <ThreadPane />
      <Details />
    </>
  );
}

export const inboxView: View = {
  name: "inbox",
  paths: ["", ":ticket", ":ticket/:pane", ":list", ":list/:ticket", ":list/:ticket/:pane"],
  // A ticket id begins with "t_", so that `:ticket` never takes the name of another view.
  params: { ticket: /^t_[\w-]+$/, pane: /^visitor$/, list: /^(team|all|ended)$/ },
  component: InboxView,
  icon: ["M4 5h16v11H9l-5 4z"],
  label: () => texts.value.nav.inbox,
  badge: ({ inbox }) => inbox.unread.value,
};
