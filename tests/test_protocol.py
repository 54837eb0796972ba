"""The protocol's other forms: what is generated is fresh, and no two places tell different numbers."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from chat import protocol
from chat.domain import text
from chat.domain.queries import inbox, messages
from chat.protocol.codegen import docs_tables, files
from chat.protocol.codegen.shapes import structs
from chat.protocol.codegen.typescript import typescript_files

PROTOCOL = files.ROOT / "docs" / "protocol.md"


def test_what_is_generated_is_fresh() -> None:
    assert list(files.stale()) == []


def test_the_check_sees_what_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "docs" / "protocol.md"
    page.parent.mkdir()
    page.write_text(PROTOCOL.read_text("utf-8").replace("start_chat", "begin_chat"), "utf-8")
    monkeypatch.setattr(files, "ROOT", tmp_path)
    assert list(files.stale()) == [page]
    assert files.main(["--check"]) == 1
    assert "begin_chat" in page.read_text("utf-8")
    assert files.main([]) == 0
    assert files.main(["--check"]) == 0


def test_the_page_has_a_place_for_every_table() -> None:
    missing = [name for name in docs_tables.all_tables() if f"<!-- made: {name} -->" not in PROTOCOL.read_text("utf-8")]
    assert missing == ["settings"]


def test_a_table_that_nobody_makes_is_refused() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        docs_tables.with_tables("<!-- made: nonsense -->\n<!-- end -->")


def test_the_limits_are_those_of_the_desk() -> None:
    assert protocol.LIMITS["text_max"] == text.MAX_TEXT
    assert protocol.LIMITS["name_max"] == text.MAX_NAME
    assert protocol.LIMITS["messages_at_once"] == messages.MESSAGES_PER_PAGE
    assert protocol.LIMITS["cards_a_page"] == inbox.TICKETS_PER_PAGE


def test_every_shape_is_told_with_a_docstring_of_its_own() -> None:
    for shape in structs():
        assert shape.__doc__ not in (None, shape.__base__.__doc__), shape.__name__


def test_typescript_has_every_shape_and_command() -> None:
    written = "".join(typescript_files().values())
    for shape in structs():
        assert re.search(rf"export (interface|type) {shape.__name__}\b", written), shape.__name__
    for command in (*protocol.VISITOR_COMMANDS, *protocol.AGENT_COMMANDS):
        assert f"  {command}: {{ payload: " in written


@pytest.mark.parametrize("command", [pair[0] for pair in protocol.VISITOR_COMMANDS.values()])
def test_a_field_that_nobody_knows_is_refused(command: type[protocol.Command]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"surprise": 1}', type=command)


def test_times_end_in_z_and_what_is_unset_is_left_out() -> None:
    author = protocol.Author(kind="visitor", name=None)
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    line = protocol.Message(ticket="t", seq=1, id="m", client_id="c", kind="text", author=author, text="Hello", at=at)
    plain = protocol.to_plain(line)
    assert plain["at"] == "2026-11-23T09:00:00Z"
    assert "event" not in plain
    assert plain["author"] == {"kind": "visitor", "name": None}
    assert plain["files"] == []
