"""The form's fields are one table: the decoder, the JSON errors, the page and the front ends follow it."""

import json
import re

import pytest

from chat import protocol
from chat.domain.intake.form_fields import FORM_FIELDS, FormField
from chat.protocol.codegen.typescript import typescript_files
from chat.store.tables import tickets
from chat.vocabulary import LOCALES
from chat.web.auth.spam_trap import HONEYPOT
from tests.web.api.test_form import FORM
from tests.web.conftest import WebServer
from tests.web.pages.test_contact_form import open_form, stamp_in, submit_form

NAMES = [field.name for field in FORM_FIELDS]
REQUIRED = {field.name for field in FORM_FIELDS if field.required}
# The fields of the request that the visitor does not fill in.
ENVELOPE = {"site", "client_id", "token", "locale", "page"}


def controls(page: str) -> dict[str, str]:
    """The controls of a page that a person can fill in, in their order, each by name with what it is."""
    found = re.findall(r"<(input|select|textarea) ([^>]*)>", page)
    given = [(tag, dict(re.findall(r'(\w+)="([^"]*)"', attributes))) for tag, attributes in found]
    return {one["name"]: one.get("type", tag) for tag, one in given if one.get("type") != "hidden"}


def test_the_decoder_takes_the_fields_of_the_table() -> None:
    assert set(protocol.NewTicket.__struct_fields__) == ENVELOPE | set(NAMES)


def test_every_field_but_the_text_is_a_column_of_tickets() -> None:
    assert set(NAMES) - {"text"} <= set(tickets.c.keys())


async def test_an_empty_form_names_the_required_fields(server: WebServer) -> None:
    response = await server.client.post("/api/tickets", json={"site": "demo", "client_id": FORM["client_id"]})
    assert response.status == 422
    assert (await response.json())["errors"] == dict.fromkeys(REQUIRED, "empty")


async def test_json_errors_name_every_field_that_holds_nul(server: WebServer) -> None:
    response = await server.client.post("/api/tickets", json=FORM | dict.fromkeys(NAMES, "\0"))
    assert response.status == 422
    assert (await response.json())["errors"] == dict.fromkeys(NAMES, "bad_request")


async def test_the_page_has_a_control_for_each_field_in_the_tables_order(server: WebServer) -> None:
    found = controls(await open_form(server))
    assert found.pop(HONEYPOT)
    assert list(found.items()) == [(field.name, field.control) for field in FORM_FIELDS]


async def test_the_page_marks_the_fields_that_are_not_required(server: WebServer) -> None:
    page = await open_form(server, lang="en")
    labels = dict(re.findall(r'<label for="(\w+)">(.*?)</label>', page))
    assert {name for name in NAMES if "(optional)" in labels[name]} == set(NAMES) - REQUIRED


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("value", ["", "\0", "x" * 4_001], ids=["empty", "NUL", "too long"])
async def test_the_page_has_a_sentence_for_every_error_of_every_field(
    server: WebServer, language: str, value: str
) -> None:
    response = await submit_form(
        server, stamp_in(await open_form(server)), lang=language, **dict.fromkeys(NAMES, value)
    )
    page = await response.text()
    assert response.status == 422
    assert set(re.findall(r'class="error" id="(\w+)-error"', page)) == (set(NAMES) if value else REQUIRED)


def test_the_front_ends_get_the_same_table() -> None:
    found = re.search(r"export const FORM_FIELDS = (\[.*?\]) as const;", typescript_files()["visitor.ts"], re.DOTALL)
    assert found
    rows = json.loads(re.sub(r"(\w+): ", r'"\1": ', found[1]).replace("},\n]", "}\n]"))
    assert rows == [shared_part(field) for field in FORM_FIELDS]


def shared_part(field: FormField) -> dict[str, object]:
    """The part of a field that a front end can use."""
    return {name: value for name, value in field._asdict().items() if name not in ("check", "choices")}


def test_limits_of_fields_are_the_protocols() -> None:
    limits = {f"{field.name}_max": field.max_length for field in FORM_FIELDS}
    assert {name: protocol.LIMITS[name] for name in limits if name in protocol.LIMITS} == {
        "text_max": limits["text_max"],
        "name_max": limits["name_max"],
        "email_max": limits["email_max"],
    }
