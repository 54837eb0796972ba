/** What rings here right now, and until when. */
import { computed, signal } from "@preact/signals";
import type { Offer, OfferEnded } from "../../client/protocol";
import type { AgentSocket } from "../connection/socket";

/** An offer with its end in this computer's time. */
export interface RingingOffer extends Offer {
  until: number;
}

const LONGEST_MS = 60_000;

/**
 * When it ends by our clock. A clock that is wrong by minutes must neither hide an offer nor keep it for ever:
 * what does not fit into the minute that an offer rings is taken as a full one; the server ends it anyway.
 */
export function endsAt(expires: string, now: number): number {
  const left = Date.parse(expires) - now;
  return now + (left > 0 && left <= LONGEST_MS ? left : LONGEST_MS);
}

export function createOffers(socket: AgentSocket) {
  const all = signal<ReadonlyMap<string, RingingOffer>>(new Map());
  const ringListeners: ((offer: RingingOffer) => void)[] = [];
  const endListeners: ((offer: RingingOffer, reason: OfferEnded["reason"]) => void)[] = [];
  /** Began to ring on this line before its hello was answered: the answer may be older than they are. */
  const receivedBeforeHello = new Set<string>();

  function drop(ticket: string): RingingOffer | undefined {
    const offer = all.value.get(ticket);
    const rest = new Map(all.value);
    if (rest.delete(ticket)) all.value = rest;
    return offer;
  }

  function ring(offer: Offer): void {
    const ringing = { ...offer, until: endsAt(offer.expires_at, Date.now()) };
    const isNew = !all.value.has(offer.card.ticket);
    all.value = new Map(all.value).set(offer.card.ticket, ringing);
    if (isNew) for (const listener of ringListeners) listener(ringing);
  }

  socket.onConnected(() => receivedBeforeHello.clear());
  socket.on("offer", (offer) => {
    receivedBeforeHello.add(offer.card.ticket);
    ring(offer);
  });
  socket.on("offer_ended", ({ ticket, reason }) => {
    receivedBeforeHello.delete(ticket);
    const offer = drop(ticket);
    if (offer) for (const listener of endListeners) listener(offer, reason);
  });

  return {
    list: computed(() => [...all.value.values()].sort((a, b) => a.until - b.until)),
    of: (ticket: string): RingingOffer | undefined => all.value.get(ticket),
    drop,

    /** What hello says is ringing; the rest has ended while we were away. */
    load(ringing: readonly Offer[]): void {
      const still = new Set(ringing.map((offer) => offer.card.ticket));
      for (const ticket of all.value.keys())
        if (!still.has(ticket) && !receivedBeforeHello.has(ticket)) drop(ticket);
      ringing.forEach(ring);
    },

    async decline(ticket: string): Promise<void> {
      drop(ticket);
      await socket.request("decline", { ticket });
    },
    onRing: (listener: (offer: RingingOffer) => void) => ringListeners.push(listener),
    onEnd: (listener: (offer: RingingOffer, reason: OfferEnded["reason"]) => void) =>
      endListeners.push(listener),
  };
}

export type Offers = ReturnType<typeof createOffers>;
