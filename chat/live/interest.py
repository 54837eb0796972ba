"""Interest: which node holds which rooms, told in numbered pieces and remembered by each of the others."""

from collections.abc import Iterable

from chat.live.words import Told

CHUNK = 1000


class Held:
    """The rooms that this node holds, and what of them is still to be told: the news, or with `anew` all of them,
    and then news need no keeping, however long nobody can be told."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._number = 0
        self._rooms: set[str] = set()
        self._news: dict[str, bool] = {}
        self._anew = True

    def hold(self, room: str) -> None:
        """Somebody here is in this room from now on."""
        self._rooms.add(room)
        self._note(room, held=True)

    def drop(self, room: str) -> None:
        """Nobody is any more."""
        self._rooms.discard(room)
        self._note(room, held=False)

    def tell_anew(self) -> None:
        """Somebody has missed something, or nobody hears anything now: all is to be told."""
        self._anew = True
        self._news = {}

    def due(self) -> list[Told]:
        """What is to be told now, if anything is."""
        if self._anew:
            return self._whole()
        return [self.beat()] if self._news else []

    def beat(self) -> Told:
        """One piece, also when nothing has changed."""
        news, self._news = self._news, {}
        holds = [room for room, held in news.items() if held]
        return self._piece(holds, [room for room, held in news.items() if not held])

    def _note(self, room: str, held: bool) -> None:
        if not self._anew:
            self._news[room] = held

    def _whole(self) -> list[Told]:
        """Whoever hears all of these pieces knows what is held, whatever they missed before."""
        self._anew = False
        rooms = list(self._rooms)
        pieces = [self._piece(rooms[at : at + CHUNK], []) for at in range(0, max(1, len(rooms)), CHUNK)]
        pieces[0].begins = pieces[-1].ends = True
        return pieces

    def _piece(self, holds: list[str], drops: list[str]) -> Told:
        self._number += 1
        return Told(self._mark, self._number, holds, drops)


class Peer:
    """Another node as far as it has told; `telling` is what it has told since it began to tell all anew."""

    __slots__ = ("heard_at", "number", "rooms", "telling")

    def __init__(self, heard_at: float) -> None:
        self.heard_at = heard_at
        self.number = 0
        self.rooms: set[str] = set()
        self.telling: set[str] | None = None


class Interest:
    """The other nodes. One of which anything may be missing is taken to hold every room, until it has told all."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._doubted: set[str] = set()
        # Most rooms are held by one node, and a tuple is a quarter of a set.
        self._holders: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def unsure(self) -> list[str]:
        """Those who are to be asked: something of theirs is missing and they are not telling it."""
        return [mark for mark in self._doubted if self._peers[mark].telling is None]

    def among(self, rooms: Iterable[str]) -> set[str]:
        """The nodes that may hold any of `rooms`."""
        found = self._doubted.copy()
        for room in rooms:
            found.update(self._holders.get(room, ()))
        return found

    def meet(self, mark: str, now: float) -> bool:
        """Whether this node, which was heard of, is new here."""
        new = mark not in self._peers
        if new:
            self._peers[mark] = Peer(now)
            self._doubted.add(mark)
        return new

    def hear(self, told: Told, now: float) -> None:
        """A node has told a piece, which is also its sign of life."""
        self.meet(told.mark, now)
        peer = self._peers[told.mark]
        if told.number != peer.number + 1:
            self._doubt(told.mark)
        peer.number, peer.heard_at = told.number, now
        if told.begins:
            peer.telling = set()
        self._take(told, peer)
        if told.ends and peer.telling is not None:
            self._release(told.mark, peer.rooms - peer.telling)
            peer.telling = None
            self._doubted.discard(told.mark)

    def doubt_all(self, now: float) -> None:
        """This node was deaf: everybody may have told it something, and nobody is silent for that."""
        for mark, peer in self._peers.items():
            self._doubt(mark)
            peer.heard_at = now

    def forget_silent(self, since: float) -> None:
        """Those who gave no sign of life after `since` are gone, with their rooms."""
        for mark in [mark for mark, peer in self._peers.items() if peer.heard_at < since]:
            self._release(mark, self._peers[mark].rooms.copy())
            del self._peers[mark]
            self._doubted.discard(mark)

    def _doubt(self, mark: str) -> None:
        self._doubted.add(mark)
        self._peers[mark].telling = None

    def _take(self, told: Told, peer: Peer) -> None:
        if peer.telling is not None:
            peer.telling.update(told.holds)
            peer.telling.difference_update(told.drops)
        for room in told.holds:
            if room not in peer.rooms:
                peer.rooms.add(room)
                self._holders[room] = (*self._holders.get(room, ()), told.mark)
        self._release(told.mark, peer.rooms.intersection(told.drops))

    def _release(self, mark: str, rooms: Iterable[str]) -> None:
        for room in rooms:
            self._peers[mark].rooms.discard(room)
            left = tuple(holder for holder in self._holders[room] if holder != mark)
            if left:
                self._holders[room] = left
            else:
                del self._holders[room]
