"""House rules about names: banned words, names with one meaning, and comments that name files which exist."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

Finding = tuple[int, str]

# Words of the former private dialect, in each of their forms. A field's term says the same and means one thing.
BANNED = (
    *("told", "tells", "said", "heard", "hears", "held", "holds", "kept", "keeps", "known", "knows"),
    *("place", "places", "words", "line", "lines", "door", "doors", "desk", "hands", "goodbyes", "moments"),
    *("porch", "wheel", "cable", "cables", "gate", "gates", "lane", "lanes", "gossip", "rings", "stage", "stages"),
    *("town", "towns", "hall", "halls", "ear", "ears", "hearsay"),
)
WORDS = re.compile(rf"(?:^|_)({'|'.join(BANNED)})(?:_|$)", re.IGNORECASE)
# Names that use such a word in the field's own sense.
ALLOWED = {
    "promise_kept_at": "a promise is kept or broken: the help desk's term",
    "MAX_SEARCH_WORDS": "a search has words",
}
# Files that work on lines of text.
TEXT_FILES = ("chat/protocol/codegen/", "chat/mail/", "chat/web/core/middleware.py", "chat/cluster/embedded_valkey.py")

# Public names that several modules define because each has its own: a logger, a type variable, a limit.
OWN_IN_EACH = {"log", "T", "P", "S", "main"}
# What each module of a folder adds to the list of all, which registry.py and event_publisher.py merge.
OWN_IN_EACH |= {"REGISTERED", "EVENTS"}
MOST_DEFINITIONS = 2

FILE_NAME = re.compile(r"(?<![\w./*-])([\w][\w./-]*\.(?:py|md|tsx?|mjs|css|html))\b")
TYPESCRIPT_NAME = re.compile(r"\b(?:const|let|function|class|interface|type|enum)\s+([A-Za-z_$][\w$]*)")


def in_snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def is_banned(name: str, path: str) -> bool:
    found = {word.lower() for word in WORDS.findall(in_snake_case(name))}
    if path.startswith(TEXT_FILES):
        found -= {"line", "lines"}
    return bool(found) and name not in ALLOWED


def python_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a module gives: of functions, classes, parameters, variables and attributes, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def typescript_names(text: str) -> Iterator[tuple[int, str]]:
    for found in TYPESCRIPT_NAME.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[1]


def banned_names(path: str, text: str) -> Iterator[Finding]:
    """Identifiers and file names of product code that use a banned word."""
    for part in PurePosixPath(path).with_suffix("").parts:
        if is_banned(part.replace("-", "_"), path):
            yield 1, f"the file name {part} uses a banned word"
    names = python_names(ast.parse(text)) if path.endswith(".py") else typescript_names(text)
    for line, name in names:
        if is_banned(name, path):
            yield line, f"{name} uses a banned word: take the field's term"


def repeated_names(texts: Mapping[str, str]) -> list[str]:
    """Public names that more than two modules define at their top level, each with its modules."""
    modules = defaultdict[str, set[str]](set)
    for path, text in texts.items():
        for name in top_level_names(ast.parse(text).body):
            if not name.startswith("_") and name not in OWN_IN_EACH:
                modules[name].add(path)
    return [
        f"{name}: {', '.join(sorted(paths))}"
        for name, paths in sorted(modules.items())
        if len(paths) > MOST_DEFINITIONS
    ]


def top_level_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def missing_files(path: str, text: str, tracked: Iterable[str]) -> Iterator[Finding]:
    """Files that a docstring or comment names and the repository does not have."""
    endings = tuple(tracked)
    for number, line in enumerate(text.splitlines(), 1):
        if is_prose(line, path):
            for name in FILE_NAME.findall(line):
                if not any(one == name or one.endswith(f"/{name}") for one in endings):
                    yield number, f"names {name}, which is not in the repository"


def is_prose(line: str, path: str) -> bool:
    if path.endswith(".py"):
        return '"""' in line or re.match(r"^(?:.*\s)?#", line) is not None
    return re.match(r"^\s*(?:/?\*|//)", line) is not None
