"""On hold: the customer is told a date, which takes the promise's place, and again when it moves or passes."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.domain.queries.messages import notes_after
from chat.domain.refusals import BadRequest, Conflict, NotAllowed
from tests.domain.domain_driver import Agent, DomainDriver, Visitor
from tests.domain.promises.test_promises import DUE, SECOND, Ended, sends_form, stored, turn_to

# Thursday noon in Paris, the desk's opening hours before and after it, and a working day after the grace.
UNTIL = datetime(2026, 11, 26, 11, 0, tzinfo=UTC)
FOUR_BEFORE = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
ONE_AFTER = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


async def on_hold(driver: DomainDriver, tell: bool = False) -> tuple[Visitor, Agent]:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    await driver.agent("Sofia", role="supervisor")
    await ada.puts_on_hold(vic.ticket, UNTIL, tell=tell)
    return vic, ada


async def events(driver: DomainDriver, vic: Visitor) -> list[tuple[object, object]]:
    return [(row.event["name"], row.event["args"]) for row in await driver.thread(vic.ticket) if row.event]


async def test_the_date_takes_the_promises_place(driver: DomainDriver) -> None:
    vic, ada = await on_hold(driver)
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.estimated_at, row.promise_due_at) == ("on_hold", ada.id, UNTIL, UNTIL)
    assert await stored(driver) == [Ended(DUE, "replaced", ada.id), Ended(UNTIL, None)]
    assert [fact.alert for fact in await turn_to(driver, DUE + SECOND)] == []


@pytest.mark.parametrize("tell", [False, True])
async def test_reason_is_told_or_is_a_note(driver: DomainDriver, tell: bool) -> None:
    vic, _ = await on_hold(driver, tell)
    row = await vic.sees()
    notes = await driver.read(notes_after, row.id, 0)
    told = {"reason": "We ask the bank."} if tell else {}
    assert await events(driver, vic) == [("held", {"due": UNTIL.isoformat()} | told)]
    assert [note.text for note in notes] == ([] if tell else ["We ask the bank."])
    assert row.hold_reason == (told.get("reason") if tell else None)


async def test_agent_is_asked_then_supervisors_then_the_customer_is_told(driver: DomainDriver) -> None:
    vic, _ = await on_hold(driver)
    moments = (FOUR_BEFORE - SECOND, FOUR_BEFORE, UNTIL - SECOND, UNTIL, ONE_AFTER - SECOND, ONE_AFTER)
    told = {moment: [fact.alert for fact in await turn_to(driver, moment)] for moment in moments}
    assert {moment: alerts for moment, alerts in told.items() if alerts} == {
        FOUR_BEFORE: ["soon"],
        UNTIL: ["close"],
        ONE_AFTER: ["broken"],
    }
    row = await vic.sees()
    assert (row.status, row.estimated_at, row.promise_due_at) == ("on_hold", NEXT_DAY, NEXT_DAY)
    assert (await driver.events(vic.ticket)) == ["held", "promise_moved"]


async def test_moved_date_is_told_with_the_old_one(driver: DomainDriver) -> None:
    vic, ada = await on_hold(driver)
    for until in (UNTIL + timedelta(days=1), UNTIL - timedelta(hours=2)):
        await ada.puts_on_hold(vic.ticket, until, "Still waiting.", tell=True)
    assert (await events(driver, vic))[-1] == (
        "hold_moved",
        {
            "due": (UNTIL - timedelta(hours=2)).isoformat(),
            "promised": (UNTIL + timedelta(days=1)).isoformat(),
            "reason": "Still waiting.",
        },
    )
    assert [one.outcome for one in await stored(driver)] == ["replaced", "replaced", "replaced", None]


async def test_same_hold_twice_changes_nothing(driver: DomainDriver) -> None:
    vic, ada = await on_hold(driver)
    before = await vic.sees()
    await ada.puts_on_hold(vic.ticket, UNTIL)
    assert await vic.sees() == before


async def test_news_keep_no_promise_but_the_answer_before_the_end_does(driver: DomainDriver) -> None:
    vic, ada = await on_hold(driver)
    driver.now = FOUR_BEFORE - timedelta(hours=2)
    await ada.says(vic.ticket, "The bank will call you.")
    assert ((await vic.sees()).status, (await vic.sees()).owes_answer) == ("on_hold", True)
    driver.later(minutes=5)
    await ada.sets(vic.ticket, "solved")
    assert [one.outcome for one in await stored(driver)] == ["replaced", "kept"]
    row = await vic.sees()
    assert (row.estimated_at, row.hold_reason) == (None, None)


async def test_hold_without_an_answer_that_becomes_open_stays_due(driver: DomainDriver) -> None:
    vic, ada = await on_hold(driver)
    await ada.sets(vic.ticket, "open")
    row = await vic.sees()
    assert (row.promise_due_at, row.estimated_at, row.owes_answer) == (UNTIL, None, True)
    assert "broken" in [fact.alert for fact in await turn_to(driver, UNTIL + SECOND)]


@pytest.mark.parametrize("until", [DUE - timedelta(days=2, minutes=1), DUE + timedelta(days=400)])
async def test_date_is_within_a_year(driver: DomainDriver, until: datetime) -> None:
    vic, ada = await sends_form(driver), await driver.agent("Ada")
    with pytest.raises(BadRequest):
        await ada.puts_on_hold(vic.ticket, until)


async def test_closed_ticket_and_other_peoples_tickets_are_refused(driver: DomainDriver) -> None:
    vic, ada = await on_hold(driver)
    ben = await driver.agent("Ben")
    with pytest.raises(Conflict):
        await ben.puts_on_hold(vic.ticket, UNTIL + timedelta(days=1))
    await ada.sets(vic.ticket, "closed")
    with pytest.raises(NotAllowed):
        await ada.puts_on_hold(vic.ticket, UNTIL)
    assert await turn_to(driver, ONE_AFTER) == []
