"""All periodic work of a node in one list, and the runner that repeats it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from chat.realtime.server import Realtime
from chat.settings import Settings
from chat.store.transaction import Unavailable
from chat.worker import Worker

SERVICE_S = 3.0
CARDS_S = 1.0
QUEUE_S = 2.0
SESSIONS_S = 2.0
DEPARTURES_S = 2.0
USED_SESSIONS_S = 60.0
DUE_WORK_S = 1.0
IDLE_CHATS_S = 10.0
PROMISES_S = 1.0

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """`run` is called `every_s` seconds after it last returned, or earlier when `wake` is set; with `every_s` None only
    then. It waits `delay_s` before it runs again, so that a rush of wake-ups makes one run."""

    every_s: float | None
    name: str
    run: Callable[[], Awaitable[object]]
    wake: asyncio.Event | None = None
    delay_s: float = 0.0


def jobs_of_node(realtime: Realtime, worker: Worker, settings: Settings, *, runs_ticket_jobs: bool) -> list[Job]:
    """The jobs of this node. Of several nodes that share a database, one needs to run those on tickets; more may."""
    # More often than reconciliation, which would take a card that is still to be sent for one that was lost.
    cards_s = min(CARDS_S, settings.reconcile_s / 3)
    for_sockets = [
        Job(settings.reconcile_s, "deliver missed events", realtime.reconcile, realtime.reconcile_now),
        Job(SERVICE_S, "announce service and presence", realtime.check_service, realtime.service_changed, delay_s=0.1),
        Job(cards_s, "announce inbox cards", realtime.announce_cards),
        Job(QUEUE_S, "announce queue positions", realtime.check_queue),
        Job(SESSIONS_S, "disconnect ended sessions", realtime.disconnect_ended_sessions),
        Job(USED_SESSIONS_S, "record used sessions", realtime.record_used_sessions),
        Job(DEPARTURES_S, "mark visitors gone", realtime.mark_gone_visitors),
        Job(None, "offer waiting chats", worker.offer, worker.woken),
    ]
    due_work_s = min(DUE_WORK_S, settings.offer_ring_s / 2)
    idle_chats_s = min(IDLE_CHATS_S, settings.idle_s / 4)
    on_tickets = [
        Job(due_work_s, "do due work", worker.do_due_work),
        Job(idle_chats_s, "close idle chats", worker.close_idle_chats),
        Job(PROMISES_S, "keep promises", worker.keep_promises),
    ]
    return for_sockets + on_tickets if runs_ticket_jobs else for_sockets


class JobRunner:
    """Repeats each job in a task of its own. A job that fails is logged and repeated all the same."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Run each job for the first time, but for those that only run when woken."""
        self._tasks = [asyncio.create_task(_repeat(job), name=job.name) for job in self._jobs]

    async def close(self) -> None:
        """Cancel the jobs; the store still finishes what they have queued."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _repeat(job: Job) -> None:
    if job.every_s is not None:
        await _run(job)
    while True:
        await _pause(job)
        await _run(job)


async def _run(job: Job) -> None:
    try:
        await job.run()
    except* Unavailable:
        log.warning("the store is unavailable: '%s' runs again later", job.name)
    except* Exception:
        log.exception("'%s' failed and runs again later", job.name)


async def _pause(job: Job) -> None:
    if job.wake is None:
        await asyncio.sleep(job.every_s or 0.0)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(job.every_s):
            await job.wake.wait()
    await asyncio.sleep(job.delay_s)
    job.wake.clear()
