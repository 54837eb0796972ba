"""The protocol: the generated files are current, limits agree with the domain, and payloads are strict."""

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
from chat.protocol.registry import merged

PROTOCOL = files.ROOT / "docs" / "protocol.md"


def test_name_that_two_modules_register_is_refused() -> None:
    assert merged([{"rate": 1}, {"claim": 2}]) == {"rate": 1, "claim": 2}
    with pytest.raises(ValueError, match="registered twice"):
        merged([{"rate": 1}, {"rate": 2}])


def test_generated_files_are_current() -> None:
    assert list(files.stale()) == []


def test_check_reports_a_stale_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "docs" / "protocol.md"
    page.parent.mkdir()
    page.write_text(PROTOCOL.read_text("utf-8").replace("start_chat", "begin_chat"), "utf-8")
    monkeypatch.setattr(files, "ROOT", tmp_path)
    assert list(files.stale()) == [page]
    assert files.main(["--check"]) == 1
    assert "begin_chat" in page.read_text("utf-8")
    assert files.main([]) == 0
    assert files.main(["--check"]) == 0


def test_protocol_page_has_a_mark_for_every_table_but_settings() -> None:
    missing = [name for name in docs_tables.all_tables() if f"<!-- made: {name} -->" not in PROTOCOL.read_text("utf-8")]
    assert missing == ["settings"]


def test_unknown_table_is_refused() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        docs_tables.with_tables("<!-- made: nonsense -->\n<!-- end -->")


def test_limits_equal_those_of_the_domain() -> None:
    assert protocol.LIMITS["text_max"] == text.MAX_TEXT
    assert protocol.LIMITS["name_max"] == text.MAX_NAME
    assert protocol.LIMITS["messages_at_once"] == messages.MESSAGES_PER_PAGE
    assert protocol.LIMITS["cards_a_page"] == inbox.TICKETS_PER_PAGE


def test_every_shape_has_its_own_docstring() -> None:
    for shape in structs():
        assert shape.__doc__ not in (None, shape.__base__.__doc__), shape.__name__


def test_typescript_has_every_shape_and_command() -> None:
    written = "".join(typescript_files().values())
    for shape in structs():
        assert re.search(rf"export (interface|type) {shape.__name__}\b", written), shape.__name__
    for command in (*protocol.VISITOR_COMMANDS, *protocol.AGENT_COMMANDS):
        assert f"  {command}: {{ payload: " in written


@pytest.mark.parametrize("command", [pair[0] for pair in protocol.VISITOR_COMMANDS.values()])
def test_unknown_field_is_refused(command: type[protocol.Command]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"surprise": 1}', type=command)


def test_times_end_in_z_and_unset_fields_are_left_out() -> None:
    author = protocol.Author(kind="visitor", name=None)
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    message = protocol.Message(
        ticket="t", seq=1, id="m", client_id="c", kind="text", author=author, text="Hello", at=at
    )
    payload = protocol.to_plain(message)
    assert payload["at"] == "2026-11-23T09:00:00Z"
    assert "event" not in payload
    assert payload["author"] == {"kind": "visitor", "name": None}
    assert payload["files"] == []
