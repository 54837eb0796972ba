"""Gossip: whatever is lost on the way, in the end each node knows which rooms the others hold."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from chat.live.gossip import ALL, Gossip
from chat.live.interest import CHUNK, Held
from chat.live.words import Asked, Said, Told, Word, framed, unframed

NODES = ("one", "two", "three")
ROOMS = ("a", "b", "c")
DEAF_S = 15.0


class Street:
    """Three nodes on one Redis without Redis: what a node says reaches those who are not deaf, in order."""

    def __init__(self) -> None:
        self.nodes = {mark: Gossip(mark) for mark in NODES}
        self.held: dict[str, set[str]] = defaultdict(set)
        self.deaf: set[str] = set()
        self.now = 0.0
        for node in self.nodes.values():
            node.begin(self.now)

    def hold(self, mark: str, room: str) -> None:
        self.held[mark].add(room)
        self.nodes[mark].hold(room)

    def drop(self, mark: str, room: str) -> None:
        self.held[mark].discard(room)
        self.nodes[mark].drop(room)

    def speak(self, mark: str, _: str = "") -> None:
        for to, word in self.nodes[mark].due():
            for other in set(NODES) - {mark} - self.deaf:
                if to in (other, ALL):
                    self._hear(other, unframed(framed(word)))

    def _hear(self, mark: str, word: Word) -> None:
        if isinstance(word, Said):
            self.nodes[mark].meet(word.mark, self.now)
        else:
            self.nodes[mark].hear(word, self.now)

    def deafen(self, mark: str, _: str = "") -> None:
        self.deaf.add(mark)

    def undeafen(self, mark: str, _: str = "") -> None:
        """Without noticing: a few words were lost, and nothing broke."""
        self.deaf.discard(mark)

    def begin(self, mark: str, _: str = "") -> None:
        self.deaf.discard(mark)
        self.nodes[mark].begin(self.now)

    def restart(self, mark: str, _: str = "") -> None:
        """Its cable breaks, and what was due is lost."""
        self.nodes[mark].due()
        self.nodes[mark].end()
        self.begin(mark)

    def beat(self, mark: str, _: str = "") -> None:
        self.nodes[mark].beat(self.now, DEAF_S)

    def settle(self) -> None:
        """Everybody hears again; two beats later all is said."""
        self.deaf.clear()
        for _ in range(2):
            for mark in NODES:
                self.beat(mark)
            for mark in NODES * 4:
                self.speak(mark)

    def wanted(self, speaker: str, room: str) -> set[str]:
        return {mark for mark in NODES if mark != speaker and room in self.held[mark]}


DEEDS = (
    Street.hold,
    Street.drop,
    Street.speak,
    Street.deafen,
    Street.undeafen,
    Street.begin,
    Street.restart,
    Street.beat,
)
STORIES = st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from(NODES), st.sampled_from(ROOMS)), max_size=60)


@given(STORIES)
def test_in_the_end_all_know_who_holds_what(story: list[tuple[object, str, str]]) -> None:
    street = Street()
    for deed, mark, room in story:
        assert callable(deed)
        deed(street, mark, room)
    street.settle()
    found = {(mark, room): street.nodes[mark].among([room]) for mark in NODES for room in ROOMS}
    assert found == {(mark, room): street.wanted(mark, room) for mark in NODES for room in ROOMS}
    assert all(not street.nodes[mark].due() for mark in NODES)


@given(STORIES)
def test_whoever_hears_everything_is_never_left_out(story: list[tuple[object, str, str]]) -> None:
    """While nobody goes deaf, all that was told is known, and what is not known is taken for wanted."""
    street = Street()
    street.settle()
    for deed, mark, room in story:
        if deed in (Street.hold, Street.drop, Street.begin, Street.beat):
            assert callable(deed)
            deed(street, mark, room)
            street.speak(mark)
            assert all(street.nodes[one].among([r]) >= street.wanted(one, r) for one in NODES for r in ROOMS)


def begun(mark: str) -> Gossip:
    """Has told that it holds nothing."""
    gossip = Gossip(mark)
    gossip.begin(0.0)
    assert gossip.due()
    return gossip


def told_all(held: Held, hearer: Gossip) -> None:
    held.tell_anew()
    for piece in held.due():
        hearer.hear(piece, 0.0)


def test_a_node_that_has_not_told_all_is_taken_to_hold_everything() -> None:
    here, there = begun("here"), Held("there")
    here.meet("there", 0.0)
    assert here.due()[-1] == ("there", Asked("here"))
    assert here.among(["anything"]) == {"there"}
    for number in range(2 * CHUNK + 1):
        there.hold(f"v:{number}")
    pieces = there.due()
    assert len(pieces) == 3
    for piece in pieces:
        assert here.among(["anything"]) == {"there"}
        here.hear(piece, 0.0)
    assert here.among(["anything"]) == set()
    assert here.among(["v:0", "v:1000", "v:2000"]) == {"there"}
    assert here.due() == []


def test_a_lost_piece_is_noticed_with_the_next_and_asked_for() -> None:
    here, there = begun("here"), Held("there")
    there.hold("kept")
    told_all(there, here)
    there.hold("lost")
    there.drop("kept")
    assert there.due()
    here.hear(there.beat(), 5.0)
    assert here.among(["lost"]) == here.among(["anything"]) == {"there"}
    assert here.due() == [("there", Asked("here"))]
    told_all(there, here)
    assert here.among(["lost"]) == {"there"}
    assert here.among(["kept"]) == here.among(["anything"]) == set()


def test_a_piece_lost_while_all_is_told_makes_it_be_told_again() -> None:
    here, there = begun("here"), Held("there")
    for number in range(3 * CHUNK):
        there.hold(f"v:{number}")
    first, _, last = there.due()
    for piece in (first, last):
        here.hear(piece, 0.0)
    assert here.among(["anything"]) == {"there"}
    assert ("there", Asked("here")) in here.due()


def test_the_silent_are_forgotten_with_their_rooms_but_not_by_one_who_was_deaf() -> None:
    here, there = begun("here"), Held("there")
    there.hold("v:1")
    told_all(there, here)
    here.begin(100.0)
    here.beat(110.0, DEAF_S)
    assert here.among(["v:1"]) == {"there"}
    here.beat(116.0, DEAF_S)
    assert here.among(["v:1"]) == set()
    assert here.alone
    here.hear(there.beat(), 117.0)
    assert here.among(["anything"]) == {"there"}


def test_words_survive() -> None:
    words = (
        Said("node", [b"", b"one", b"\x00" * 300]),
        Told("node", 7, ["/visitor v:1"], ["/agent a:2"], begins=True),
        Asked("node"),
    )
    assert [unframed(framed(word)) for word in words] == list(words)


def test_nothing_is_kept_for_those_who_can_not_be_told() -> None:
    here, there = Gossip("here"), Gossip("there")
    here.begin(0.0)
    assert here.due()
    here.end()
    for number in range(3):
        here.hold(f"v:{number}")
        here.drop(f"v:{number}")
    here.hold("kept")
    here.begin(1.0)
    told = [word for _, word in here.due() if isinstance(word, Told)]
    assert [(piece.holds, piece.drops) for piece in told] == [(["kept"], [])]
    there.hear(told[0], 1.0)
    assert there.among(["kept"]) == {"here"}
