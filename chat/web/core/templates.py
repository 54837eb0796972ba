"""Templates of the pages: values are escaped, and one template serves every language."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chat.vocabulary import LOCALES, Locale
from chat.web.core.i18n import language_name, translate


class Templates:
    """Renders `chat/templates/NAME`. `t("key")` gives a text of the catalog; an undefined name raises an error.

    Each language has an environment of its own, so that macros know `t` without the values of one page.
    """

    def __init__(self, root: Path, asset: Callable[[str], str]) -> None:
        self._environments = {language: new_environment(root, asset, language) for language in LOCALES}

    def render(self, name: str, language: Locale, values: Mapping[str, object]) -> str:
        """The page as HTML. Beside `values`, a template has the globals."""
        return self._environments[language].get_template(name).render(values)


def new_environment(root: Path, asset: Callable[[str], str], language: Locale) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(root / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "asset": asset,
        "language": language,
        "languages": LOCALES,
        "language_name": language_name,
        "t": partial(translate, language),
        "translate": translate,
    }
    return environment
