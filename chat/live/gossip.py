"""Gossip: what nodes tell one another so that each knows who is there and which rooms they hold."""

from chat.live.interest import Held, Interest
from chat.live.words import Asked, Said, Told, Word

# In place of a node's mark: to every node.
ALL = "all"


class Gossip:
    """One node's part of it, without a line or a clock: what it hears goes in, what it has to say comes out."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._held = Held(mark)
        self._interest = Interest()
        self._due: list[tuple[str, Word]] = []
        self.hold, self.drop, self.among = self._held.hold, self._held.drop, self._interest.among

    @property
    def alone(self) -> bool:
        """Nobody else has been heard of."""
        return not self._interest

    def begin(self, now: float) -> None:
        """This node hears, or hears again: what it has of the others may be old, and they may not know it."""
        self._interest.doubt_all(now)
        self._held.tell_anew()
        self._due = [(ALL, Asked(self.mark))]

    def end(self) -> None:
        """Nothing can be said until it begins again."""
        self._held.tell_anew()
        self._due = []

    def beat(self, now: float, deaf_s: float) -> None:
        """A sign of life, to the others and to itself; who gave none for `deaf_s` is gone."""
        self._interest.forget_silent(now - deaf_s)
        self._due += [(ALL, self._held.beat()), (self.mark, Said(self.mark, []))]
        self._ask()

    def meet(self, mark: str, now: float) -> bool:
        """Somebody says something. True when they are new or were forgotten: then they are to be asked."""
        new = self._interest.meet(mark, now)
        if new:
            self._ask()
        return new

    def hear(self, frame: Told | Asked, now: float) -> None:
        """What another node tells of its rooms, or that it asks for ours."""
        if isinstance(frame, Told):
            self._interest.hear(frame, now)
        else:
            self._interest.meet(frame.mark, now)
            self._held.tell_anew()
        self._ask()

    def due(self) -> list[tuple[str, Word]]:
        """What is to be said now, and to which node."""
        due, self._due = self._due, []
        return due + [(ALL, piece) for piece in self._held.due()]

    def _ask(self) -> None:
        self._due += [(mark, Asked(self.mark)) for mark in self._interest.unsure]
