"""The operator's commands as requests: each is decoded by its tag, and its answer keeps its type on the socket."""

import msgspec
import pytest

from chat import protocol
from chat.cli.control_socket import answer_type
from chat.cli.operator_commands import (
    COMMANDS,
    AddAgent,
    CreatePasswordLink,
    ListSites,
    OperatorCommand,
    RemoveAgent,
    SetCalendar,
    ShowHours,
    SiteEntry,
)


def test_every_command_is_decoded_by_its_tag() -> None:
    tags = {kind.__struct_config__.tag for kind in COMMANDS.__args__}
    assert {kind.__struct_config__.tag for kind in OperatorCommand.__subclasses__()} == tags
    assert {"hours", "calendar set", "site set", "agent add"} <= tags


@pytest.mark.parametrize(
    "command",
    [
        ShowHours(at=None),
        SetCalendar(calendar={"week": [{"days": ["mon"]}], "holidays": None}),
        AddAgent(
            email="ada@example.com",
            name="Ada",
            role="admin",
            capacity=2,
            departments=["Payments"],
            languages=["fr"],
            password_hash=None,
        ),
    ],
)
def test_command_survives_the_way_over_the_socket(command: OperatorCommand[object]) -> None:
    assert msgspec.convert(msgspec.to_builtins(command), COMMANDS) == command


@pytest.mark.parametrize(
    "payload",
    [
        {"command": "agent fire", "email": "ada@example.com"},
        {"command": "agent remove"},
        {"command": "agent remove", "email": "ada@example.com", "at": "noon"},
    ],
)
def test_unknown_command_or_field_is_refused(payload: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(payload, COMMANDS)


def test_answer_has_the_type_that_run_declares() -> None:
    assert answer_type(ShowHours(at=None)) is protocol.Service
    assert answer_type(ListSites()) == list[SiteEntry]
    assert answer_type(CreatePasswordLink(email="ada@example.com")) is str
    assert answer_type(RemoveAgent(email="ada@example.com")) is type(None)
