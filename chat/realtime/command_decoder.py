"""The strict decoder of commands: a refusal names the field that does not fit."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from chat import protocol
from chat.domain.refusals import BadRequest, TooLong
from chat.protocol.hints import convert_with_hints

Commands = Mapping[str, tuple[type[protocol.Command], type[protocol.Ack]]]

_FIELD_NAME = re.compile(r"(?:required|unknown) field `([^`]*)`")
_PATH = re.compile(r"`\$\.([A-Za-z_]+)")
TEXT_FIELDS = ("text", "note")


def decode(commands: Commands, event: str, args: Sequence[object]) -> protocol.Command:
    """The command. Raises BadRequest for an unknown event, for anything but one object, and for a field that is
    unknown, missing or of a wrong type; TooLong for a text beyond the protocol's limit."""
    if event not in commands:
        raise BadRequest("no such command", field="event")
    if len(args) != 1:
        raise BadRequest("a command carries one object")
    return convert(args[0], commands[event][0])


def convert(value: object, shape: type[protocol.Command]) -> protocol.Command:
    """The value as this shape; BadRequest or TooLong."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise refusal_for(str(error)) from None


def visitor_auth(value: object) -> protocol.VisitorAuth:
    """The payload of a visitor's connect; BadRequest. What the browser says beside it is never a reason to refuse."""
    try:
        return convert_with_hints(value, protocol.VisitorAuth)
    except msgspec.ValidationError as error:
        raise refusal_for(str(error)) from None


def refusal_for(why: str) -> BadRequest | TooLong:
    """The refusal for an error of msgspec; it names the field."""
    named = _FIELD_NAME.search(why) or _PATH.search(why)
    field = (named[1] if named else None) or None
    if field in TEXT_FIELDS and "of length <=" in why:
        return TooLong("too long by far", field=field)
    return BadRequest(why.partition(" - at ")[0], field=field)
