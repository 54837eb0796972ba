"""Gossip: whatever is lost on the way, in the end each node knows which rooms the others hold."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from chat.cluster.bus.frames import EventFrame, Frame, SnapshotRequest, SubscriptionFrame, decode, encode
from chat.cluster.bus.membership import EVERY_NODE, Membership
from chat.cluster.bus.subscriptions import ROOMS_PER_FRAME, LocalSubscriptions

NODES = ("one", "two", "three")
ROOMS = ("a", "b", "c")
DEAF_S = 15.0


class Street:
    """Three nodes on one Redis without Redis: what a node says reaches those who are not deaf, in order."""

    def __init__(self) -> None:
        self.nodes = {mark: Membership(mark) for mark in NODES}
        self.held: dict[str, set[str]] = defaultdict(set)
        self.deaf: set[str] = set()
        self.now = 0.0
        for node in self.nodes.values():
            node.begin(self.now)

    def hold(self, mark: str, room: str) -> None:
        self.held[mark].add(room)
        self.nodes[mark].subscribe(room)

    def drop(self, mark: str, room: str) -> None:
        self.held[mark].discard(room)
        self.nodes[mark].unsubscribe(room)

    def speak(self, mark: str, _: str = "") -> None:
        for to, word in self.nodes[mark].due():
            for other in set(NODES) - {mark} - self.deaf:
                if to in (other, EVERY_NODE):
                    self._hear(other, decode(encode(word)))

    def _hear(self, mark: str, word: Frame) -> None:
        if isinstance(word, EventFrame):
            self.nodes[mark].add_peer(word.node_id, self.now)
        else:
            self.nodes[mark].on_frame(word, self.now)

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
    found = {(mark, room): street.nodes[mark].nodes_for([room]) for mark in NODES for room in ROOMS}
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
            assert all(street.nodes[one].nodes_for([r]) >= street.wanted(one, r) for one in NODES for r in ROOMS)


def begun(mark: str) -> Membership:
    """Has told that it holds nothing."""
    gossip = Membership(mark)
    gossip.begin(0.0)
    assert gossip.due()
    return gossip


def told_all(held: LocalSubscriptions, hearer: Membership) -> None:
    held.send_snapshot()
    for piece in held.due():
        hearer.on_frame(piece, 0.0)


def test_a_node_that_has_not_told_all_is_taken_to_hold_everything() -> None:
    here, there = begun("here"), LocalSubscriptions("there")
    here.add_peer("there", 0.0)
    assert here.due()[-1] == ("there", SnapshotRequest("here"))
    assert here.nodes_for(["anything"]) == {"there"}
    for number in range(2 * ROOMS_PER_FRAME + 1):
        there.subscribe(f"v:{number}")
    pieces = there.due()
    assert len(pieces) == 3
    for piece in pieces:
        assert here.nodes_for(["anything"]) == {"there"}
        here.on_frame(piece, 0.0)
    assert here.nodes_for(["anything"]) == set()
    assert here.nodes_for(["v:0", "v:1000", "v:2000"]) == {"there"}
    assert here.due() == []


def test_a_lost_piece_is_noticed_with_the_next_and_asked_for() -> None:
    here, there = begun("here"), LocalSubscriptions("there")
    there.subscribe("kept")
    told_all(there, here)
    there.subscribe("lost")
    there.unsubscribe("kept")
    assert there.due()
    here.on_frame(there.beat(), 5.0)
    assert here.nodes_for(["lost"]) == here.nodes_for(["anything"]) == {"there"}
    assert here.due() == [("there", SnapshotRequest("here"))]
    told_all(there, here)
    assert here.nodes_for(["lost"]) == {"there"}
    assert here.nodes_for(["kept"]) == here.nodes_for(["anything"]) == set()


def test_a_piece_lost_while_all_is_told_makes_it_be_told_again() -> None:
    here, there = begun("here"), LocalSubscriptions("there")
    for number in range(3 * ROOMS_PER_FRAME):
        there.subscribe(f"v:{number}")
    first, _, last = there.due()
    for piece in (first, last):
        here.on_frame(piece, 0.0)
    assert here.nodes_for(["anything"]) == {"there"}
    assert ("there", SnapshotRequest("here")) in here.due()


def test_the_silent_are_forgotten_with_their_rooms_but_not_by_one_who_was_deaf() -> None:
    here, there = begun("here"), LocalSubscriptions("there")
    there.subscribe("v:1")
    told_all(there, here)
    here.begin(100.0)
    here.beat(110.0, DEAF_S)
    assert here.nodes_for(["v:1"]) == {"there"}
    here.beat(116.0, DEAF_S)
    assert here.nodes_for(["v:1"]) == set()
    assert here.has_no_peers
    here.on_frame(there.beat(), 117.0)
    assert here.nodes_for(["anything"]) == {"there"}


def test_words_survive() -> None:
    words = (
        EventFrame("node", [b"", b"one", b"\x00" * 300]),
        SubscriptionFrame("node", 7, ["/visitor v:1"], ["/agent a:2"], begins=True),
        SnapshotRequest("node"),
    )
    assert [decode(encode(word)) for word in words] == list(words)


def test_nothing_is_kept_for_those_who_can_not_be_told() -> None:
    here, there = Membership("here"), Membership("there")
    here.begin(0.0)
    assert here.due()
    here.end()
    for number in range(3):
        here.subscribe(f"v:{number}")
        here.unsubscribe(f"v:{number}")
    here.subscribe("kept")
    here.begin(1.0)
    told = [word for _, word in here.due() if isinstance(word, SubscriptionFrame)]
    assert [(piece.holds, piece.drops) for piece in told] == [(["kept"], [])]
    there.on_frame(told[0], 1.0)
    assert there.nodes_for(["kept"]) == {"here"}
