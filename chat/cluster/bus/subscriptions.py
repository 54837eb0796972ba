"""Interest: which node holds which rooms, told in numbered pieces and remembered by each of the others."""

from collections.abc import Iterable

from chat.cluster.bus.frames import SubscriptionFrame

ROOMS_PER_FRAME = 1000


class LocalSubscriptions:
    """The rooms that this node holds, and what of them is still to be told: the news, or with `anew` all of them,
    and then news need no keeping, however long nobody can be told."""

    def __init__(self, mark: str) -> None:
        self._node_id = mark
        self._number = 0
        self._rooms: set[str] = set()
        self._changes: dict[str, bool] = {}
        self._snapshot_pending = True

    def subscribe(self, room: str) -> None:
        """Somebody here is in this room from now on."""
        self._rooms.add(room)
        self._record(room, held=True)

    def unsubscribe(self, room: str) -> None:
        """Nobody is any more."""
        self._rooms.discard(room)
        self._record(room, held=False)

    def send_snapshot(self) -> None:
        """Somebody has missed something, or nobody hears anything now: all is to be told."""
        self._snapshot_pending = True
        self._changes = {}

    def due(self) -> list[SubscriptionFrame]:
        """What is to be told now, if anything is."""
        if self._snapshot_pending:
            return self._snapshot()
        return [self.beat()] if self._changes else []

    def beat(self) -> SubscriptionFrame:
        """One piece, also when nothing has changed."""
        news, self._changes = self._changes, {}
        holds = [room for room, held in news.items() if held]
        return self._frame(holds, [room for room, held in news.items() if not held])

    def _record(self, room: str, held: bool) -> None:
        if not self._snapshot_pending:
            self._changes[room] = held

    def _snapshot(self) -> list[SubscriptionFrame]:
        """Whoever hears all of these pieces knows what is held, whatever they missed before."""
        self._snapshot_pending = False
        rooms = list(self._rooms)
        pieces = [
            self._frame(rooms[at : at + ROOMS_PER_FRAME], []) for at in range(0, max(1, len(rooms)), ROOMS_PER_FRAME)
        ]
        pieces[0].begins = pieces[-1].ends = True
        return pieces

    def _frame(self, holds: list[str], drops: list[str]) -> SubscriptionFrame:
        self._number += 1
        return SubscriptionFrame(self._node_id, self._number, holds, drops)


class Peer:
    """Another node as far as it has told; `telling` is what it has told since it began to tell all anew."""

    __slots__ = ("last_seen_at", "number", "rooms", "snapshot")

    def __init__(self, heard_at: float) -> None:
        self.last_seen_at = heard_at
        self.number = 0
        self.rooms: set[str] = set()
        self.snapshot: set[str] | None = None


class Subscriptions:
    """The other nodes. One of which anything may be missing is taken to hold every room, until it has told all."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._unsynced: set[str] = set()
        # Most rooms are held by one node, and a tuple is a quarter of a set.
        self._subscribers: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def unsynced(self) -> list[str]:
        """Those who are to be asked: something of theirs is missing and they are not telling it."""
        return [mark for mark in self._unsynced if self._peers[mark].snapshot is None]

    def nodes_for(self, rooms: Iterable[str]) -> set[str]:
        """The nodes that may hold any of `rooms`."""
        found = self._unsynced.copy()
        for room in rooms:
            found.update(self._subscribers.get(room, ()))
        return found

    def add_peer(self, mark: str, now: float) -> bool:
        """Whether this node, which was heard of, is new here."""
        new = mark not in self._peers
        if new:
            self._peers[mark] = Peer(now)
            self._unsynced.add(mark)
        return new

    def on_frame(self, told: SubscriptionFrame, now: float) -> None:
        """A node has told a piece, which is also its sign of life."""
        self.add_peer(told.node_id, now)
        peer = self._peers[told.node_id]
        if told.number != peer.number + 1:
            self._invalidate(told.node_id)
        peer.number, peer.last_seen_at = told.number, now
        if told.begins:
            peer.snapshot = set()
        self._apply(told, peer)
        if told.ends and peer.snapshot is not None:
            self._release(told.node_id, peer.rooms - peer.snapshot)
            peer.snapshot = None
            self._unsynced.discard(told.node_id)

    def invalidate_all(self, now: float) -> None:
        """This node was deaf: everybody may have told it something, and nobody is silent for that."""
        for mark, peer in self._peers.items():
            self._invalidate(mark)
            peer.last_seen_at = now

    def remove_silent(self, since: float) -> None:
        """Those who gave no sign of life after `since` are gone, with their rooms."""
        for mark in [mark for mark, peer in self._peers.items() if peer.last_seen_at < since]:
            self._release(mark, self._peers[mark].rooms.copy())
            del self._peers[mark]
            self._unsynced.discard(mark)

    def _invalidate(self, mark: str) -> None:
        self._unsynced.add(mark)
        self._peers[mark].snapshot = None

    def _apply(self, told: SubscriptionFrame, peer: Peer) -> None:
        if peer.snapshot is not None:
            peer.snapshot.update(told.holds)
            peer.snapshot.difference_update(told.drops)
        for room in told.holds:
            if room not in peer.rooms:
                peer.rooms.add(room)
                self._subscribers[room] = (*self._subscribers.get(room, ()), told.node_id)
        self._release(told.node_id, peer.rooms.intersection(told.drops))

    def _release(self, mark: str, rooms: Iterable[str]) -> None:
        for room in rooms:
            self._peers[mark].rooms.discard(room)
            left = tuple(holder for holder in self._subscribers[room] if holder != mark)
            if left:
                self._subscribers[room] = left
            else:
                del self._subscribers[room]
