"""Gossip: what nodes tell one another so that each knows who is there and which rooms they hold."""

from chat.cluster.bus.frames import EventFrame, Frame, SnapshotRequest, SubscriptionFrame
from chat.cluster.bus.subscriptions import LocalSubscriptions, Subscriptions

# In place of a node's mark: to every node.
EVERY_NODE = "all"


class Membership:
    """One node's part of it, without a line or a clock: what it hears goes in, what it has to say comes out."""

    def __init__(self, mark: str) -> None:
        self.node_id = mark
        self._local = LocalSubscriptions(mark)
        self._subscriptions = Subscriptions()
        self._due: list[tuple[str, Frame]] = []
        self.subscribe, self.unsubscribe, self.nodes_for = (
            self._local.subscribe,
            self._local.unsubscribe,
            self._subscriptions.nodes_for,
        )

    @property
    def has_no_peers(self) -> bool:
        """Nobody else has been heard of."""
        return not self._subscriptions

    def begin(self, now: float) -> None:
        """This node hears, or hears again: what it has of the others may be old, and they may not know it."""
        self._subscriptions.invalidate_all(now)
        self._local.send_snapshot()
        self._due = [(EVERY_NODE, SnapshotRequest(self.node_id))]

    def end(self) -> None:
        """Nothing can be said until it begins again."""
        self._local.send_snapshot()
        self._due = []

    def beat(self, now: float, deaf_s: float) -> None:
        """A sign of life, to the others and to itself; who gave none for `deaf_s` is gone."""
        self._subscriptions.remove_silent(now - deaf_s)
        self._due += [(EVERY_NODE, self._local.beat()), (self.node_id, EventFrame(self.node_id, []))]
        self._request_snapshots()

    def add_peer(self, mark: str, now: float) -> bool:
        """Somebody says something. True when they are new or were forgotten: then they are to be asked."""
        new = self._subscriptions.add_peer(mark, now)
        if new:
            self._request_snapshots()
        return new

    def on_frame(self, frame: SubscriptionFrame | SnapshotRequest, now: float) -> None:
        """What another node tells of its rooms, or that it asks for ours."""
        if isinstance(frame, SubscriptionFrame):
            self._subscriptions.on_frame(frame, now)
        else:
            self._subscriptions.add_peer(frame.node_id, now)
            self._local.send_snapshot()
        self._request_snapshots()

    def due(self) -> list[tuple[str, Frame]]:
        """What is to be said now, and to which node."""
        due, self._due = self._due, []
        return due + [(EVERY_NODE, piece) for piece in self._local.due()]

    def _request_snapshots(self) -> None:
        self._due += [(mark, SnapshotRequest(self.node_id)) for mark in self._subscriptions.unsynced]
