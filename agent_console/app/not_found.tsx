/** What the console shows for an address that no view has. */
import { Page } from "../ui/page";
import { useConsole } from "./console";
import { texts } from "./preferences";
import type { ViewProps } from "./view";

export function NotFound(props: ViewProps) {
  const { router } = useConsole();
  const t = texts.value.notFound;
  return (
    <Page {...props}>
      <div class="not-found" role="alert">
        <p>{t.text}</p>
        <button type="button" class="button" onClick={router.openInbox}>
          {t.back}
        </button>
      </div>
    </Page>
  );
}
