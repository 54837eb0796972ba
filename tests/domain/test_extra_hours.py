"""An administrator opens the desk for an hour, and everything else follows from the calendar."""

from datetime import timedelta

import pytest

from chat.domain.calendar.actions import end_opening, open_for_an_hour, set_calendar
from chat.domain.queries.calendar import load_calendar
from chat.domain.refusals import ChatUnavailable, Conflict
from chat.domain.rules.hours.calendar import DEFAULT
from chat.domain.rules.hours.calendar_json import to_json
from chat.domain.service_status import current_service
from tests.domain.domain_driver import MONDAY, DomainDriver

# 22:28 in Paris.
SATURDAY_NIGHT = MONDAY + timedelta(days=5, hours=12, minutes=28)


async def service(driver: DomainDriver) -> tuple[str, str, bool]:
    found = await driver.read(current_service, driver.context)
    return found.state, found.mode, found.extra_hours


async def test_chats_begin_for_an_hour_and_the_form_keeps_its_promise(driver: DomainDriver) -> None:
    driver.now = SATURDAY_NIGHT
    await driver.agent("Ada")
    assert await service(driver) == ("closed", "form", False)
    promised = (await driver.read(current_service, driver.context)).due
    with pytest.raises(ChatUnavailable):
        await driver.visitor("Vic").starts()
    await driver.run(open_for_an_hour, driver.now)
    assert await service(driver) == ("open", "chat", True)
    assert (await driver.read(current_service, driver.context)).due == promised
    await driver.visitor("Vic").starts()
    driver.later(minutes=59)
    assert await service(driver) == ("open", "chat", True)
    driver.later(minutes=1)
    assert await service(driver) == ("closed", "form", False)


async def test_an_hour_can_begin_again_and_end_before_its_time(driver: DomainDriver) -> None:
    driver.now = SATURDAY_NIGHT
    await driver.run(set_calendar, to_json(DEFAULT))
    await driver.run(open_for_an_hour, driver.now)
    driver.later(minutes=30)
    calendar = await driver.run(open_for_an_hour, driver.now)
    assert len(calendar.exceptions) == 1
    driver.later(minutes=45)
    assert (await service(driver))[0] == "open"
    await driver.run(end_opening, driver.now)
    assert (await service(driver))[0] == "closed"
    assert await driver.read(load_calendar) == DEFAULT
    await driver.run(end_opening, driver.now)
    assert await driver.read(load_calendar) == DEFAULT


@pytest.mark.parametrize("days", [0, 5])
async def test_a_desk_that_has_chats_is_not_opened(driver: DomainDriver, days: int) -> None:
    driver.later(days=days)
    assert (await service(driver))[0] == ("open" if days == 0 else "limited")
    with pytest.raises(Conflict):
        await driver.run(open_for_an_hour, driver.now)
    assert await driver.read(load_calendar) == DEFAULT
