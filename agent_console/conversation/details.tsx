/** The right column: the visitor, their page and their earlier tickets. */
import type { Card, Visitor } from "../../client/protocol/agent";
import { useConsole } from "../app/console";
import { language, texts, timeLocale } from "../app/preferences";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { languageName, visitorName } from "../ui/labels";
import { LiveTime } from "../ui/live_time";
import { cardTime, localTime } from "../ui/time_format";
import type { Thread } from "./thread";

/** Only http and https: the host page can send any address. */
function webAddress(url: string): string | undefined {
  return /^https?:\/\//i.test(url) ? url : undefined;
}

function Fact({
  name,
  children,
  title,
}: {
  name: string;
  children: preact.ComponentChildren;
  title?: string;
}) {
  return (
    <>
      <dt>{name}</dt>
      <dd title={title}>{children}</dd>
    </>
  );
}

function LocalTime({ zone }: { zone: string }) {
  if (localTime(zone, timeLocale.value, Date.now()) === null) return null;
  return (
    <Fact name={texts.value.visitor.localTime} title={zone}>
      <LiveTime kind="" text={(now) => localTime(zone, timeLocale.value, now) ?? ""} />
    </Fact>
  );
}

function CurrentPage({ thread, visitor }: { thread: Thread; visitor: Visitor }) {
  const { card } = useConsole();
  const t = texts.value;
  const location = thread.visitorLocation.value;
  // Null for an ended ticket of which this console has heard nothing: then it says nothing.
  const state = location?.state ?? card.value?.visitor ?? null;
  const page = location?.page ?? visitor.page;
  const href = page ? webAddress(page.url) : undefined;
  const presence = { here: t.list.here, hidden: t.list.hidden, gone: t.list.gone };
  const dots = { here: "on", hidden: "half", gone: "off" };
  return (
    <section aria-labelledby="current-page">
      <h3 class="details__title" id="current-page">
        {t.visitor.page}
      </h3>
      <div class="current-page">
        {state && <i class={`dot dot--${dots[state]}`} />}
        <span class="current-page__title" title={page?.url}>
          {page && href ? (
            <a href={href} target="_blank" rel="noopener noreferrer nofollow">
              {page.title || page.url}
            </a>
          ) : (
            (page?.title ?? t.visitor.noPage)
          )}
        </span>
        {state && <span class="current-page__state">{presence[state]}</span>}
      </div>
      {page?.referrer && (
        <p class="hint hint--truncated" title={page.referrer}>
          {t.visitor.referrer} {page.referrer}
        </p>
      )}
    </section>
  );
}

function EarlierTickets({ cards }: { cards: readonly Card[] }) {
  const { router } = useConsole();
  const t = texts.value;
  return (
    <section aria-labelledby="earlier">
      <h3 class="details__title" id="earlier">
        {t.visitor.earlier}
      </h3>
      {cards.length === 0 && <p class="hint">{t.visitor.noEarlier}</p>}
      <ul class="earlier">
        {cards.map((card) => (
          <li key={card.ticket}>
            <a
              class="earlier__card"
              href={router.pathOfTicket(card.ticket)}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey) return;
                event.preventDefault();
                router.openTicket(card.ticket);
              }}
            >
              <span dir="auto">{card.preview}</span>
              <small>
                {t.number(card.number)} · {t.statuses[card.status]} ·{" "}
                {cardTime(card.updated_at, timeLocale.value, Date.now())}
              </small>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Person({ thread, visitor }: { thread: Thread; visitor: Visitor }) {
  const t = texts.value;
  const number = thread.ticket.value?.number ?? 0;
  const name = visitorName({ name: visitor.name, number }, t);
  return (
    <>
      <div class="person">
        <Avatar id={thread.id} name={name} size="large" />
        <div>
          <h2 dir="auto">{name}</h2>
          <span class={`chip ${visitor.verified ? "chip--ok" : "chip--plain"}`}>
            {visitor.verified ? t.visitor.verified : t.visitor.unverified}
          </span>
        </div>
      </div>
      <dl class="properties">
        <Fact name={t.visitor.email} title={visitor.email ?? undefined}>
          {visitor.email ?? <span class="hint">{t.visitor.none}</span>}
        </Fact>
        <Fact name={t.visitor.language}>{languageName(visitor.locale, language.value)}</Fact>
        {visitor.timezone && <LocalTime zone={visitor.timezone} />}
      </dl>
    </>
  );
}

export function Details() {
  const { threads, router } = useConsole();
  const thread = threads.shown.value;
  const visitor = thread?.visitor.value;
  const t = texts.value;
  return (
    <aside class="details" aria-label={t.visitor.title}>
      <button
        type="button"
        class="button button--quiet details__back narrow-only"
        onClick={() => thread && router.openTicket(thread.id)}
      >
        <Icon name="back" />
        {t.visitor.back}
      </button>
      {thread && visitor && (
        <>
          <Person thread={thread} visitor={visitor} />
          <CurrentPage thread={thread} visitor={visitor} />
          <EarlierTickets cards={visitor.tickets} />
        </>
      )}
    </aside>
  );
}
