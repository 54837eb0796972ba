"""docs/architecture.md lists the functions that a message, a claim, a form and a hello pass; here they are recorded."""

import re
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import FrameType

import aiohttp
import pytest

from chat import app
from chat.settings import Settings
from chat.store.migrations import migrate
from tests.realtime.node import Node, running_node
from tests.realtime.socket_clients import Agent, Visitor, new_id
from tooling.steps import ROOT

PACKAGE = str(ROOT / "chat")
PAGE = ROOT / "docs/architecture.md"
LISTED = re.compile(r"^\d+\. `chat/([\w/]+\.py)` `([\w.]+)`", re.MULTILINE)
# Details of a room that another room uses all the time, and that explain no path.
DETAILS = (
    *(
        "store/tables/",
        "store/rows.py",
        "store/engines.py",
        "store/key_list.py",
        "protocol/",
        "settings.py",
        "links.py",
    ),
    *(
        "cluster/",
        "websocket/heartbeat.py",
        "websocket/packets.py",
        "websocket/rooms.py",
        "vocabulary.py",
        "domain/audience.py",
        "domain/text.py",
    ),
)
Step = tuple[str, str]


class Recorder:
    """Records, while `on`, each function of chat/ that another room of it or a library calls."""

    def __init__(self) -> None:
        self.on = False
        self.steps: list[Step] = []

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if not self.on or event != "call" or (path := path_of(frame)) is None or path.startswith(DETAILS):
            return
        caller = frame.f_back and path_of(frame.f_back)
        step = path, frame.f_code.co_qualname
        if room_of(path) != (caller and room_of(caller)) and "<" not in step[1] and step not in self.steps:
            self.steps.append(step)


def path_of(frame: FrameType) -> str | None:
    name = frame.f_code.co_filename
    return name[len(PACKAGE) + 1 :] if name.startswith(PACKAGE) else None


def room_of(path: str) -> str:
    return path.partition("/")[0]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Threads that start later are recorded too."""
    recorder = Recorder()
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    yield recorder
    sys.setprofile(None)
    threading.setprofile(None)


@contextmanager
def recorded(recorder: Recorder) -> Iterator[list[Step]]:
    recorder.steps = []
    recorder.on = True
    yield recorder.steps
    recorder.on = False


def listed(name: str) -> list[Step]:
    """The functions that the page lists for a path."""
    (block,) = re.findall(rf"<!-- trace: {name} -->\n(.*?)<!-- end -->", PAGE.read_text(), re.DOTALL)
    return LISTED.findall(block)


@pytest.fixture
async def node(settings: Settings, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Node]:
    """A node without jobs, whose queries would come between."""
    monkeypatch.setattr(app, "jobs_of_node", lambda *_, **__: [])
    migrate(settings.database_url)
    async with running_node(settings) as node:
        yield node


@pytest.fixture
async def ada(node: Node) -> AsyncIterator[Agent]:
    agent = Agent()
    await agent.connect_and_hello(node, await node.sign_in(await node.add_agent("Ada")))
    await agent.run("set_presence", state="available")
    yield agent
    await agent.disconnect()


@pytest.fixture
async def vic(node: Node, ada: Agent) -> AsyncIterator[Visitor]:
    visitor = Visitor()
    await visitor.connect_and_hello(node)
    yield visitor
    await visitor.disconnect()


async def test_a_message_passes_the_functions_that_the_page_lists(ada: Agent, vic: Visitor, recorder: Recorder) -> None:
    ticket = (await vic.start_chat("Hello"))["id"]
    await ada.run("claim", ticket=ticket)
    await ada.send(ticket, "Good morning")
    await vic.receive("message", lambda message: message["text"] == "Good morning")
    await vic.send(ticket, "My parcel is late")
    await ada.receive("message", lambda message: message["text"] == "My parcel is late")
    with recorded(recorder) as steps:
        await vic.send(ticket, "It was due on Monday")
        await ada.receive("message", lambda message: message["text"] == "It was due on Monday")
    assert steps == listed("a visitor's message")


async def test_a_claim_passes_the_functions_that_the_page_lists(ada: Agent, vic: Visitor, recorder: Recorder) -> None:
    ticket = (await vic.start_chat("Hello"))["id"]
    await ada.run("open_ticket", ticket=ticket)
    with recorded(recorder) as steps:
        await ada.run("claim", ticket=ticket)
        await vic.receive("ticket", lambda shape: shape["agent"] is not None)
    assert steps == listed("a claim")


async def test_a_form_passes_the_functions_that_the_page_lists(node: Node, recorder: Recorder) -> None:
    form = {"site": "demo", "client_id": new_id(), "email": "vic@example.com", "text": "My parcel is late"}
    async with aiohttp.ClientSession() as client:
        with recorded(recorder) as steps:
            async with client.post(f"{node.url}/api/tickets", json=form) as response:
                assert response.status == 201
    assert steps == listed("a form")


async def test_an_opened_widget_passes_the_functions_that_the_page_lists(node: Node, recorder: Recorder) -> None:
    zoe = Visitor()
    with recorded(recorder) as steps:
        await zoe.connect_and_hello(node)
    await zoe.disconnect()
    assert steps == listed("an opened widget")
