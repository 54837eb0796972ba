"""The stage: plays faults with their seeds where they belong, two places at a time, and makes a row of each."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests import services
from tests.faults.checker import Broken
from tests.faults.scenario_run import FILES, MEMORY_KB, Row, Run, Scene, until
from tests.faults.scenarios import Fault, Where
from tests.faults.server_process import Weight
from tests.faults.topologies import Hall, Shop, Town, a_guests
from tests.faults.topology import Place

QUICK_SEEDS = 10
LONGEST_S = 1_200
TASKS = 3  # a beat may be in the middle of asking


def is_wanted(fault: Fault, only: Sequence[str], short: bool) -> bool:
    return fault.name in only if only else not (short and fault.full_only)


async def played(faults: Sequence[Fault], run: Run, seed: int, seeds: int | None) -> list[Row]:
    """The rows in the book's order. What waits in one place leaves the machine to the other."""
    lanes = (("town",), ("shop", "hall"))
    acts = [play_lane([fault for fault in faults if fault.where in lane], run, seed, seeds) for lane in lanes]
    rows = {name: found for lane in await asyncio.gather(*acts) for name, found in lane.items()}
    return [row for fault in faults for row in rows[fault.name]]


async def play_lane(faults: Sequence[Fault], run: Run, seed: int, seeds: int | None) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    a_guests.set(True)
    for where in dict.fromkeys(fault.where for fault in faults):
        async with opened(where, run) as place:
            for fault in (fault for fault in faults if fault.where == where):
                began = time.monotonic()
                count = seeds or (QUICK_SEEDS if fault.quick else 1)
                rows[fault.name] = await play(fault, run, place, range(seed, seed + count))
                run.say(f"  {fault.name}: {time.monotonic() - began:.0f} s")
    return rows


@asynccontextmanager
async def opened(where: Where, run: Run) -> AsyncIterator[Place]:
    folder = run.folder / where
    folder.mkdir(mode=0o700)
    with contextlib.ExitStack() as stack:
        place: Place = Shop(folder) if where == "shop" else Hall(folder)
        if where == "town":
            server = stack.enter_context(services.postgres())
            place = Town(folder, server, stack.enter_context(server.database()))
        try:
            await place.open()
            yield place
        finally:
            await place.close()


async def play(fault: Fault, run: Run, place: Place, seeds: Sequence[int]) -> list[Row]:
    """One row for what held with every seed, and the rows that the scenes made."""
    measured: dict[str, Row] = {}
    broken: list[tuple[int, Broken]] = []
    said = acked = 0
    for seed in seeds:
        scene = await act(fault, run, place, seed)
        broken += [(seed, one) for one in scene.found]
        said, acked = said + scene.said, acked + scene.acked()
        for row in scene.rows:  # of several seeds the worst is told
            if row.what not in measured or measured[row.what].ok:
                measured[row.what] = row
    for seed, one in broken[:12]:
        run.say(f"    {fault.name} --seed {seed}: {one.invariant}: {one.how}")
    value = f"all held, {said} said, {acked} acked, {len(seeds)} seeds"
    if broken:
        names = sorted({one.invariant for _, one in broken})
        value = f"{', '.join(names)} broken, --seed {broken[0][0]}: {broken[0][1].how[:100]}"
    return [Row(f"{fault.name}: {fault.what}", value, "I1 to I8", not broken), *measured.values()]


async def act(fault: Fault, run: Run, place: Place, seed: int) -> Scene:
    """One scene with one seed, from a mended place to the verdict; what it raises is a fault found, too."""
    scene = Scene(fault.name, seed, run, place, fault.expected)
    await place.mend()
    before, keys, tasks = weights(place), set(await place.lasting_keys()), place.tasks()
    try:
        async with asyncio.timeout(LONGEST_S):
            await fault.act(scene)
            await scene.verdict()
    except Exception as error:  # noqa: BLE001 - whatever it was, the next fault is played
        scene.breaks("scene", f"{type(error).__name__} {error} in {traceback.format_exc(limit=-3)}")
        with contextlib.suppress(Exception):
            await scene.verdict()
    await scene.ends()
    scene.reads_logs()
    await place.mend()
    await nothing_left(scene, before, keys)
    if not run.short:
        await nobody_works(scene, tasks)
    return scene


def weights(place: Place) -> dict[str, Weight]:
    return {child.name: child.weight() for child in place.children}


async def nothing_left(scene: Scene, before: dict[str, Weight], keys: set[str]) -> None:
    """I8: memory, sockets, threads and Redis' keys are where they were, a little later."""
    with contextlib.suppress(TimeoutError):
        await until(lambda: not grown(before, weights(scene.place)), patience_s=15)
    for what in grown(before, weights(scene.place)):
        scene.breaks("I8", what)
    left = set(await scene.place.lasting_keys()) - keys
    if left:
        scene.breaks("I8", f"Redis keeps {sorted(left)[:5]}")


async def nobody_works(scene: Scene, tasks: int) -> None:
    """I8: no task is left of those who were here. One may sleep until its next ping was due."""
    with contextlib.suppress(TimeoutError):
        await until(lambda: scene.place.tasks() <= tasks + TASKS)
    if scene.place.tasks() > tasks + TASKS:
        scene.breaks("I8", f"{scene.place.tasks() - tasks} more tasks")


def grown(before: dict[str, Weight], now: dict[str, Weight]) -> list[str]:
    """Pools may have grown by what they are allowed to hold."""
    allowed = Weight(MEMORY_KB, FILES, FILES)
    return [
        f"{name} has {have - had} more {what}"
        for name in before
        for what, had, have, more in zip(Weight._fields, before[name], now[name], allowed, strict=True)
        if have - had > more
    ]
