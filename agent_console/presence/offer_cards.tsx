/** The cards of the ringing offers: the visitor, the reason, the time left, take or decline. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { useConsole } from "../app/console";
import { shortcuts, texts } from "../app/preferences";
import { Avatar } from "../ui/avatar";
import { categoryName, isolate, nameInSentence, visitorName } from "../ui/labels";
import { LiveTime } from "../ui/live_time";
import { type RingingOffer, secondsLeft } from "./offers";

/** The bar shrinks by one CSS animation that starts where the time already is. */
export function barAnimation({ ringMs, until }: RingingOffer, now: number) {
  const elapsed = Math.max(0, ringMs - (until - now));
  return { animationDuration: `${ringMs}ms`, animationDelay: `${-elapsed}ms` };
}

function Bar({ offer }: { offer: RingingOffer }) {
  // A new delay would restart the animation, so it is computed again only when the end of the offer changes.
  const style = useMemo(() => barAnimation(offer, Date.now()), [offer.until, offer.ringMs]);
  return <i class="offer__bar" aria-hidden="true" style={style} />;
}

function Key({ label }: { label: string }) {
  return (
    <span class="key" aria-hidden="true">
      {label}
    </span>
  );
}

/** `first`: the keys A and X act on this offer. */
function OfferCard({ offer, first }: { offer: RingingOffer; first: boolean }) {
  const { actions, inbox } = useConsole();
  // The offer has the preview of the moment it began to ring; the inbox has the newest.
  const card = inbox.cards.value.get(offer.card.ticket) ?? offer.card;
  const showsKeys = first && shortcuts.value;
  const t = texts.value;
  const name = visitorName(card, t);
  const why = offer.by ? t.offer.from(isolate(offer.by.name)) : t.rules[offer.why];
  const about = [categoryName(card.category, t), why].filter(Boolean).join(" · ");
  return (
    <li class="offer">
      <Bar offer={offer} />
      <Avatar id={card.ticket} name={name} dot={card.visitor === "here" ? "on" : undefined} />
      <div class="offer__visitor">
        <p class="offer__name">
          <span dir="auto">{name}</span>
          <LiveTime kind="offer__left" text={(now) => t.offer.left(secondsLeft(offer, now))} />
        </p>
        <p class="offer__preview" dir="auto">
          {card.preview}
        </p>
        {about && <p class="hint hint--truncated">{about}</p>}
      </div>
      <div class="offer__actions">
        <button type="button" class="button button--quiet" onClick={() => void actions.decline(card.ticket)}>
          {t.offer.decline}
          {showsKeys && <Key label="X" />}
        </button>
        <button type="button" class="button button--primary" onClick={() => void actions.claim(card.ticket)}>
          {t.offer.accept}
          {showsKeys && <Key label="A" />}
        </button>
      </div>
    </li>
  );
}

/** Announced once when an offer begins to ring, without the seconds. */
function OfferAnnouncement({ offers }: { offers: readonly RingingOffer[] }) {
  const newest = offers.at(-1);
  const [announcement, setAnnouncement] = useState("");
  useEffect(() => {
    if (!newest) return setAnnouncement("");
    setAnnouncement(
      `${texts.value.offer.announced(nameInSentence(newest.card, texts.value))}. ${newest.card.preview}`,
    );
  }, [newest?.card.ticket]);
  return (
    <p class="visually-hidden" role="alert">
      {announcement}
    </p>
  );
}

export function OfferCards() {
  const agentConsole = useConsole();
  const ringing = agentConsole.offers.list.value;
  return (
    <section class="offers" aria-label={texts.value.offer.title}>
      <OfferAnnouncement offers={ringing} />
      <ul>
        {ringing.map((offer, position) => (
          <OfferCard key={offer.card.ticket} offer={offer} first={position === 0} />
        ))}
      </ul>
    </section>
  );
}
