"""Chromium for the journeys: found, or installed from Debian where that may be done."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tooling.steps import Failed, call, say

DEBIAN = ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")
SYSTEM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
INSIDE = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")


def candidates() -> Iterator[str]:
    yield os.environ.get("GUICHET_CHROMIUM", "")
    caches = (os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""), *PLAYWRIGHT_CACHES)
    for cache in filter(None, caches):
        for inside in INSIDE:
            yield from map(str, sorted(Path(cache).expanduser().glob(inside), reverse=True))
    yield from (*SYSTEM, MAC)


def find() -> str | None:
    """What GUICHET_CHROMIUM names, Playwright's own, or the system's; None when there is none."""
    return next(filter(None, map(shutil.which, candidates())), None)


def bring() -> str:
    """The path of a Chromium; raises Failed when there is none and none can be installed."""
    found = find()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        install_from_debian()
        found = find()
    if found is None:
        raise Failed("the journeys need Chromium: install it, or name one in GUICHET_CHROMIUM")
    return found


def install_from_debian() -> None:
    say("installing Debian's chromium")
    with contextlib.suppress(subprocess.CalledProcessError):
        call("apt-get", "update", "-qq")
        install = ("apt-get", "install", "-qq", "-y", "--no-install-recommends")
        call(*install, *DEBIAN, DEBIAN_FRONTEND="noninteractive")
