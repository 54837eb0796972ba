"""JSON in which half a surrogate pair is no reason to refuse the rest."""

import json
from collections.abc import Container


def loads_lenient(text: str, fields: Container[object]) -> object:
    """JSON. In these fields of an object, half a surrogate pair, as of a title that was cut inside an emoji, becomes
    U+FFFD. Raises ValueError."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        if not isinstance(value, dict):
            return value
        return {name: well_formed(given) if name in fields else given for name, given in value.items()}
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def well_formed(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [well_formed(one) for one in value]
    if isinstance(value, dict):
        return {well_formed(name): well_formed(one) for name, one in value.items()}
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
