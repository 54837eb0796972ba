"""The customer's page of a ticket: its signed link, its content, and replies without script."""

import gc
import re
from urllib.parse import urlsplit

from aiohttp import ClientResponse
from jinja2.runtime import Context

from chat.domain.tickets import lifecycle
from chat.store.rows import MessageRow
from tests.web.conftest import WebServer

FORM = {
    "site": "demo",
    "client_id": "zoe-form-0000001",
    "email": "zoe@example.com",
    "text": "Where is <b>my</b> parcel?\nI am worried.",
    "locale": "en",
}


async def create_ticket(server: WebServer, **changes: object) -> tuple[str, str]:
    """Send Zoe's form; returns the path of the ticket's page and the ticket's id."""
    body = await (await server.client.post("/api/tickets", json=FORM | changes)).json()
    return urlsplit(body["link"]).path, body["ticket"]["id"]


async def get_page(server: WebServer, path: str) -> str:
    response = await server.client.get(path)
    assert response.status == 200
    return await response.text()


def client_id_in(page: str) -> str:
    found = re.search(r'name="client_id" value="([^"]+)"', page)
    assert found
    return found[1]


async def post_answer(server: WebServer, path: str, client_id: str, text: str = "Any news?") -> ClientResponse:
    form = {"client_id": client_id, "text": text}
    return await server.client.post(path, data=form, allow_redirects=False)


async def test_page_shows_messages_status_and_promise(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    page = await get_page(server, path)
    assert "Your request #1" in page
    assert "Awaiting our reply" in page
    assert "Wednesday 25\u00a0November at 10:00" in page
    assert "(Paris time)" in page
    assert "Where is &lt;b&gt;my&lt;/b&gt; parcel?\nI am worried." in page


async def test_page_shows_the_answer_of_an_agent(server: WebServer) -> None:
    path, ticket = await create_ticket(server)
    await server.post_reply(await server.add_agent(), ticket, "On its way.")
    page = await get_page(server, path)
    assert "On its way." in page
    assert "Ada" in page
    assert "We are waiting for your answer" in page
    assert "Answer promised by" not in page


async def test_page_shows_the_reply_of_the_customer(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    response = await post_answer(server, path, client_id_in(await get_page(server, path)))
    assert response.status == 303
    page = await get_page(server, response.headers["Location"])
    assert "Any news?" in page
    assert "your answer has arrived" in page


async def test_reply_sent_twice_is_one_message(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    client_id = client_id_in(await get_page(server, path))
    for _ in range(2):
        assert (await post_answer(server, path, client_id)).status == 303
    assert (await get_page(server, path)).count("Any news?") == 1


async def test_refused_reply_is_shown_with_its_text_and_the_error(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    client_id = client_id_in(await get_page(server, path))
    empty = await post_answer(server, path, client_id, " ")
    long = await post_answer(server, path, client_id, "x" * 4_001)
    assert (empty.status, long.status) == (422, 422)
    assert "Write us a few words." in await empty.text()
    assert "by 1." in await long.text()
    assert "x" * 4_001 in await long.text()
    assert client_id_in(await long.text()) == client_id


async def test_same_client_id_with_another_text_is_a_conflict(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    client_id = client_id_in(await get_page(server, path))
    await post_answer(server, path, client_id)
    assert (await post_answer(server, path, client_id, "Something else")).status == 409


async def test_reply_reopens_a_solved_ticket_for_a_week(server: WebServer) -> None:
    path, ticket = await create_ticket(server)
    ada = await server.add_agent()
    await server.post_reply(ada, ticket, "On its way.")
    await server.context.store.write(lifecycle.set_status, ada.id, ticket, "solved", server.clock())
    page = await get_page(server, path)
    assert "Reply by Monday 30\u00a0November at 10:00 to reopen." in page
    server.clock.advance(days=2)
    assert (await post_answer(server, path, client_id_in(page))).status == 303
    assert "Awaiting our reply" in await get_page(server, path)


async def test_page_of_a_closed_ticket_links_to_a_new_form(server: WebServer) -> None:
    path, ticket = await create_ticket(server)
    await server.context.store.write(
        lifecycle.set_status, (await server.add_agent()).id, ticket, "closed", server.clock()
    )
    page = await get_page(server, path)
    assert "This request is closed." in page
    assert '<a href="/contact?site=demo&amp;lang=en">' in page
    assert "<textarea" not in page
    late = await post_answer(server, path, "zoe-sent-this-0001")
    assert late.status == 409
    assert "This request is closed." in await late.text()


async def test_only_the_signed_link_opens_the_page(server: WebServer) -> None:
    path, ticket = await create_ticket(server)
    vics, _ = await create_ticket(server, client_id="vic-form-0000001", email="vic@example.com")
    signature = vics.rpartition(".")[2]
    for link in (f"/t/{ticket}", f"/t/{ticket}.", f"/t/{ticket}.{signature}", path[:-1]):
        response = await server.client.get(link)
        assert response.status == 404
        assert "parcel" not in await response.text()
    assert "parcel" in await get_page(server, path)


async def test_link_is_not_sent_as_referrer_or_indexed(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    response = await server.client.get(path)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "noindex" in response.headers["X-Robots-Tag"]


async def test_reply_with_a_null_origin_is_accepted(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    form = {"client_id": client_id_in(await get_page(server, path)), "text": "Any news?"}
    response = await server.client.post(path, data=form, headers={"Origin": "null"}, allow_redirects=False)
    assert response.status == 303


async def test_rate_limited_reply_is_shown_with_its_text(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    for number in range(60):
        assert (await post_answer(server, path, f"zoe-sent-this-{number:04}", f"No. {number}")).status == 303
    refused = await post_answer(server, path, "zoe-sent-this-9999", "One more")
    assert refused.status == 429
    assert "One more" in await refused.text()


async def test_page_shows_the_newest_200_messages(server: WebServer) -> None:
    path, ticket = await create_ticket(server)
    ada = await server.add_agent()
    for number in range(205):
        await server.post_reply(ada, ticket, f"Line {number}.", f"ada-sent-this-{number:04}")
    page = await get_page(server, path)
    assert "these are its last 200 messages" in page
    assert "Line 204." in page
    assert "Line 3." not in page


async def test_read_page_leaves_nothing_to_the_garbage_collector(server: WebServer) -> None:
    path, _ = await create_ticket(server)
    await get_page(server, path)
    gc.collect()
    gc.disable()
    try:
        kept = live_objects(Context, MessageRow)
        for _ in range(5):
            assert "parcel" in await get_page(server, path)
        assert live_objects(Context, MessageRow) == kept
    finally:
        gc.enable()


def live_objects(*types: type[object]) -> list[int]:
    found = gc.get_objects()
    return [sum(isinstance(one, kind) for one in found) for kind in types]


async def test_address_may_open_sixty_pages_in_ten_seconds(server: WebServer) -> None:
    (path, _), (other, _) = await create_ticket(server), await create_ticket(server, client_id="zoe-form-0000002")
    statuses = [(await server.client.get((path, other)[number % 2])).status for number in range(61)]
    assert statuses == [200] * 60 + [429]
