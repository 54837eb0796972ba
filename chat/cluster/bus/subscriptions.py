"""Which node subscribes to which rooms: this node's own subscriptions, and those that its peers announce."""

from collections.abc import Iterable

from chat.cluster.bus.frames import SubscriptionFrame

ROOMS_PER_FRAME = 1000


class LocalSubscriptions:
    """Rooms with local sockets, and the changes that are not sent yet.

    After `send_snapshot` the whole set is sent, and single changes are not queued: they would grow without bound while
    nothing can be sent.
    """

    def __init__(self, node_id: str) -> None:
        self._node_id = node_id
        self._number = 0
        self._rooms: set[str] = set()
        self._changes: dict[str, bool] = {}
        self._snapshot_pending = True

    def subscribe(self, room: str) -> None:
        """Add a room: it has its first local member."""
        self._rooms.add(room)
        self._record(room, subscribed=True)

    def unsubscribe(self, room: str) -> None:
        """Remove a room: it has no local member any more."""
        self._rooms.discard(room)
        self._record(room, subscribed=False)

    def send_snapshot(self) -> None:
        """Send the whole set next: a peer may have missed a frame, or nothing can be sent now."""
        self._snapshot_pending = True
        self._changes = {}

    def take_frames(self) -> list[SubscriptionFrame]:
        """The frames to send now: the snapshot, the changes, or none."""
        if self._snapshot_pending:
            return self._snapshot()
        return [self.heartbeat()] if self._changes else []

    def heartbeat(self) -> SubscriptionFrame:
        """One frame with the changes, even when there are none."""
        changes, self._changes = self._changes, {}
        subscribed = [room for room, is_subscribed in changes.items() if is_subscribed]
        return self._frame(subscribed, [room for room, is_subscribed in changes.items() if not is_subscribed])

    def _record(self, room: str, subscribed: bool) -> None:
        if not self._snapshot_pending:
            self._changes[room] = subscribed

    def _snapshot(self) -> list[SubscriptionFrame]:
        """All rooms. A peer that receives all of these frames is up to date, whatever it missed before."""
        self._snapshot_pending = False
        rooms = list(self._rooms)
        starts = range(0, max(1, len(rooms)), ROOMS_PER_FRAME)
        frames = [self._frame(rooms[start : start + ROOMS_PER_FRAME], []) for start in starts]
        frames[0].snapshot_start = frames[-1].snapshot_end = True
        return frames

    def _frame(self, subscribed: list[str], unsubscribed: list[str]) -> SubscriptionFrame:
        self._number += 1
        return SubscriptionFrame(self._node_id, self._number, subscribed, unsubscribed)


class Peer:
    """Another node and the rooms it has announced. `snapshot` holds those of an unfinished snapshot."""

    __slots__ = ("last_seen_at", "number", "rooms", "snapshot")

    def __init__(self, last_seen_at: float) -> None:
        self.last_seen_at = last_seen_at
        self.number = 0
        self.rooms: set[str] = set()
        self.snapshot: set[str] | None = None


class Subscriptions:
    """The rooms of all peers.

    A peer of which a frame may be missing is unsynced: it counts as subscribed to every room until its next snapshot is
    complete.
    """

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._unsynced: set[str] = set()
        # Tuples, because most rooms have one subscriber and a tuple takes a quarter of a set's memory.
        self._subscribers: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def unsynced(self) -> list[str]:
        """The peers to ask for a snapshot: unsynced, and not sending one already."""
        return [node_id for node_id in self._unsynced if self._peers[node_id].snapshot is None]

    def nodes_for(self, rooms: Iterable[str]) -> set[str]:
        """The peers that may subscribe to any of `rooms`."""
        found = self._unsynced.copy()
        for room in rooms:
            found.update(self._subscribers.get(room, ()))
        return found

    def add_peer(self, node_id: str, now: float) -> bool:
        """Add a node unless it is there. Returns whether it is new."""
        new = node_id not in self._peers
        if new:
            self._peers[node_id] = Peer(now)
            self._unsynced.add(node_id)
        return new

    def on_frame(self, frame: SubscriptionFrame, now: float) -> None:
        """Apply a frame of a peer, which is also its heartbeat."""
        self.add_peer(frame.node_id, now)
        peer = self._peers[frame.node_id]
        if frame.number != peer.number + 1:
            self._invalidate(frame.node_id)
        peer.number, peer.last_seen_at = frame.number, now
        if frame.snapshot_start:
            peer.snapshot = set()
        self._apply(frame, peer)
        if frame.snapshot_end and peer.snapshot is not None:
            self._remove_rooms(frame.node_id, peer.rooms - peer.snapshot)
            peer.snapshot = None
            self._unsynced.discard(frame.node_id)

    def invalidate_all(self, now: float) -> None:
        """Mark every peer as unsynced, and restart their timeouts: this node was cut off, not they."""
        for node_id, peer in self._peers.items():
            self._invalidate(node_id)
            peer.last_seen_at = now

    def remove_silent(self, since: float) -> None:
        """Remove the peers without a heartbeat after `since`, and their rooms."""
        for node_id in [node_id for node_id, peer in self._peers.items() if peer.last_seen_at < since]:
            self._remove_rooms(node_id, self._peers[node_id].rooms.copy())
            del self._peers[node_id]
            self._unsynced.discard(node_id)

    def _invalidate(self, node_id: str) -> None:
        self._unsynced.add(node_id)
        self._peers[node_id].snapshot = None

    def _apply(self, frame: SubscriptionFrame, peer: Peer) -> None:
        if peer.snapshot is not None:
            peer.snapshot.update(frame.subscribed)
            peer.snapshot.difference_update(frame.unsubscribed)
        for room in frame.subscribed:
            if room not in peer.rooms:
                peer.rooms.add(room)
                self._subscribers[room] = (*self._subscribers.get(room, ()), frame.node_id)
        self._remove_rooms(frame.node_id, peer.rooms.intersection(frame.unsubscribed))

    def _remove_rooms(self, node_id: str, rooms: Iterable[str]) -> None:
        for room in rooms:
            self._peers[node_id].rooms.discard(room)
            left = tuple(subscriber for subscriber in self._subscribers[room] if subscriber != node_id)
            if left:
                self._subscribers[room] = left
            else:
                del self._subscribers[room]
