"""The documentation agrees with the code: settings, commands, files, names and links."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from chat.cli.main import main
from chat.settings import RENAMED_VARIABLES, Settings, variable
from dev import COMMANDS
from tests import import_floors
from tooling.steps import ROOT

README, OPERATING, ARCHITECTURE = ROOT / "README.md", ROOT / "docs/operating.md", ROOT / "docs/architecture.md"
DECISIONS, SECURITY = ROOT / "docs/decisions", ROOT / "docs/security.md"
# How many requirements of level 1 each chapter of ASVS 5.0 has.
LEVEL_1 = dict(enumerate((8, 4, 8, 2, 4, 13, 6, 4, 4, 5, 3, 3, 1, 2, 3), 1))
PICTURES = ("docs/pictures/widget.png", "docs/pictures/console.png")
LINK = re.compile(r"\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
# A sentence about mail must say that there is none yet, or use the word for something else.
MAIL = re.compile(r"\b(?:e-?mails?|mails?)\b", re.IGNORECASE)
# These say how a mail would be read, and begin with what there is not.
ABOUT_READING = ("email.md", "0016-an-own-reader-of-mail.md")
NO_PROMISE = re.compile(r"\b(?:no|not|none|later|reserved)\b|EMAIL\b|\bPOST\b|`[^`]*mail[^`]*`", re.IGNORECASE)


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every line of every table."""
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_operating_lists_every_setting_with_its_default() -> None:
    listed = {row[0]: row[1] for row in rows(OPERATING.read_text()) if re.fullmatch(r"`[A-Z_]+`", row[0])}
    shown = {setting: setting.repr and setting.default not in (None, "", ()) for setting in fields(Settings)}
    assert listed == {f"`{variable(one)}`": f"`{one.default}`" if plain else "" for one, plain in shown.items()}


