"""Promises: kept by an answer, broken by time, replaced or dropped; who is told, and how often the customer is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

import pytest
from sqlalchemy import Connection, select

from chat.domain.people.departments import add_department
from chat.domain.promises.actions import tell_due_promises
from chat.domain.promises.facts import PromiseAlertDue
from chat.domain.promises.queries import has_due_promises
from chat.store.tables.promises import promises
from chat.vocabulary import PromiseOutcome
from tests.domain.domain_driver import DomainDriver, Visitor

# A form of Monday 10:05 in Paris, with its alerts and the new dates.
SENT = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
SOON = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
CLOSE = datetime(2026, 11, 25, 8, 5, tzinfo=UTC)
DUE = datetime(2026, 11, 25, 9, 5, tzinfo=UTC)
NEW_DATES = [datetime(2026, 11, day, 9, 5, tzinfo=UTC) for day in (26, 27)]
SECOND = timedelta(seconds=1)


class Ended(NamedTuple):
    """A stored promise."""

    due_at: datetime
    outcome: PromiseOutcome | None
    agent_id: int | None = None


async def stored(driver: DomainDriver) -> list[Ended]:
    def read(sql: Connection) -> list[Ended]:
        rows = sql.execute(select(promises.c.due_at, promises.c.outcome, promises.c.agent_id).order_by(promises.c.id))
        return [Ended(*row) for row in rows]

    return await driver.read(read)


async def sends_form(driver: DomainDriver) -> Visitor:
    driver.now = SENT
    vic = driver.visitor("Vic")
    await vic.fills_in()
    return vic


async def turn_to(driver: DomainDriver, moment: datetime) -> list[PromiseAlertDue]:
    """The worker's runs at a moment, as many as it needs. Returns what the team was told."""
    driver.now, before = moment, len(driver.facts)
    while await driver.read(has_due_promises, driver.now):
        await driver.run(tell_due_promises, driver.context)
    return [fact for fact in driver.facts[before:] if isinstance(fact, PromiseAlertDue)]


async def notices(driver: DomainDriver, vic: Visitor) -> list[dict[str, str]]:
    events = [row.event for row in await driver.thread(vic.ticket) if row.event]
    return [cast(dict[str, str], event["args"]) for event in events if event["name"] == "promise_moved"]


@pytest.mark.parametrize(
    ("answered", "outcome"),
    [
        (DUE - SECOND, "kept"),
        (DUE, "kept"),
        (DUE + timedelta(milliseconds=999), "kept"),
        (DUE + SECOND, "broken"),
    ],
)
async def test_answer_in_the_second_of_its_due_time_keeps_the_promise(
    driver: DomainDriver, answered: datetime, outcome: PromiseOutcome
) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    assert await stored(driver) == [Ended(DUE, None)]
    driver.now = answered
    await ada.says(vic.ticket)
    assert await stored(driver) == [Ended(DUE, outcome, ada.id)]
    # Whatever the time, a promise that has ended tells nobody.
    assert await turn_to(driver, DUE + timedelta(days=9)) == []
    assert await notices(driver, vic) == []


async def test_team_is_told_at_each_alert_once(driver: DomainDriver) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    ben, sofia = await driver.agent("Ben"), await driver.agent("Sofia", role="supervisor")
    await ada.claims(vic.ticket)
    told = {}
    for moment in (SENT, SOON - SECOND, SOON, CLOSE - SECOND, CLOSE, DUE, DUE + SECOND):
        told[moment] = [(fact.alert, fact.receivers) for fact in await turn_to(driver, moment)]
        assert await turn_to(driver, moment) == []
    assert {moment: facts for moment, facts in told.items() if facts} == {
        SOON: [("soon", (ada.id,))],
        CLOSE: [("close", (ada.id, sofia.id))],
        DUE + SECOND: [("broken", (ada.id, sofia.id))],
    }
    assert ben.id not in {one for facts in told.values() for _, receivers in facts for one in receivers}


async def test_ticket_without_owner_is_told_to_its_department_or_to_everybody(driver: DomainDriver) -> None:
    await driver.run(add_department, "Payments", ["payments"])
    ada, ben = await driver.agent("Ada"), await driver.agent("Ben", departments=("Payments",))
    sofia = await driver.agent("Sofia", role="supervisor")
    driver.now = SENT
    await driver.visitor("Vic").fills_in()
    await driver.visitor("Zoe").fills_in(category="payments")
    assert [fact.receivers for fact in await turn_to(driver, SOON)] == [(ada.id, ben.id, sofia.id), (ben.id,)]
    assert [fact.receivers for fact in await turn_to(driver, CLOSE)] == [(ada.id, ben.id, sofia.id), (ben.id, sofia.id)]


