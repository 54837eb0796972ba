"""Handing over: the configured ring time reaches the receiver's console."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chat.settings import Settings
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.test_messages import chat

RING_S = 20


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Shorter than the default, so that the test sees which of the two is used."""
    return replace(settings, offer_ring_s=RING_S)


async def test_a_hand_over_rings_for_the_configured_time(
    node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    ada, ben, vic = await agent(node, "Ada"), await agent(node, "Ben"), await visitor(node)
    ticket = await chat(ada, vic)
    team = (await ada.run("hello"))["team"]
    ben_id = next(one["id"] for one in team if one["name"] == "Ben")
    before = node.clock()
    await ada.run("hand_over", ticket=ticket, to={"agent": ben_id})
    offer = await ben.receive("offer", lambda offer: offer["why"] == "handed_over")
    ring = datetime.fromisoformat(offer["expires_at"]) - before
    assert timedelta(seconds=RING_S - 1) < ring < timedelta(seconds=RING_S + 15)
