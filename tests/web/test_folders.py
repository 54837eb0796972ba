"""The folders of chat/web import each other in one direction only."""

import ast

from tests import house, import_floors

# The lowest first: a folder may import itself and the ones before it. routes.py, the list of all routes, imports all.
ORDER = ("core", "auth", "api", "pages")


def test_folders_import_only_lower_folders() -> None:
    upward = []
    for path, text in house.files(".py"):
        if not path.startswith("chat/web/") or path.count("/") < 3:
            continue
        folder = path.split("/")[2]
        for line, names in import_floors.imports(path, ast.parse(text)):
            imported = [name.split(".")[2] for name in names if name.startswith("chat.web.")]
            upward += [f"{path}:{line}: {one}" for one in imported if ORDER.index(one) > ORDER.index(folder)]
    assert not upward