def test_pages_name_only_existing_settings() -> None:
    existing = {variable(setting) for setting in fields(Settings)} | RENAMED_VARIABLES.keys()
    listed = set(re.findall(r"`([A-Z]+_[A-Z_]+)\b", "".join(page.read_text() for page in pages())))
    assert listed <= existing
    for derived in ("PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "TRUSTED_PROXIES", "SMTP_URL"):
        assert OPERATING.read_text().count(f"`{derived}`") > 1, f"{derived} has no default to show: say what it is"


def commands(group: click.Group = main, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def documented_commands() -> dict[str, str]:
    """Every command in the table of operating.md, with its options as they stand there."""
    cells = [row[0] for row in rows(OPERATING.read_text()) if len(row) == 2]
    quoted = [prefix for cell in cells for prefix in QUOTED.findall(cell) if not prefix.startswith("guichet(")]
    return {re.split(r" [A-Z\[-]", prefix)[0]: prefix for prefix in quoted}


def test_operating_lists_every_command_with_its_options() -> None:
    listed = documented_commands()
    assert listed.keys() == dict(commands()).keys()
    for name, command in commands():
        options = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
        assert set(re.findall(r"--[a-z-]+", listed[name])) == options, name


def test_architecture_lists_the_floors_from_the_lowest() -> None:
    listed = [row[1] for row in rows(ARCHITECTURE.read_text()) if len(row) == 3 and row[0].isdigit()]
    assert [tuple(QUOTED.findall(cell)) for cell in listed] == list(import_floors.FLOORS)


def is_there(name: str) -> bool:
    return (ROOT / name).exists()


def test_every_file_that_a_document_names_is_there() -> None:
    pattern = re.compile(r"(?<![\w/.])(?:\w[\w.-]*/)+[\w.-]*(?:\.(?:py|tsx?|md|css|txt)|/)(?![\w/])")
    named = {(page.name, name) for page in pages() for name in pattern.findall(page.read_text())}
    ours = {(page, name) for page, name in named if is_there(name.split("/")[0])}
    assert len(ours) > 30
    assert [one for one in sorted(ours) if not is_there(one[1])] == []


def defined(tree: ast.AST) -> set[str]:
    """The functions, classes and variables of a module, or the methods and attributes of a class."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    names = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    return names | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def python_names() -> dict[str, set[str]]:
    """What stands in each module and in each class of chat/, by its short name."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "chat").rglob("*.py")):
        tree = ast.parse(path.read_text())
        found.setdefault(path.stem, set()).update(defined(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).update(defined(node))
    return found


def test_every_name_that_architecture_uses_is_defined() -> None:
    existing = python_names() | {"VisitorSession": {"write"}}
    used = re.findall(r"`([A-Za-z_]+)\.([a-z_]+)(?:\(.*?\))?`", ARCHITECTURE.read_text())
    names = [
        (owner, name)
        for owner, name in used
        if (owner, name) != ("dev", "py") and owner not in ("cli", "domain", "protocol")
    ]
    assert len(names) > 30
    assert [f"{owner}.{name}" for owner, name in names if name not in existing.get(owner, ())] == []
    assert "write(message" in (ROOT / "widget/conversation/session.ts").read_text()


def test_every_test_that_security_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SECURITY.read_text())
    assert len(named) > 50
    assert [one for one in named if f"def {one[1]}(" not in (ROOT / one[0]).read_text()] == []


def test_security_has_a_line_for_every_requirement_of_level_1() -> None:
    """Chapter by chapter, the numbers of ASVS 5.0's requirements of level 1."""
    listed = re.findall(r"\b(\d+\.\d\.\d)\b", SECURITY.read_text())
    counts = Counter(int(number.partition(".")[0]) for number in sorted({*listed} | {f"10.4.{n}" for n in range(1, 6)}))
    assert counts == LEVEL_1


def test_no_link_is_dead() -> None:
    lost = [f"{page.name}: {link}" for page in pages() for link in LINK.findall(page.read_text()) if dead(page, link)]
    assert lost == []


def dead(page: Path, link: str) -> bool:
    """An address is not looked at; a picture may still have to be taken by the journeys."""
    if "://" in link:
        return False
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return str(target.relative_to(ROOT)) not in PICTURES
    return bool(anchor) and anchor not in anchors(target)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_dead_links_are_found() -> None:
    assert dead(README, "docs/nowhere.md")
    assert dead(README, "docs/operating.md#nowhere")
    assert not dead(README, "docs/operating.md#redis")


def test_the_readme_gives_the_two_commands_of_dev_py_and_the_pictures() -> None:
    text = README.read_text()
    listed = re.findall(r"^python3 dev\.py (\w+)$", text, re.MULTILINE)
    assert listed == ["run", "test"]
    assert set(listed) <= COMMANDS.keys()
    assert [link for link in LINK.findall(text) if link.endswith(".png")] == list(PICTURES)
    assert "redis.asyncio" in text


def test_every_decision_has_choice_reason_and_cost() -> None:
    pages = sorted(DECISIONS.glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        openings = [part.split(maxsplit=2)[:2] for part in page.read_text().split("\n\n")[1:]]
        assert [openings[0], openings[-1]] == [["We", "chose"], ["We", "gave"]], page.name
        assert openings[1][:1] == ["Because"], page.name


def promises_mail(text: str) -> list[str]:
    sentences = re.split(r"(?<=[.:|])\s+|\n\n", text)
    return [one for one in sentences if MAIL.search(one) and not NO_PROMISE.search(one)]


def test_no_document_promises_mail() -> None:
    own = [page for page in pages() if page.name not in ("protocol.md", *ABOUT_READING)]
    assert {page.name: found for page in own if (found := promises_mail(page.read_text()))} == {}


@pytest.mark.parametrize("line", ["The answer comes by e-mail.", "We mail the visitor a link."])
def test_promises_of_mail_are_found(line: str) -> None:
    assert promises_mail(f"This version sends no mail. {line}")
