/** The inbox view: the lists, the open conversation and the person behind it. */
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
  paths: ["", ":ticket", ":ticket/:pane"],
  component: InboxView,
  icon: "chats",
  label: (texts) => texts.nav.inbox,
  badge: ({ inbox }) => inbox.unread.value,
};
