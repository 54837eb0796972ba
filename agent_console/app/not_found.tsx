/** What the console shows for an address that no view has. */
import { useConsole } from "./console";
import { texts } from "./preferences";

export function NotFound() {
  const { router } = useConsole();
  const t = texts.value.notFound;
  return (
    <section class="not-found" id="thread" tabIndex={-1} role="alert">
      <p>{t.text}</p>
      <button type="button" class="button" onClick={router.openInbox}>
        {t.back}
      </button>
    </section>
  );
}
