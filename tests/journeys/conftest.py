"""Fixtures of the journeys: a real system with a settable clock, a real browser, screenshots after a failure.

All journeys share one Chromium, so they and their asynchronous fixtures run in one event loop. Each has its
own server, database, Valkey and browser contexts.
"""

import shutil
from collections.abc import AsyncIterator, Generator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from chat import app, jobs
from chat.cluster.redis_client import Redis
from chat.settings import Settings
from chat.store.migrations import migrate
from tests import services
from tests.journeys.browser import TIMEOUT_MS, BrowserSession
from tests.journeys.running_system import RunningSystem, run_system

FAILED = pytest.StashKey[bool]()
JOURNEYS = Path(__file__).parent
expect.set_options(timeout=TIMEOUT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all journeys in the event loop of the shared browser."""
    for item in items:
        if JOURNEYS in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Store for the `browser` fixture whether the test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def new_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, copied for each test."""
    path = tmp_path_factory.mktemp("journeys") / "new.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(tmp_path: Path, new_install: Path, valkey: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with short grace periods. A test that needs others overrides this fixture."""
    monkeypatch.setattr(app, "VISITOR_GRACE_S", 1.0)
    monkeypatch.setattr(jobs, "SERVICE_S", 0.5)
    # A high timeout, so that a stalled CI machine is not taken for a Redis outage.
    monkeypatch.setattr(app, "Redis", partial(Redis, timeout_s=10))
    path = tmp_path / "guichet.db"
    shutil.copy(new_install, path)
    return Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{path}",
        redis_url=valkey,
        secret_key="s" * 40,
        agent_grace_s=2,
        reconcile_s=0.5,
    )


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser of all journeys."""
    async with services.chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def any_browser(chromium: Browser) -> Browser:
    """The browser of a journey's users. A file about another browser overrides this fixture."""
    return chromium


@pytest_asyncio.fixture(loop_scope="session")
async def valkey() -> AsyncIterator[str]:
    """The URL of a Valkey for this test only."""
    async with services.valkey() as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def system(settings: Settings) -> AsyncIterator[RunningSystem]:
    """The running server and websites."""
    async with run_system(settings) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def browser(
    system: RunningSystem, any_browser: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[BrowserSession]:
    """The browser session. Every test fails on a script error or a Content Security Policy violation."""
    session = BrowserSession(any_browser, system)
    yield session
    if request.node.stash.get(FAILED, False):
        await session.save_diagnostics(tmp_path)
    for context in session.contexts:
        await context.close()
    assert not session.faults
