"""Time that jumps, and data that go back: the clock an hour forward and back, both clock changes, a restored backup."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.history import CaughtUp, Screen
from tests.faults.scenario_run import Scene, until
from tests.faults.scenarios import fault
from tests.faults.topologies import Hall, Shop

# Both are past, for a session that begins today must not have ended by then.
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)


async def turned(scene: Scene, *moments: datetime) -> None:
    """Everybody talks while the server's clock is turned to one moment after the other."""
    await scene.cast(pages=1, visitors=1, agents=2)
    assert isinstance(scene.place, Hall)
    async with scene.chatter():
        for moment in moments:
            await asyncio.sleep(scene.span(5, 0.7))
            scene.place.clock.turn_to(moment)
        await asyncio.sleep(scene.span(5, 0.7))
    scene.place.clock.turn_to(datetime.now(UTC))
    await scene.settles()


@fault("hall")
async def clock_jumps(scene: Scene) -> None:
    """the clock one hour forward, and back"""
    now = datetime.now(UTC)
    await turned(scene, now + timedelta(hours=1), now, now - timedelta(hours=1), now)


@fault("hall")
async def clock_changes(scene: Scene) -> None:
    """the nights in which summer time begins and ends"""
    just_before = [moment - timedelta(seconds=1) for moment in (AUTUMN, SPRING)]
    await turned(scene, *just_before)


@fault("shop")
async def backup_restored(scene: Scene) -> None:
    """a backup is restored: who has seen more than it holds is told to start over, and never shown nothing"""
    await scene.cast(pages=1, visitors=1)
    serve = scene.place.nodes[0]
    assert isinstance(scene.place, Shop)
    for _ in range(4):
        scene.somebody_speaks()
    await scene.settles()
    await serve.stop()
    kept = scene.run.folder / f"kept-{scene.seed}"
    copied(scene.place.folder, kept)
    await scene.place.start(serve)
    async with scene.chatter(per_s=20):
        await asyncio.sleep(2)
    await scene.settles()
    await serve.stop()
    copied(kept, scene.place.folder)
    for history in scene.histories:  # what was acknowledged since is lost, and no fault of the server's
        history.entries.clear()
    await scene.place.start(serve)
    await until(lambda: all(any(history.of(Screen)) for history in scene.histories))
    await scene.settles(15)
    for visitor in scene.visitors:
        told = any(brought.restart for brought in visitor.history.of(CaughtUp))
        scene.demand(told, f"{visitor.history.who} was not told to start over")
    for history in scene.histories:
        empty = [screen for screen in history.of(Screen) if not screen.messages]
        scene.demand(not empty, f"{history.who} was shown nothing")


def copied(source: Path, target: Path) -> None:
    """The database alone, as a backup holds it."""
    target.mkdir(exist_ok=True)
    for path in target.glob("guichet.db*"):
        path.unlink()
    for path in source.glob("guichet.db*"):
        shutil.copy2(path, target / path.name)