async def test_customer_is_told_twice_and_never_a_third_time(driver: DomainDriver) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    await ada.claims(vic.ticket)
    await turn_to(driver, DUE + SECOND)
    assert (await vic.sees()).promise_due_at == NEW_DATES[0]
    await turn_to(driver, NEW_DATES[0] + SECOND)
    await turn_to(driver, NEW_DATES[1] + SECOND)
    assert await turn_to(driver, NEW_DATES[1] + timedelta(days=30)) == []
    assert [(told["notice"], told["due"]) for told in await notices(driver, vic)] == [
        ("1", "2026-11-26T10:05:00+01:00"),
        ("2", "2026-11-27T10:05:00+01:00"),
    ]
    # The page says since when the answer is late.
    assert ((await vic.sees()).promise_due_at, (await vic.sees()).owes_answer) == (NEW_DATES[1], True)
    assert [(one.due_at, one.outcome) for one in await stored(driver)] == [(due, "broken") for due in (DUE, *NEW_DATES)]
    await ada.says(vic.ticket)
    assert len(await stored(driver)) == 3


async def test_late_notice_counts_the_new_date_from_now_and_comes_once(driver: DomainDriver) -> None:
    vic, _ = await sends_form(driver), await driver.agent("Ada")
    away = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    await turn_to(driver, away)
    [told] = await notices(driver, vic)
    assert told["due"] == "2026-11-30T13:00:00+01:00"


async def test_status_set_by_hand_hides_no_promise(driver: DomainDriver) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    await ada.sets(vic.ticket, "pending")
    assert (await vic.sees()).owes_answer
    await ada.notes(vic.ticket)
    assert [fact.alert for fact in await turn_to(driver, DUE + SECOND)] == ["broken"]


@pytest.mark.parametrize("end", ["solved", "closed", "spam"])
async def test_end_drops_a_promise(driver: DomainDriver, end: str) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    if end == "spam":
        await ada.spams(vic.ticket)
    else:
        await ada.sets(vic.ticket, "solved" if end == "solved" else "closed")
    assert [one.outcome for one in await stored(driver)] == ["dropped"]
    assert await turn_to(driver, DUE + timedelta(days=9)) == []


async def test_reopening_makes_a_new_promise_and_the_old_result_stays(driver: DomainDriver) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    await ada.says(vic.ticket)
    await ada.sets(vic.ticket, "solved")
    await ada.chooses("away")
    driver.now = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await vic.says("Encore une question")
    assert [one.outcome for one in await stored(driver)] == ["kept", None]
    await turn_to(driver, datetime(2026, 11, 30, 9, 0, 1, tzinfo=UTC))
    # A new round: the count of notices begins again.
    assert [told["notice"] for told in await notices(driver, vic)] == ["1"]


async def test_another_message_extends_no_promise(driver: DomainDriver) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    await ada.sets(vic.ticket, "pending")
    await ada.chooses("away")
    driver.now = CLOSE
    await vic.says("Vous y pensez ?")
    assert ((await vic.sees()).status, (await vic.sees()).promise_due_at) == ("open", DUE)
    assert await stored(driver) == [Ended(DUE, None)]


async def test_hand_over_counts_for_who_had_it_at_the_end(driver: DomainDriver) -> None:
    vic, ada, ben = await sends_form(driver), await driver.agent("Ada"), await driver.agent("Ben")
    await ada.claims(vic.ticket)
    await ada.hands_over(vic.ticket, ben)
    await ben.claims(vic.ticket)
    await turn_to(driver, DUE + SECOND)
    assert (await stored(driver))[0] == Ended(DUE, "broken", ben.id)


async def test_two_workers_tell_once(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, other = nodes
    vic = await sends_form(one)
    other.now = one.now = DUE + SECOND
    await asyncio.gather(
        one.store.write(tell_due_promises, one.context), other.store.write(tell_due_promises, other.context)
    )
    told = [fact for node in nodes for fact in node.facts if isinstance(fact, PromiseAlertDue)]
    assert [fact.alert for fact in told] == ["broken"]
    assert len(await notices(one, vic)) == 1
