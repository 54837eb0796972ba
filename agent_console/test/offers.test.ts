/** Offers: how long each rings, by the server's setting and this computer's clock. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Offer } from "../../client/protocol/agent";
import { barAnimation } from "../presence/offer_cards";
import { ringingOffer, secondsLeft } from "../presence/offers";
import { ada, card, openConsole, Server, settled } from "./fake_server";

const NOW = Date.parse("2026-11-25T09:00:00Z");

const offer = (expires_at: string, ticket = "t9"): Offer => ({
  card: card(ticket, 9),
  expires_at,
  why: "only_one",
  by: null,
});
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

describe("the end of an offer", () => {
  test.each([20, 60, 180])("is the server's, with a ring time of %i s", (ring_s) => {
    const ringing = ringingOffer(offer(at(ring_s - 5)), ring_s * 1000, NOW);
    expect([ringing.until, ringing.ringMs]).toEqual([NOW + (ring_s - 5) * 1000, ring_s * 1000]);
  });

  test("is a whole ring time from now if this computer's clock is wrong", () => {
    expect(ringingOffer(offer(at(-3600)), 90_000, NOW).until).toBe(NOW + 90_000);
    expect(ringingOffer(offer(at(3600)), 90_000, NOW).until).toBe(NOW + 90_000);
  });

  test("without the server's ring time, the time from receipt to the end counts as the whole", () => {
    expect(ringingOffer(offer(at(45)), null, NOW)).toMatchObject({ until: NOW + 45_000, ringMs: 45_000 });
    expect(ringingOffer(offer(at(-1)), null, NOW)).toMatchObject({ until: NOW + 60_000, ringMs: 60_000 });
  });
});

describe("the card of an offer", () => {
  const ringing = ringingOffer(offer(at(100)), 120_000, NOW);

  test("counts the seconds down from the ring time to 0", () => {
    const seconds = [-30, 0, 99.5, 500].map((after) => secondsLeft(ringing, NOW + after * 1000));
    expect(seconds).toEqual([120, 100, 1, 0]);
  });

  test("has a bar that is empty at the end of the ring time", () => {
    expect(barAnimation(ringing, NOW)).toEqual({
      animationDuration: "120000ms",
      animationDelay: "-20000ms",
    });
  });
});

describe("the console", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  test("uses the ring time of the hello, also for an offer that came before the ack", async () => {
    const server = new Server();
    server.ring_s = 150;
    const agentConsole = openConsole(server, ada);
    server.up();
    server.tell("offer", offer(at(140)));
    await settled();
    server.tell("offer", offer(at(150), "t8"));
    const offers = agentConsole.offers.list.value.map(({ until, ringMs }) => [until - NOW, ringMs]);
    expect(offers).toEqual([
      [140_000, 150_000],
      [150_000, 150_000],
    ]);
    agentConsole.close();
  });
});
