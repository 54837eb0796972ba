"""Membership: whatever frames are lost, in the end each node knows the subscriptions of the others."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from chat.cluster.bus.frames import EventFrame, Frame, SnapshotRequest, SubscriptionFrame, decode, encode
from chat.cluster.bus.membership import EVERY_NODE, Membership
from chat.cluster.bus.subscriptions import ROOMS_PER_FRAME, LocalSubscriptions

NODES = ("one", "two", "three")
ROOMS = ("a", "b", "c")
TIMEOUT_S = 15.0


class Network:
    """Three nodes without Redis: the frames of a node reach all nodes that receive, in order."""

    def __init__(self) -> None:
        self.nodes = {node_id: Membership(node_id) for node_id in NODES}
        self.subscriptions: dict[str, set[str]] = defaultdict(set)
        self.not_receiving: set[str] = set()
        self.now = 0.0
        for node in self.nodes.values():
            node.on_connected(self.now)

    def subscribe(self, node_id: str, room: str) -> None:
        self.subscriptions[node_id].add(room)
        self.nodes[node_id].subscribe(room)

    def unsubscribe(self, node_id: str, room: str) -> None:
        self.subscriptions[node_id].discard(room)
        self.nodes[node_id].unsubscribe(room)

    def send(self, node_id: str, _: str = "") -> None:
        for to, frame in self.nodes[node_id].take_frames():
            for other in set(NODES) - {node_id} - self.not_receiving:
                if to in (other, EVERY_NODE):
                    self._receive(other, decode(encode(frame)))

    def _receive(self, node_id: str, frame: Frame) -> None:
        if isinstance(frame, EventFrame):
            self.nodes[node_id].add_peer(frame.node_id, self.now)
        else:
            self.nodes[node_id].on_frame(frame, self.now)

    def stop_receiving(self, node_id: str, _: str = "") -> None:
        self.not_receiving.add(node_id)

    def start_receiving(self, node_id: str, _: str = "") -> None:
        """A few frames were lost, and the node did not notice."""
        self.not_receiving.discard(node_id)

    def reconnect(self, node_id: str, _: str = "") -> None:
        self.not_receiving.discard(node_id)
        self.nodes[node_id].on_connected(self.now)

    def restart(self, node_id: str, _: str = "") -> None:
        """Its connection breaks, and the frames to send are lost."""
        self.nodes[node_id].take_frames()
        self.nodes[node_id].on_disconnected()
        self.reconnect(node_id)

    def heartbeat(self, node_id: str, _: str = "") -> None:
        self.nodes[node_id].heartbeat(self.now, TIMEOUT_S)

    def converge(self) -> None:
        """All nodes receive again and send two heartbeats."""
        self.not_receiving.clear()
        for _ in range(2):
            for node_id in NODES:
                self.heartbeat(node_id)
            for node_id in NODES * 4:
                self.send(node_id)

    def expected_nodes(self, sender: str, room: str) -> set[str]:
        return {node_id for node_id in NODES if node_id != sender and room in self.subscriptions[node_id]}


OPERATIONS = (
    Network.subscribe,
    Network.unsubscribe,
    Network.send,
    Network.stop_receiving,
    Network.start_receiving,
    Network.reconnect,
    Network.restart,
    Network.heartbeat,
)
HISTORIES = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(NODES), st.sampled_from(ROOMS)), max_size=60
)


@given(HISTORIES)
def test_all_nodes_converge_on_the_same_subscriptions(history: list[tuple[object, str, str]]) -> None:
    network = Network()
    for operation, node_id, room in history:
        assert callable(operation)
        operation(network, node_id, room)
    network.converge()
    found = {(node_id, room): network.nodes[node_id].nodes_for([room]) for node_id in NODES for room in ROOMS}
    assert found == {(node_id, room): network.expected_nodes(node_id, room) for node_id in NODES for room in ROOMS}
    assert all(not network.nodes[node_id].take_frames() for node_id in NODES)


@given(HISTORIES)
def test_a_node_that_receives_all_frames_never_misses_a_subscriber(history: list[tuple[object, str, str]]) -> None:
    """While no frame is lost, announced rooms are routed, and peers without a complete snapshot get everything."""
    network = Network()
    network.converge()
    for operation, node_id, room in history:
        if operation in (Network.subscribe, Network.unsubscribe, Network.reconnect, Network.heartbeat):
            assert callable(operation)
            operation(network, node_id, room)
            network.send(node_id)
            assert all(network.nodes[n].nodes_for([r]) >= network.expected_nodes(n, r) for n in NODES for r in ROOMS)


def connected(node_id: str) -> Membership:
    """A node that has sent its empty snapshot."""
    membership = Membership(node_id)
    membership.on_connected(0.0)
    assert membership.take_frames()
    return membership


def send_snapshot(sender: LocalSubscriptions, receiver: Membership) -> None:
    sender.send_snapshot()
    for frame in sender.take_frames():
        receiver.on_frame(frame, 0.0)


def test_a_peer_without_complete_snapshot_counts_as_subscribed_to_everything() -> None:
    here, there = connected("here"), LocalSubscriptions("there")
    here.add_peer("there", 0.0)
    assert here.take_frames()[-1] == ("there", SnapshotRequest("here"))
    assert here.nodes_for(["anything"]) == {"there"}
    for number in range(2 * ROOMS_PER_FRAME + 1):
        there.subscribe(f"v:{number}")
    frames = there.take_frames()
    assert len(frames) == 3
    for frame in frames:
        assert here.nodes_for(["anything"]) == {"there"}
        here.on_frame(frame, 0.0)
    assert here.nodes_for(["anything"]) == set()
    assert here.nodes_for(["v:0", "v:1000", "v:2000"]) == {"there"}
    assert here.take_frames() == []


def test_a_lost_frame_is_noticed_by_the_next_and_a_snapshot_requested() -> None:
    here, there = connected("here"), LocalSubscriptions("there")
    there.subscribe("old")
    send_snapshot(there, here)
    there.subscribe("new")
    there.unsubscribe("old")
    assert there.take_frames()
    here.on_frame(there.heartbeat(), 5.0)
    assert here.nodes_for(["new"]) == here.nodes_for(["anything"]) == {"there"}
    assert here.take_frames() == [("there", SnapshotRequest("here"))]
    send_snapshot(there, here)
    assert here.nodes_for(["new"]) == {"there"}
    assert here.nodes_for(["old"]) == here.nodes_for(["anything"]) == set()


def test_a_frame_lost_within_a_snapshot_makes_the_node_request_another() -> None:
    here, there = connected("here"), LocalSubscriptions("there")
    for number in range(3 * ROOMS_PER_FRAME):
        there.subscribe(f"v:{number}")
    first, _, last = there.take_frames()
    for frame in (first, last):
        here.on_frame(frame, 0.0)
    assert here.nodes_for(["anything"]) == {"there"}
    assert ("there", SnapshotRequest("here")) in here.take_frames()


def test_dead_peers_are_dropped_except_after_own_outage() -> None:
    here, there = connected("here"), LocalSubscriptions("there")
    there.subscribe("v:1")
    send_snapshot(there, here)
    here.on_connected(100.0)
    here.heartbeat(110.0, TIMEOUT_S)
    assert here.nodes_for(["v:1"]) == {"there"}
    here.heartbeat(116.0, TIMEOUT_S)
    assert here.nodes_for(["v:1"]) == set()
    assert here.has_no_peers
    here.on_frame(there.heartbeat(), 117.0)
    assert here.nodes_for(["anything"]) == {"there"}


def test_frames_survive_encoding() -> None:
    frames = (
        EventFrame("node", [b"", b"one", b"\x00" * 300]),
        SubscriptionFrame("node", 7, ["/visitor v:1"], ["/agent a:2"], snapshot_start=True),
        SnapshotRequest("node"),
    )
    assert [decode(encode(frame)) for frame in frames] == list(frames)


def test_changes_are_not_queued_while_disconnected() -> None:
    here, there = Membership("here"), Membership("there")
    here.on_connected(0.0)
    assert here.take_frames()
    here.on_disconnected()
    for number in range(3):
        here.subscribe(f"v:{number}")
        here.unsubscribe(f"v:{number}")
    here.subscribe("remaining")
    here.on_connected(1.0)
    sent = [frame for _, frame in here.take_frames() if isinstance(frame, SubscriptionFrame)]
    assert [(frame.subscribed, frame.unsubscribed) for frame in sent] == [(["remaining"], [])]
    there.on_frame(sent[0], 1.0)
    assert there.nodes_for(["remaining"]) == {"here"}
