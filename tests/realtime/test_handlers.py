"""Commands and their handlers: the registry of the protocol and the methods of the namespaces agree."""

import inspect
from pathlib import Path
from typing import Any, cast

import pytest

from chat import protocol
from chat.realtime import namespace as namespace_module
from chat.realtime.agent.base import AgentCommands
from chat.realtime.connections import AgentSocket, Sockets
from chat.realtime.namespace import CommandNamespace, MissingHandler, NamespaceDeps, with_all_handlers
from chat.realtime.visitor.base import VisitorCommands

VisitorNamespace = with_all_handlers(VisitorCommands, "chat.realtime.visitor")
AgentNamespace = with_all_handlers(AgentCommands, "chat.realtime.agent")
NAMESPACES = (VisitorNamespace, AgentNamespace)
# A method that Socket.IO calls, not a client.
NOT_COMMANDS = {"disconnected"}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_handler_takes_and_returns_the_registered_shapes(namespace: type[CommandNamespace[Any]]) -> None:
    for command, shapes in namespace.commands.items():
        signature = inspect.signature(getattr(namespace, f"on_{command}"))
        _, _, argument = signature.parameters.values()
        assert (argument.annotation, signature.return_annotation) == shapes, command


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_handler_is_a_registered_command(namespace: type[CommandNamespace[Any]]) -> None:
    handlers = {name.removeprefix("on_") for name in dir(namespace) if name.startswith("on_")}
    assert handlers - NOT_COMMANDS == set(namespace.commands)


FEATURE = """
from chat import protocol
from chat.realtime.agent.base import AgentCommands
from chat.realtime.visitor.base import VisitorCommands

class RatingCommands(VisitorCommands):
    async def on_rate(self, socket, command): ...

class RatingQueries(AgentCommands):
    async def on_get_rating(self, socket, command): ...
"""


def test_file_of_a_feature_has_handlers_of_both_sides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "made_up_features"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "ratings.py").write_text(FEATURE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(namespace_module, "FEATURES", package.name)
    visitors, agents = (
        with_all_handlers(VisitorCommands, "chat.realtime.visitor"),
        with_all_handlers(AgentCommands, "chat.realtime.agent"),
    )
    assert hasattr(visitors, "on_rate") and hasattr(visitors, "on_start_chat")
    assert hasattr(agents, "on_get_rating") and hasattr(agents, "on_claim")
    assert not hasattr(visitors, "on_get_rating") and not hasattr(agents, "on_rate")


def test_namespace_with_a_command_without_handler_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    services = cast(Any, type("Services", (), {"store": None}))
    deps = NamespaceDeps(*[services] * len(NamespaceDeps._fields))
    AgentNamespace(deps, Sockets[AgentSocket](), cast(Any, None))
    commands = {**protocol.AGENT_COMMANDS, "sing": (protocol.Hello, protocol.Ack)}
    monkeypatch.setattr(AgentNamespace, "commands", commands)
    with pytest.raises(MissingHandler, match="/agent has no handler for sing"):
        AgentNamespace(deps, Sockets[AgentSocket](), cast(Any, None))
