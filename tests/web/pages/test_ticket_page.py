"""A ticket's own page: what its link opens, and answering there without script."""

import re
from urllib.parse import urlsplit

from aiohttp import ClientResponse

from chat.domain.tickets import lifecycle
from tests.web.conftest import House

FORM = {
    "site": "demo",
    "client_id": "zoe-form-0000001",
    "email": "zoe@example.com",
    "text": "Where is <b>my</b> parcel?\nI am worried.",
    "locale": "en",
}


async def zoes_page(house: House, **changed: object) -> tuple[str, str]:
    """The path of her page and her ticket's id."""
    told = await (await house.browser.post("/api/tickets", json=FORM | changed)).json()
    return urlsplit(told["link"]).path, told["ticket"]["id"]


async def read(house: House, path: str) -> str:
    answer = await house.browser.get(path)
    assert answer.status == 200
    return await answer.text()


def id_in(page: str) -> str:
    found = re.search(r'name="client_id" value="([^"]+)"', page)
    assert found
    return found[1]


async def answered(house: House, path: str, client_id: str, text: str = "Any news?") -> ClientResponse:
    form = {"client_id": client_id, "text": text}
    return await house.browser.post(path, data=form, allow_redirects=False)


async def test_it_shows_thread_status_and_promise(house: House) -> None:
    path, _ = await zoes_page(house)
    page = await read(house, path)
    assert "Your request no. 1" in page
    assert "We owe you an answer" in page
    assert "Wednesday 25\u00a0November at 10:00" in page
    assert "(Paris time)" in page
    assert "Where is &lt;b&gt;my&lt;/b&gt; parcel?\nI am worried." in page


async def test_an_agents_answer_appears_there(house: House) -> None:
    path, ticket = await zoes_page(house)
    await house.answers(await house.ada(), ticket, "On its way.")
    page = await read(house, path)
    assert "On its way." in page
    assert "Ada" in page
    assert "We are waiting for your answer" in page
    assert "Answer promised by" not in page


async def test_zoe_answers_and_her_words_are_there(house: House) -> None:
    path, _ = await zoes_page(house)
    answer = await answered(house, path, id_in(await read(house, path)))
    assert answer.status == 303
    page = await read(house, answer.headers["Location"])
    assert "Any news?" in page
    assert "your answer has arrived" in page


async def test_an_answer_sent_twice_is_one_message(house: House) -> None:
    path, _ = await zoes_page(house)
    client_id = id_in(await read(house, path))
    for _ in range(2):
        assert (await answered(house, path, client_id)).status == 303
    assert (await read(house, path)).count("Any news?") == 1


async def test_a_bad_answer_is_told_beside_the_box_with_its_words(house: House) -> None:
    path, _ = await zoes_page(house)
    client_id = id_in(await read(house, path))
    empty = await answered(house, path, client_id, " ")
    long = await answered(house, path, client_id, "x" * 4_001)
    assert (empty.status, long.status) == (422, 422)
    assert "Write us a few words." in await empty.text()
    assert "by 1." in await long.text()
    assert "x" * 4_001 in await long.text()
    assert id_in(await long.text()) == client_id


async def test_the_same_id_with_other_words_is_a_conflict(house: House) -> None:
    path, _ = await zoes_page(house)
    client_id = id_in(await read(house, path))
    await answered(house, path, client_id)
    assert (await answered(house, path, client_id, "Something else")).status == 409


async def test_a_solved_ticket_can_be_reopened_for_a_week(house: House) -> None:
    path, ticket = await zoes_page(house)
    ada = await house.ada()
    await house.answers(ada, ticket, "On its way.")
    await house.doors.store.write(lifecycle.set_status, ada.id, ticket, "solved", house.clock())
    page = await read(house, path)
    assert "before Monday 30\u00a0November at 10:00" in page
    house.clock.passes(days=2)
    assert (await answered(house, path, id_in(page))).status == 303
    assert "We owe you an answer" in await read(house, path)


async def test_an_ended_ticket_says_so_and_shows_the_way_on(house: House) -> None:
    path, ticket = await zoes_page(house)
    await house.doors.store.write(lifecycle.set_status, (await house.ada()).id, ticket, "closed", house.clock())
    page = await read(house, path)
    assert "This request is closed." in page
    assert '<a href="/contact?site=demo&amp;lang=en">' in page
    assert "<textarea" not in page
    late = await answered(house, path, "zoe-sent-this-0001")
    assert late.status == 409
    assert "This request is closed." in await late.text()


async def test_only_the_signed_link_opens_it(house: House) -> None:
    path, ticket = await zoes_page(house)
    vics, _ = await zoes_page(house, client_id="vic-form-0000001", email="vic@example.com")
    signature = vics.rpartition(".")[2]
    for link in (f"/t/{ticket}", f"/t/{ticket}.", f"/t/{ticket}.{signature}", path[:-1]):
        answer = await house.browser.get(link)
        assert answer.status == 404
        assert "parcel" not in await answer.text()
    assert "parcel" in await read(house, path)


async def test_its_address_does_not_travel(house: House) -> None:
    path, _ = await zoes_page(house)
    answer = await house.browser.get(path)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]


async def test_a_page_without_referrer_posts_with_a_null_origin(house: House) -> None:
    path, _ = await zoes_page(house)
    form = {"client_id": id_in(await read(house, path)), "text": "Any news?"}
    answer = await house.browser.post(path, data=form, headers={"Origin": "null"}, allow_redirects=False)
    assert answer.status == 303


async def test_answers_have_a_limit_too_and_the_words_stay(house: House) -> None:
    path, _ = await zoes_page(house)
    for number in range(60):
        assert (await answered(house, path, f"zoe-sent-this-{number:04}", f"No. {number}")).status == 303
    refused = await answered(house, path, "zoe-sent-this-9999", "One more")
    assert refused.status == 429
    assert "One more" in await refused.text()


async def test_a_long_thread_shows_its_end(house: House) -> None:
    path, ticket = await zoes_page(house)
    ada = await house.ada()
    for number in range(205):
        await house.answers(ada, ticket, f"Line {number}.", f"ada-sent-this-{number:04}")
    page = await read(house, path)
    assert "these are its last 200 messages" in page
    assert "Line 204." in page
    assert "Line 3." not in page
