"""Find a Chromium for the browser tests, or install Debian's."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tooling.steps import StepFailed, report, run_command

DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")
SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PATH = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
CACHE_PATTERNS = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")


def candidates() -> Iterator[str]:
    yield os.environ.get("GUICHET_CHROMIUM", "")
    caches = (os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""), *PLAYWRIGHT_CACHES)
    for cache in filter(None, caches):
        for pattern in CACHE_PATTERNS:
            yield from map(str, sorted(Path(cache).expanduser().glob(pattern), reverse=True))
    yield from (*SYSTEM_NAMES, MAC_PATH)


def find() -> str | None:
    """The Chromium of GUICHET_CHROMIUM, of Playwright's cache or of the system, in this order, or None."""
    return next(filter(None, map(shutil.which, candidates())), None)


def find_or_install() -> str:
    """The path of a Chromium. Raises StepFailed if there is none and none can be installed."""
    found = find()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        install_from_debian()
        found = find()
    if found is None:
        raise StepFailed("the browser tests need Chromium: install it, or set GUICHET_CHROMIUM to its path")
    return found


def install_from_debian() -> None:
    report("installing Debian's chromium")
    with contextlib.suppress(subprocess.CalledProcessError):
        run_command("apt-get", "update", "-qq")
        install = ("apt-get", "install", "-qq", "-y", "--no-install-recommends")
        run_command(*install, *DEBIAN_PACKAGES, DEBIAN_FRONTEND="noninteractive")
