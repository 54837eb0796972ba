"""Templates: pages of words and markup, escaped by default and the same for every language."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chat.vocabulary import Locale
from chat.web.core.i18n import has_text, translate


class Templates:
    """Renders `chat/templates/NAME` with `t("key")` for words; a name that nobody gave is an error, not a hole."""

    def __init__(self, root: Path, asset: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(root / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = asset

    def render(self, name: str, language: Locale, values: Mapping[str, object]) -> str:
        """The page's text; `values` beside `t`, `known`, `language` and `asset`."""
        spoken = {"t": partial(translate, language), "known": partial(has_text, language), "language": language}
        return self._environment.get_template(name).render({**spoken, **values})
