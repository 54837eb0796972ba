"""Sites, departments and agents by command, and what becomes of them in a running server."""

import pytest

from tests.cli.cli_client import Browser, Operator, Server

ADA = "ada@example.com"
PASSWORD, OTHER = "a rather long password", "quite another password"
HIRE_ADA = ("agent", "add", ADA, "--name", "Ada", "--password-stdin")


async def test_a_site_is_made_changed_and_listed(operator: Operator) -> None:
    first, second = "https://www.example.com", "https://shop.example.com:8443"
    made = await operator.reads("site", "set", "shop", "--name", "Shop", "--origin", f"{first}/", "--secret")
    assert len(made["secret"]) >= 32
    same = await operator.reads("site", "set", "shop", "--name", "The shop", "--origin", first, "--origin", second)
    assert same == {"key": "shop", "secret": None}
    assert await operator.reads("site", "list") == [
        {"key": "demo", "name": "Demo", "origins": ["localhost"]},
        {"key": "shop", "name": "The shop", "origins": [first, second]},
    ]


async def test_site_set_changes_only_what_is_named(operator: Operator) -> None:
    first, second = "https://www.example.com", "https://shop.example.com"
    await operator.reads("site", "set", "shop", "--name", "Shop", "--origin", first)
    await operator.reads("site", "set", "shop", "--name", "The shop")
    assert (await operator.reads("site", "list"))[1] == {"key": "shop", "name": "The shop", "origins": [first]}
    await operator.reads("site", "set", "shop", "--origin", second)
    assert (await operator.reads("site", "list"))[1] == {"key": "shop", "name": "The shop", "origins": [second]}
    changed = await operator.reads("site", "set", "shop", "--secret")
    assert len(changed["secret"]) >= 32
    assert (await operator.reads("site", "list"))[1] == {"key": "shop", "name": "The shop", "origins": [second]}


@pytest.mark.parametrize("options", [("--origin", "https://www.example.com"), ("--name", "Shop"), ()])
async def test_new_site_needs_name_and_origin(operator: Operator, options: tuple[str, ...]) -> None:
    refused = await operator.types("site", "set", "shop", *options)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("Error: a new site needs ")
    assert [site["key"] for site in await operator.reads("site", "list")] == ["demo"]


async def test_what_no_browser_calls_an_origin_is_refused(operator: Operator) -> None:
    said = await operator.types("site", "set", "shop", "--name", "Shop", "--origin", "www.example.com/shop")
    assert (said.code, said.out) == (1, "")
    assert "www.example.com/shop" in said.err
    said = await operator.types("site", "set", "a key&more", "--name", "Shop", "--origin", "localhost")
    assert said.code == 1
    assert [site["key"] for site in await operator.reads("site", "list")] == ["demo"]


async def test_a_site_of_ones_own_replaces_the_demo_shop(operator: Operator, server: Server, browser: Browser) -> None:
    assert await browser.status("/") == 200
    await operator.reads("site", "set", "shop", "--name", "Shop", "--origin", "https://www.example.com")
    assert await browser.status("/") == 303
    assert await browser.status("/widget.js?site=shop") == 200
    assert await browser.status("/widget.js?site=nowhere") == 404


async def test_an_agent_of_a_department_can_sign_in(operator: Operator, server: Server, browser: Browser) -> None:
    payments = await operator.reads("department", "add", "Payments")
    again = await operator.types("department", "add", "Payments")
    assert (again.code, again.err) == (1, "Error: there is a department of this name\n")
    more = ("--role", "supervisor", "--department", "Payments", "--capacity", "2", "--language", "fr")
    assert (await operator.types(*HIRE_ADA, *more, stdin=f"{PASSWORD}\n")).code == 0
    assert await browser.signs_in(ADA, OTHER) == 401
    assert await browser.signs_in(ADA, PASSWORD) == 200
    ada = (await browser.gets("/api/session"))["agent"]
    assert (ada["name"], ada["role"], ada["capacity"], ada["departments"]) == ("Ada", "supervisor", 2, [payments["id"]])


async def test_a_category_of_a_department_has_a_service_of_its_own(
    operator: Operator, server: Server, browser: Browser
) -> None:
    unknown = await operator.types("department", "add", "Payments", "--category", "payment")
    assert (unknown.code, unknown.err) == (1, "Error: no such category payment\n")
    await operator.reads("department", "add", "Payments", "--category", "payments", "--category", "dispute")
    monday = "/api/service?site=demo&at=2026-11-23T10:00"
    assert (await browser.gets(f"{monday}&category=payments"))["state"] == "open"


async def test_who_can_not_be_added_is_told_why(operator: Operator) -> None:
    short = await operator.types(*HIRE_ADA, stdin="too short\n")
    assert (short.code, short.err) == (1, "Error: a password has at least 10 characters\n")
    lost = await operator.types("agent", "add", ADA, "--name", "Ada", "--department", "Nowhere")
    assert lost.code == 1
    assert "Nowhere" in lost.err
    assert (await operator.types(*HIRE_ADA, stdin=f"{PASSWORD}\n")).code == 0
    twice = await operator.types(*HIRE_ADA, stdin=f"{PASSWORD}\n")
    assert (twice.code, twice.err) == (1, "Error: this address is in use\n")
    unknown = await operator.types("agent", "link", "nobody@example.com")
    assert (unknown.code, unknown.out) == (1, "")


async def test_a_link_sets_a_password_once_and_ends_the_sessions(
    operator: Operator, server: Server, browser: Browser
) -> None:
    await operator.types(*HIRE_ADA, stdin=f"{PASSWORD}\n")
    assert await browser.signs_in(ADA, PASSWORD) == 200
    link = (await operator.types("agent", "link", ADA)).out.strip()
    assert link.startswith(f"{server.url}/password/")
    assert await browser.status("/api/session") == 401
    assert await browser.status(link) == 200
    assert await browser.fills_in(link, password="too short") == 422
    assert await browser.fills_in(link, password=OTHER) == 303
    assert await browser.status("/api/session") == 200
    assert [await browser.status(link), await browser.fills_in(link, password=PASSWORD)] == [404, 404]
    assert [await browser.signs_in(ADA, word) for word in (PASSWORD, OTHER)] == [401, 200]


async def test_who_is_removed_is_signed_out(operator: Operator, server: Server, browser: Browser) -> None:
    await operator.types(*HIRE_ADA, stdin=f"{PASSWORD}\n")
    assert await browser.signs_in(ADA, PASSWORD) == 200
    assert (await operator.types("agent", "remove", ADA)).code == 0
    assert await browser.status("/api/session") == 401
    assert await browser.signs_in(ADA, PASSWORD) == 401
    assert (await operator.types("agent", "remove", ADA)).code == 1
