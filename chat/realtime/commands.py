"""Commands read strictly: what does not fit its shape is refused by the name of its field."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from chat import wire
from chat.desk.refusals import BadRequest, TooLong

Commands = Mapping[str, tuple[type[wire.Command], type[wire.Done]]]

_NAMED = re.compile(r"(?:required|unknown) field `([^`]*)`")
_PATH = re.compile(r"`\$\.([A-Za-z_]+)")
WORDS = ("text", "note")


def read(commands: Commands, event: str, args: Sequence[object]) -> wire.Command:
    """The command; BadRequest for an unknown event, for anything but one object, and for a field that is
    unknown, missing or of a wrong type; TooLong for floods of words."""
    if event not in commands:
        raise BadRequest("no such command", field="event")
    if len(args) != 1:
        raise BadRequest("a command carries one object")
    return fitted(args[0], commands[event][0])


def fitted(value: object, shape: type[wire.Command]) -> wire.Command:
    """`value` as `shape`."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise misfit(str(error)) from None


def misfit(why: str) -> BadRequest | TooLong:
    """The refusal that names the field."""
    named = _NAMED.search(why) or _PATH.search(why)
    field = (named[1] if named else None) or None
    if field in WORDS and "of length <=" in why:
        return TooLong("too long by far", field=field)
    return BadRequest(why.partition(" - at ")[0], field=field)
