/** The offers that ring on this console now, and until when each rings. */
import { computed, signal } from "@preact/signals";
import type { AgentHelloAck, Offer, OfferEnded } from "../../client/protocol/agent";
import type { AgentSocket } from "../connection/socket";

/** The ack of `hello`. `ring_s`: how many seconds an offer rings; older servers do not send it. */
export type OffersHello = Pick<AgentHelloAck, "offers"> & { ring_s?: number };

export interface RingingOffer extends Offer {
  /** When it ends by this computer's clock, in milliseconds since 1970. */
  until: number;
  /** How long it rings in all. */
  ringMs: number;
}

/** Only for a wrong clock and a server that does not send `ring_s`. */
const FALLBACK_RING_MS = 60_000;

/**
 * Adds the end by this computer's clock. A clock that is wrong by minutes must neither hide an offer nor show it for
 * ever: if the rest of the time is not within `ringMs`, the offer rings for `ringMs` from now. The server ends it
 * anyway. Without `ringMs` the rest of the time counts as the whole.
 */
export function ringingOffer(offer: Offer, ringMs: number | null, now: number): RingingOffer {
  const left = Date.parse(offer.expires_at) - now;
  const whole = ringMs ?? (left > 0 ? left : FALLBACK_RING_MS);
  return { ...offer, ringMs: whole, until: now + (left > 0 && left <= whole ? left : whole) };
}

/** Never more than the whole ring time: the shared clock may be up to a second late. */
export function secondsLeft({ until, ringMs }: RingingOffer, now: number): number {
  return Math.max(0, Math.ceil(Math.min(ringMs, until - now) / 1000));
}

export function createOffers(socket: AgentSocket) {
  const all = signal<ReadonlyMap<string, RingingOffer>>(new Map());
  const ringListeners: ((offer: RingingOffer) => void)[] = [];
  const endListeners: ((offer: RingingOffer, reason: OfferEnded["reason"]) => void)[] = [];
  /** From the last hello; null before the first. */
  let ringMs: number | null = null;
  /**
   * Offers that came as events after the connection and before the ack of its hello: the ack may be older than they
   * are.
   */
  const receivedBeforeHello = new Set<string>();

  function drop(ticket: string): RingingOffer | undefined {
    const offer = all.value.get(ticket);
    const rest = new Map(all.value);
    if (rest.delete(ticket)) all.value = rest;
    return offer;
  }

  function ring(offer: Offer): void {
    const ringing = ringingOffer(offer, ringMs, Date.now());
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

    /** Replaces the offers by those of the hello. An offer event that came before the ack stays, for it may be newer. */
    load({ offers, ring_s }: OffersHello): void {
      ringMs = ring_s === undefined ? null : ring_s * 1000;
      const listed = new Set(offers.map((offer) => offer.card.ticket));
      const newer = [...all.value.values()].filter(({ card }) => !listed.has(card.ticket));
      for (const { card } of newer) if (!receivedBeforeHello.has(card.ticket)) drop(card.ticket);
      for (const offer of newer) if (receivedBeforeHello.has(offer.card.ticket)) ring(offer);
      offers.forEach(ring);
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
