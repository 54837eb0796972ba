"""Find the programs that tests need beside the packages, or install Debian's."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tooling.steps import StepFailed, report, run_command

PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
CACHE_PATTERNS = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")


class Program(NamedTuple):
    """A program that tests start: its names and paths in a system, its packages in Debian, and which patterns find it
    in Playwright's cache."""

    title: str
    variable: str
    system_names: tuple[str, ...]
    debian_packages: tuple[str, ...]
    cache_patterns: tuple[str, ...] = ()

    def find(self) -> str | None:
        """The one that the variable names, that of Playwright's cache or of the system, in this order, or None."""
        return next(filter(None, map(shutil.which, self._candidates())), None)

    def find_or_install(self) -> str:
        """The path of the program. Raises StepFailed if there is none and none can be installed."""
        found = self.find()
        if found is None and shutil.which("apt-get") and os.geteuid() == 0:
            install_from_debian(*self.debian_packages)
            found = self.find()
        if found is None:
            raise StepFailed(f"the tests need {self.title}: install it, or set {self.variable} to its path")
        return found

    def _candidates(self) -> Iterator[str]:
        yield os.environ.get(self.variable, "")
        caches = (os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""), *PLAYWRIGHT_CACHES)
        for cache in filter(None, caches):
            for pattern in self.cache_patterns:
                yield from map(str, sorted(Path(cache).expanduser().glob(pattern), reverse=True))
        yield from self.system_names


CHROMIUM = Program(
    "Chromium",
    "GUICHET_CHROMIUM",
    (
        *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
    ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"),
    CACHE_PATTERNS,
)
FIREFOX = Program(
    "Firefox",
    "GUICHET_FIREFOX",
    ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"),
    ("firefox-esr", "fonts-dejavu-core", "fonts-noto-color-emoji"),
)
# Debian's package puts it where only root's PATH leads.
PGBOUNCER = Program("PgBouncer", "GUICHET_PGBOUNCER", ("pgbouncer", "/usr/sbin/pgbouncer"), ("pgbouncer",))


def install_from_debian(*packages: str) -> None:
    report(f"installing Debian's {packages[0]}")
    with contextlib.suppress(subprocess.CalledProcessError):
        run_command("apt-get", "update", "-qq")
        install = ("apt-get", "install", "-qq", "-y", "--no-install-recommends")
        run_command(*install, *packages, DEBIAN_FRONTEND="noninteractive")
