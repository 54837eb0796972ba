"""Templates of the pages: values are escaped, and one template serves every language."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chat.vocabulary import LOCALES, Locale
from chat.web.core.i18n import language_name, translate


class Templates:
    """Renders `chat/templates/NAME`. `t("key")` gives a text of the catalog; an undefined name raises an error."""

    def __init__(self, root: Path, asset: Callable[[str], str]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(root / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "asset": asset,
            "languages": LOCALES,
            "language_name": language_name,
            "translate": translate,
        }

    def render(self, name: str, language: Locale, values: Mapping[str, object]) -> str:
        """The page as HTML. Beside `values`, a template has `t`, `language` and the globals."""
        texts = {"t": partial(translate, language), "language": language}
        return self._environment.get_template(name).render({**texts, **values})
