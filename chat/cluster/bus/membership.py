"""Pure state machine of the room-membership protocol; I/O and timing are in bus.py."""

from chat.cluster.bus.frames import EventFrame, Frame, SnapshotRequest, SubscriptionFrame
from chat.cluster.bus.subscriptions import LocalSubscriptions, Subscriptions

# Addresses a frame to all nodes, in place of a node id.
EVERY_NODE = "all"


class Membership:
    """One node's view: received frames go in, and `take_frames` returns the frames to send.

    Each node thereby learns which peers exist and which rooms they subscribe to.
    """

    def __init__(self, node_id: str) -> None:
        self.node_id = node_id
        self._local = LocalSubscriptions(node_id)
        self._peers = Subscriptions()
        self._outgoing: list[tuple[str, Frame]] = []
        self.subscribe, self.unsubscribe = self._local.subscribe, self._local.unsubscribe
        self.nodes_for = self._peers.nodes_for

    @property
    def has_no_peers(self) -> bool:
        """No frame of any other node has come, or not for a long time."""
        return not self._peers

    def on_connected(self, now: float) -> None:
        """Ask all nodes for a snapshot and send our own: frames may have been lost in both directions."""
        self._peers.invalidate_all(now)
        self._local.send_snapshot()
        self._outgoing = [(EVERY_NODE, SnapshotRequest(self.node_id))]

    def on_disconnected(self) -> None:
        """Drop the frames to send: nothing can be sent until `on_connected`."""
        self._local.send_snapshot()
        self._outgoing = []

    def heartbeat(self, now: float, timeout_s: float) -> None:
        """Send a heartbeat to the others and one to this node; remove peers that sent none for `timeout_s`."""
        self._peers.remove_silent(now - timeout_s)
        self._outgoing += [(EVERY_NODE, self._local.heartbeat()), (self.node_id, EventFrame(self.node_id, []))]
        self._request_snapshots()

    def add_peer(self, node_id: str, now: float) -> bool:
        """Note the sender of any frame. Returns whether it is new or was removed before: then ask for its snapshot."""
        new = self._peers.add_peer(node_id, now)
        if new:
            self._request_snapshots()
        return new

    def on_frame(self, frame: SubscriptionFrame | SnapshotRequest, now: float) -> None:
        """Apply a peer's subscriptions, or answer its request for ours."""
        if isinstance(frame, SubscriptionFrame):
            self._peers.on_frame(frame, now)
        else:
            self._peers.add_peer(frame.node_id, now)
            self._local.send_snapshot()
        self._request_snapshots()

    def take_frames(self) -> list[tuple[str, Frame]]:
        """The frames to send now, each with the id of the node it is for."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing + [(EVERY_NODE, frame) for frame in self._local.take_frames()]

    def _request_snapshots(self) -> None:
        self._outgoing += [(node_id, SnapshotRequest(self.node_id)) for node_id in self._peers.unsynced]
