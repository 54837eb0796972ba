"""The journeys' stage: real system, real browser, settable clock; a failed story leaves pictures behind."""

import shutil
from collections.abc import AsyncIterator, Generator
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from chat import app
from chat.live.redis import Redis
from chat.realtime import server
from chat.settings import Settings
from chat.store.migrations import migrate
from tests.journeys.browser import PATIENCE_MS, Stage
from tests.journeys.running_system import Town, awake

FAILED = pytest.StashKey[bool]()
expect.set_options(timeout=PATIENCE_MS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets the stage know, when it is taken down, how the story ended."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def new_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, copied for each story."""
    path = tmp_path_factory.mktemp("journeys") / "new.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(tmp_path: Path, new_install: Path, valkey: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A story that needs another pause overrides this; people come and go faster than outside."""
    monkeypatch.setattr(app, "VISITOR_GRACE_S", 1.0)
    monkeypatch.setattr(server, "SERVICE_S", 0.5)
    # A machine that stands still for a second must not look like a Redis that is away.
    monkeypatch.setattr(app, "Redis", partial(Redis, timeout_s=10))
    path = tmp_path / "guichet.db"
    shutil.copy(new_install, path)
    return Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{path}",
        redis_url=valkey,
        secret_key="s" * 40,
        grace_s=2,
        net_s=0.5,
    )


@pytest.fixture
async def town(settings: Settings) -> AsyncIterator[Town]:
    """The server and the websites."""
    async with awake(settings) as started:
        yield started


@pytest.fixture
async def stage(town: Town, chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """Where people come in. No story may end with a script that broke, or with a policy that was violated."""
    playing = Stage(chromium, town)
    yield playing
    if request.node.stash.get(FAILED, False):
        await playing.remember(tmp_path)
    for context in playing.contexts:
        await context.close()
    refused = [line for line in playing.said if "Content Security Policy" in line]
    assert not playing.broken + refused
