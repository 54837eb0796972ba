/** What rings: who, why here, how long still; take it or pass. */
import { useEffect, useState } from "preact/hooks";
import { useDesk } from "../app/console";
import { shortcuts, words } from "../app/preferences";
import { Avatar } from "../ui/avatar";
import { calledIn, categoryName, visitorName } from "../ui/labels";
import { Ticking } from "../ui/live_time";
import type { Ringing } from "./offers";

const WHOLE_MS = 60_000;

/** The shared second hand may be a moment behind: more than a whole minute is never left. */
function secondsLeft(offer: Ringing, now: number): number {
  return Math.max(0, Math.ceil(Math.min(WHOLE_MS, offer.until - now) / 1000));
}

/** The bar shrinks by one animation that the browser runs alone, begun where the time already is. */
function Bar({ offer }: { offer: Ringing }) {
  const [gone] = useState(() => WHOLE_MS - (offer.until - Date.now()));
  return <i class="offer__bar" aria-hidden="true" style={{ animationDelay: `${-Math.max(0, gone)}ms` }} />;
}

function Key({ letter }: { letter: string }) {
  return (
    <span class="key" aria-hidden="true">
      {letter}
    </span>
  );
}

/** `first`: the one that the keys speak to. */
function OfferCard({ offer, first }: { offer: Ringing; first: boolean }) {
  const { actions, inbox } = useDesk();
  // The offer holds what was said when it began to ring; the list knows what was said since.
  const card = inbox.cards.value.get(offer.card.ticket) ?? offer.card;
  const keyed = first && shortcuts.value;
  const say = words.value;
  const name = visitorName(card, say);
  const why = offer.by ? say.offer.from(offer.by.name) : say.rules[offer.why];
  const about = [categoryName(card.category, say), why].filter(Boolean).join(" · ");
  return (
    <li class="offer">
      <Bar offer={offer} />
      <Avatar name={name} dot={card.visitor === "here" ? "on" : undefined} />
      <div class="offer__who">
        <p class="offer__name">
          <span dir="auto">{name}</span>
          <Ticking kind="offer__left" say={(now) => say.offer.left(secondsLeft(offer, now))} />
        </p>
        <p class="offer__last" dir="auto">
          {card.preview}
        </p>
        {about && <p class="hint hint--cut">{about}</p>}
      </div>
      <div class="offer__acts">
        <button type="button" class="button button--quiet" onClick={() => void actions.decline(card.ticket)}>
          {say.offer.decline}
          {keyed && <Key letter="X" />}
        </button>
        <button type="button" class="button button--primary" onClick={() => void actions.claim(card.ticket)}>
          {say.offer.accept}
          {keyed && <Key letter="A" />}
        </button>
      </div>
    </li>
  );
}

/** Said once when it begins to ring; the seconds are for the eye only. */
function Spoken({ offers }: { offers: readonly Ringing[] }) {
  const newest = offers.at(-1);
  const [said, say] = useState("");
  useEffect(() => {
    if (!newest) return say("");
    say(`${words.value.offer.announced(calledIn(newest.card, words.value))}. ${newest.card.preview}`);
  }, [newest?.card.ticket]);
  return (
    <p class="unseen" role="alert">
      {said}
    </p>
  );
}

export function Offers() {
  const desk = useDesk();
  const ringing = desk.offers.list.value;
  return (
    <section class="offers" aria-label={words.value.offer.title}>
      <Spoken offers={ringing} />
      <ul>
        {ringing.map((offer, place) => (
          <OfferCard key={offer.card.ticket} offer={offer} first={place === 0} />
        ))}
      </ul>
    </section>
  );
}
