"""Who may import whom in chat/: the floors, what is forbidden although it is lower, and circles."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tooling.steps import ROOT

Finding = tuple[int, str]

# The floors of chat/, the lowest first (docs/architecture.md). A room may import itself and what is on lower floors;
# the longest name that fits a module is its room. A folder of the domain that has no floor of its own is a feature, a
# room on the floor `domain.*`.
FLOORS = (
    ("vocabulary", "settings", "links", "logging_config", "discovery", "lenient_json"),
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
    ("domain.*",),
    ("domain.seed",),
    ("domain.reactions",),
    ("domain",),
    ("presenters",),
    ("events",),
    ("event_publisher", "mail"),
    ("realtime", "web"),
    ("cli", "worker", "protocol.codegen"),
    ("jobs",),
    ("app",),
    ("processes",),
    ("cli.main",),
    ("__main__",),
)
# Features that may import another one: (feature, the one it imports, why).
FEATURE_PAIRS: tuple[tuple[str, str, str], ...] = ()
# What a room may not import although it is on a lower floor.
TRANSPORTS = "protocol cluster websocket settings links logging_config"
WRITERS = "store.engines store.writers store.message_writers store.libpq store.migrations store.failpoint"
PURE = f"store domain.context domain.facts domain.refusals domain.text domain.queries {TRANSPORTS}"
NEVER = {
    "protocol": "settings links logging_config",
    "store": "settings links logging_config",
    "cluster": "vocabulary settings links logging_config",
    "websocket": "vocabulary settings links logging_config",
    "domain": f"{TRANSPORTS} store.engines store.writers",
    "domain.rules": PURE,
    "presenters": f"cluster websocket settings {WRITERS}",
    "events": f"cluster websocket settings {WRITERS}",
    "mail": f"protocol cluster websocket store.tables {WRITERS}",
    "event_publisher": f"cluster websocket settings {WRITERS}",
    "realtime": f"store.tables {WRITERS}",
    "web": f"websocket store.tables {WRITERS}",
}
NOT_IN_THE_DOMAIN = {"aiohttp", "asyncio", "engineio", "redis", "socketio"}
NOT_IN_RULES = NOT_IN_THE_DOMAIN | {"os", "random", "sqlalchemy"}


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
    room = max((room for room in ROOMS if within(module, room)), key=len, default=None)
    return ".".join(module.split(".")[:2]) if room == "domain" and module != "domain" else room


def floor_of(room: str) -> int:
    return ROOMS.get(room, ROOMS["domain.*"])


def is_pure(module: str) -> bool:
    """The rules of the domain and of each feature: decisions on plain values."""
    return within(module, "domain.rules") or (module.startswith("domain.") and module.split(".")[2:3] == ["rules"])


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def may_import(module: str, other: str) -> bool:
    """Whether a module of chat/ may import another one, both named without the package."""
    room, target = room_of(module), room_of(other)
    if room is None or target is None:
        return False
    banned = {name for owner, names in NEVER.items() if within(module, owner) for name in names.split()}
    banned |= set(PURE.split()) if is_pure(module) else set()
    if any(within(other, name) for name in banned) and not within(module, "protocol.codegen"):
        return False
    paired = any((room, target) == (f"domain.{one}", f"domain.{other}") for one, other, _ in FEATURE_PAIRS)
    return room == target or paired or floor_of(target) < floor_of(room)


def floors(path: str, tree: ast.Module) -> Iterator[Finding]:
    module = module_of(path)
    if path == "chat/__init__.py":
        return
    if room_of(module) is None:
        yield 1, "is in no room yet: name its floor in tests/import_floors.py"
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
    banned = NOT_IN_RULES if is_pure(module) else NOT_IN_THE_DOMAIN if within(module, "domain") else set()
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
