"""The house rules: who may import whom, how big things may grow, and what may not be left behind."""

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tooling.steps import ROOT

Finding = tuple[int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef

# The floors of chat/, the lowest first (docs/architecture.md). A room may import itself and what is on lower floors;
# the longest name that fits a module is its room.
FLOORS = (
    ("vocabulary", "settings", "links", "logging_config"),
    ("protocol", "store", "cluster", "websocket"),
    ("domain.context", "domain.refusals", "domain.audience"),
    ("domain.facts", "domain.text"),
    ("domain.rules",),
    ("domain.queries",),
    ("domain.service_status",),
    ("domain.tickets",),
    ("domain.messages",),
    ("domain.routing",),
    ("domain.people",),
    ("domain.intake",),
    ("domain.seed",),
    ("domain.reactions",),
    ("domain",),
    ("presenters",),
    ("event_publisher",),
    ("realtime", "web"),
    ("cli", "worker", "protocol.codegen"),
    ("jobs",),
    ("app",),
    ("processes",),
    ("cli.main",),
    ("__main__",),
)
# What a room may not import although it is on a lower floor.
TRANSPORTS = "protocol cluster websocket settings links logging_config"
WRITERS = "store.engines store.writers store.message_writers store.libpq store.migrations store.failpoint"
NEVER = {
    "protocol": "settings links logging_config",
    "store": "settings links logging_config",
    "cluster": "vocabulary settings links logging_config",
    "websocket": "vocabulary settings links logging_config",
    "domain": f"{TRANSPORTS} store.engines store.writers",
    "domain.rules": f"store domain.context domain.facts domain.refusals domain.text {TRANSPORTS}",
    "presenters": f"cluster websocket settings {WRITERS}",
    "event_publisher": f"cluster websocket settings {WRITERS}",
    "realtime": f"store.tables {WRITERS}",
    "web": f"websocket store.tables {WRITERS}",
}
NOT_IN_THE_DOMAIN = {"aiohttp", "asyncio", "engineio", "redis", "socketio"}
NOT_IN_RULES = NOT_IN_THE_DOMAIN | {"os", "random", "sqlalchemy"}
CLOCKS = {"date.today", "datetime.now", "datetime.utcnow", "time.monotonic", "time.time", "time.time_ns"}
MAY_EMIT = ("chat/realtime/", "chat/event_publisher.py")
MAY_PRINT = ("chat/cli/main.py",)

LONGEST_FUNCTION, MOST_PARAMETERS = 40, 5
LONGEST_FILE, LONGEST_LIST = 300, 500
GENERATED = ("client/protocol/", "chat/store/migrations/versions/")

VAGUE = re.compile(r"^(handle|process)_|(^|_)utils?$|manager$", re.IGNORECASE)
NAMED_BY_LIBRARIES = {"handle_request", "process_bind_param", "process_result_value"}
UNFINISHED = re.compile(
    r"\bTOD[O]\b|\bFIXM[E]\b|NotImplemented[E]rror|\b(?:pytest|mark|test|it|describe)\.(?:skip|xfail|only)\b"
    r"|@ts-(?:ignore|nocheck)|# type: ignor[e](?!\[[a-z-]+\] +#)"
)


def files(*endings: str) -> Iterator[tuple[str, str]]:
    """Path and text of every file that is committed, or would be by `git add .`."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for path in sorted(set(listed.split("\0")) - {""}):
        if path.endswith(endings or "") and (ROOT / path).is_file():
            yield path, (ROOT / path).read_text(errors="ignore")


def findings(path: str, text: str) -> list[str]:
    """What is wrong with one file of code, one readable line each."""
    found = [*too_long(path, text), *unfinished(text)]
    if path.endswith(".py"):
        tree = ast.parse(text)
        rules = EVERYWHERE + next((own for folder, own in ALSO.items() if path.startswith(folder)), ())
        found += [finding for rule in rules for finding in rule(path, tree)]
    return [f"{path}:{line}: {what}" for line, what in sorted(found)]


# --- who may import whom ------------------------------------------------------------------------------


def imports(path: str, tree: ast.Module) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each import's line, and the modules it may mean: `from a import b` is a or a.b."""
    package = path.removesuffix("/__init__.py").removesuffix(".py").split("/")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, (alias.name,)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            near = package[: len(package) - node.level + path.endswith("__init__.py")] if node.level else []
            module = ".".join([*near, *filter(None, [node.module])])
            yield from ((node.lineno, (module, f"{module}.{alias.name}")) for alias in node.names)


ROOMS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def module_of(path: str) -> str:
    return ".".join(PurePosixPath(path).with_suffix("").parts[1:]).removesuffix(".__init__")


def room_of(module: str) -> str | None:
    return max((room for room in ROOMS if within(module, room)), key=len, default=None)


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def may_import(module: str, other: str) -> bool:
    """Whether a module of chat/ may import another one, both named without the package."""
    room, target = room_of(module), room_of(other)
    if room is None or target is None:
        return False
    banned = {name for owner, names in NEVER.items() if within(module, owner) for name in names.split()}
    if any(within(other, name) for name in banned) and not within(module, "protocol.codegen"):
        return False
    return room == target or ROOMS[target] < ROOMS[room]


def floors(path: str, tree: ast.Module) -> Iterator[Finding]:
    module = module_of(path)
    if path == "chat/__init__.py":
        return
    if room_of(module) is None:
        yield 1, "is in no room yet: name its floor in tests/house.py"
        return
    for line, meanings in imports(path, tree):
        target = next((name for name in reversed(meanings) if within(name, "chat") and is_module(name)), "chat")
        if target != "chat" and not may_import(module, target.removeprefix("chat.")):
            yield line, f"{room_of(module)} must not import {target.removeprefix('chat.')}"


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def outsiders(path: str, tree: ast.Module) -> Iterator[Finding]:
    module = module_of(path)
    banned = (
        NOT_IN_RULES if within(module, "domain.rules") else NOT_IN_THE_DOMAIN if within(module, "domain") else set()
    )
    for line, meanings in imports(path, tree):
        if meanings[0].split(".")[0] in banned:
            yield line, f"{room_of(module)} must not know {meanings[0]}"


def circles(texts: Mapping[str, str]) -> list[list[str]]:
    """Groups of modules of chat/ that import each other, each sorted, from texts by path."""
    ours = {path: text for path, text in texts.items() if path.startswith("chat/") and path.endswith(".py")}
    modules = {f"chat.{module_of(path)}": path for path in ours}
    arrows = {
        module: {
            next(name for name in reversed(meanings) if name in modules)
            for _, meanings in imports(path, ast.parse(ours[path]))
            if any(name in modules for name in meanings)
        }
        - {module}
        for module, path in modules.items()
    }
    reached = {module: _reached(arrows, module) for module in modules}
    groups = {tuple(sorted(one for one in reached[module] if module in reached[one])) for module in modules}
    return [list(group) for group in sorted(groups) if len(group) > 1]


def _reached(arrows: Mapping[str, set[str]], start: str) -> set[str]:
    found, todo = set[str](), [start]
    while todo:
        for module in arrows.get(todo.pop(), ()):
            if module not in found:
                found.add(module)
                todo.append(module)
    return found


# --- who may call what --------------------------------------------------------------------------------


def calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def clocks(path: str, tree: ast.Module) -> Iterator[Finding]:
    if within(module_of(path), "domain"):
        for line, name in calls(tree):
            if ".".join(name.split(".")[-2:]) in CLOCKS:
                yield line, f"the domain reads no clock: take `now` as an argument instead of {name}()"


def emits(path: str, tree: ast.Module) -> Iterator[Finding]:
    if not path.startswith(MAY_EMIT):
        yield from (
            (line, "only the event publisher emits: record a fact")
            for line, name in calls(tree)
            if name.endswith(".emit")
        )


def prints(path: str, tree: ast.Module) -> Iterator[Finding]:
    if path not in MAY_PRINT:
        yield from ((line, "only the command line prints: log it") for line, name in calls(tree) if name == "print")


# --- how big, and by what name ------------------------------------------------------------------------


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines(function: Function) -> int:
    """With its signature and its docstring, without its decorators."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def code_lines(function: Function) -> int:
    """Without its docstring: whoever explains a function does not make it longer."""
    first = function.body[0]
    told = ast.get_docstring(function) is not None and (first.end_lineno or first.lineno) - first.lineno + 1
    return lines(function) - told


def parameters(function: Function) -> int:
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def is_command(function: Function) -> bool:
    """A command's parameters are its command line."""
    return any(".command(" in ast.unparse(decorator) for decorator in function.decorator_list)


def long_functions(path: str, tree: ast.Module) -> Iterator[Finding]:
    if not path.startswith(GENERATED):
        for function in functions(tree):
            if lines(function) > LONGEST_FUNCTION:
                yield (
                    function.lineno,
                    f"{function.name} has {lines(function)} lines, {LONGEST_FUNCTION} are allowed",
                )


def many_parameters(_: str, tree: ast.Module) -> Iterator[Finding]:
    for function in functions(tree):
        if parameters(function) > MOST_PARAMETERS and not is_command(function):
            yield (
                function.lineno,
                f"{function.name} takes {parameters(function)} parameters, at most {MOST_PARAMETERS}",
            )


def too_long(path: str, text: str) -> Iterator[Finding]:
    length = len(text.splitlines())
    allowed = LONGEST_LIST if "/locales/" in path else LONGEST_FILE
    if length > allowed and not path.startswith(GENERATED):
        yield 1, f"has {length} lines, {allowed} are allowed"


def vague_names(path: str, tree: ast.Module) -> Iterator[Finding]:
    named = [(1, PurePosixPath(path).stem)]
    named += [(node.lineno, node.name) for node in ast.walk(tree) if isinstance(node, Function | ast.ClassDef)]
    for line, name in named:
        if VAGUE.search(name) and name not in NAMED_BY_LIBRARIES:
            yield line, f"{name} says nothing: name it after the domain"


def unexplained(_: str, tree: ast.Module) -> Iterator[Finding]:
    if tree.body and ast.get_docstring(tree) is None:
        yield 1, "has no docstring that says the file's one idea"


def unfinished(text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if left := UNFINISHED.search(line):
            yield number, f"{left[0]} is left behind unexplained"


EVERYWHERE = (long_functions, vague_names, unexplained)
ALSO = {"chat/": (floors, outsiders, clocks, emits, prints, many_parameters), "bench/": (many_parameters,)}
