"""The house rules: who may import and call whom, how big things may grow, and what may not be left behind."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.import_floors import Finding, floors, module_of, outsiders, within
from tooling.steps import ROOT

Function = ast.FunctionDef | ast.AsyncFunctionDef

CLOCKS = {"date.today", "datetime.now", "datetime.utcnow", "time.monotonic", "time.time", "time.time_ns"}
MAY_EMIT = ("chat/realtime/", "chat/event_publisher.py")
AUDIENCE, ROOM_NAME = "chat/domain/audience.py", re.compile(r"^[vtak]:")
MAY_PRINT = ("chat/cli/main.py",)

LONGEST_FUNCTION, MOST_PARAMETERS = 40, 5
LONGEST_FILE, LONGEST_LIST = 300, 500
GENERATED = ("client/protocol/", "chat/store/migrations/versions/")

VAGUE = re.compile(r"^(handle|process)_|(^|_)utils?$|manager$", re.IGNORECASE)
NAMED_BY_LIBRARIES = {"handle_request", "process_bind_param", "process_result_value"}
NAMED_BY_LIBRARIES |= {"handle_data", "handle_endtag", "handle_starttag"}
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


def room_names(path: str, tree: ast.Module) -> Iterator[Finding]:
    """Names of rooms that are not made by the audience's functions."""
    if path != AUDIENCE:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and ROOM_NAME.match(node.value):
                yield node.lineno, f"only {AUDIENCE} makes room names, such as {node.value!r}"


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
ALSO = {"chat/": (floors, outsiders, clocks, emits, room_names, prints, many_parameters), "bench/": (many_parameters,)}
