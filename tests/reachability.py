"""Which functions of chat/ others refer to, directly or through functions that they refer to."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from tests import import_floors

Definitions = dict[str, ast.AST]


class Code:
    """The top-level definitions of all modules, and what each of them refers to."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        trees = {
            path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): text for path, text in texts.items()
        }
        self._trees = {module: ast.parse(text) for module, text in trees.items()}
        self.imported = {module: dict(self._imports(module)) for module in self._trees}
        self.definitions = {
            f"{module}.{name}": node for module, tree in self._trees.items() for name, node in _defined(tree)
        }

    def _imports(self, module: str) -> Iterator[tuple[str, str]]:
        for node in ast.walk(self._trees[module]):
            if isinstance(node, ast.ImportFrom):
                yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)

    def references(self, module: str, node: ast.AST) -> set[str]:
        """The definitions that a part of a module names."""
        names = {ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute)}
        return {target for name in names if (target := self._resolve(module, name)) in self.definitions}

    def _resolve(self, module: str, name: str) -> str:
        first, _, rest = name.partition(".")
        target = self.imported[module].get(first, f"{module}.{first}")
        return f"{target}.{rest}" if rest and target not in self.definitions else target

    def reached_from(self, rooms: Iterable[str]) -> set[str]:
        """Everything that these packages and modules define or refer to, and what that refers to. A class refers to
        what its methods refer to."""
        waiting = [name for name in self.definitions if any(import_floors.within(name, room) for room in rooms)]
        reached = set(waiting)
        while waiting:
            name = waiting.pop()
            new = self.references(name.rpartition(".")[0], self.definitions[name]) - reached
            reached |= new
            waiting += new
        return reached


def _defined(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node) for target in targets if isinstance(target, ast.Name))
