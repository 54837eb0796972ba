"""The form's fields: the one table that the domain, the JSON decoder, the page without script and the widget follow."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from chat.domain.queries.categories import category_names, require_category
from chat.domain.text import MAX_EMAIL, MAX_NAME, MAX_TEXT, clean_email, clean_name, clean_text
from chat.vocabulary import FormControl


class FormField(NamedTuple):
    """One field. `check` takes what the visitor typed, "" for nothing, and returns the value to store; it raises
    a Refused that names the field. `max_length` counts code points after trimming. `choices` are a select's
    options.

    A field whose name is a column of `tickets` is stored there; `text` becomes the first message. A new field also
    needs its line in `protocol.NewTicket`, and in each language a label and a sentence for each code of `check`
    (tests/web/api/test_form_fields.py names what is missing)."""

    name: str
    control: FormControl
    required: bool
    check: Callable[[Connection, str], str | None]
    autocomplete: str = "off"
    max_length: int | None = None
    choices: Callable[[Connection], list[str]] | None = None


def _check_email(_: Connection, email: str) -> str:
    """Empty for a blank address, which `clean_email` would call a bad one."""
    return clean_email(email) if email.strip() else clean_text("", "email")


# In the order of the page.
FORM_FIELDS = (
    FormField("text", "textarea", True, lambda _, text: clean_text(text), max_length=MAX_TEXT),
    FormField("category", "select", False, require_category, choices=category_names),
    FormField("name", "text", False, lambda _, name: clean_name(name), "name", MAX_NAME),
    FormField("email", "email", True, _check_email, "email", MAX_EMAIL),
)


def field_choices(sql: Connection) -> dict[str, list[str]]:
    """The options of every select, by the field's name."""
    return {field.name: field.choices(sql) for field in FORM_FIELDS if field.choices}
