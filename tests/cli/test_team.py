"""The commands `site`, `department` and `agent`, and their effect in a running server."""

import pytest

from tests.cli.cli_client import Browser, Operator, Server

ADA = "ada@example.com"
PASSWORD, OTHER = "a rather long password", "quite another password"
ADD_ADA = ("agent", "add", ADA, "--name", "Ada", "--password-stdin")


async def test_site_is_created_changed_and_listed(operator: Operator) -> None:
    first, second = "https://www.example.com", "https://shop.example.com:8443"
    made = await operator.run_json("site", "set", "shop", "--name", "Shop", "--origin", f"{first}/", "--secret")
    assert len(made["secret"]) >= 32
    same = await operator.run_json("site", "set", "shop", "--name", "The shop", "--origin", first, "--origin", second)
    assert same == {"key": "shop", "secret": None}
    assert await operator.run_json("site", "list") == [
        {"key": "demo", "name": "Demo", "origins": ["localhost"]},
        {"key": "shop", "name": "The shop", "origins": [first, second]},
    ]


async def test_site_set_changes_only_what_is_named(operator: Operator) -> None:
    first, second = "https://www.example.com", "https://shop.example.com"
    await operator.run_json("site", "set", "shop", "--name", "Shop", "--origin", first)
    await operator.run_json("site", "set", "shop", "--name", "The shop")
    assert (await operator.run_json("site", "list"))[1] == {"key": "shop", "name": "The shop", "origins": [first]}
    await operator.run_json("site", "set", "shop", "--origin", second)
    assert (await operator.run_json("site", "list"))[1] == {"key": "shop", "name": "The shop", "origins": [second]}
    changed = await operator.run_json("site", "set", "shop", "--secret")
    assert len(changed["secret"]) >= 32
    assert (await operator.run_json("site", "list"))[1] == {"key": "shop", "name": "The shop", "origins": [second]}


@pytest.mark.parametrize(
    ("password", "error"),
    [("only nine", "at least 10"), ("Password1234", "easy to guess"), ("x" * 1_001, "at most 1000")],
)
async def test_bad_password_on_standard_input_is_refused(operator: Operator, password: str, error: str) -> None:
    refused = await operator.run(*ADD_ADA, stdin=f"{password}\n")
    assert (refused.code, refused.out) == (1, "")
    assert error in refused.err
    assert password not in refused.err


@pytest.mark.parametrize("options", [("--origin", "https://www.example.com"), ("--name", "Shop"), ()])
async def test_new_site_needs_name_and_origin(operator: Operator, options: tuple[str, ...]) -> None:
    refused = await operator.run("site", "set", "shop", *options)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("Error: a new site needs ")
    assert [site["key"] for site in await operator.run_json("site", "list")] == ["demo"]


async def test_invalid_origin_or_key_is_refused(operator: Operator) -> None:
    result = await operator.run("site", "set", "shop", "--name", "Shop", "--origin", "www.example.com/shop")
    assert (result.code, result.out) == (1, "")
    assert "www.example.com/shop" in result.err
    result = await operator.run("site", "set", "a key&more", "--name", "Shop", "--origin", "localhost")
    assert result.code == 1
    assert [site["key"] for site in await operator.run_json("site", "list")] == ["demo"]


async def test_own_site_replaces_the_demo_shop(operator: Operator, server: Server, browser: Browser) -> None:
    assert await browser.status("/") == 200
    await operator.run_json("site", "set", "shop", "--name", "Shop", "--origin", "https://www.example.com")
    assert await browser.status("/") == 303
    assert await browser.status("/widget.js?site=shop") == 200
    assert await browser.status("/widget.js?site=nowhere") == 404


async def test_agent_of_department_can_sign_in(operator: Operator, server: Server, browser: Browser) -> None:
    payments = await operator.run_json("department", "add", "Payments")
    again = await operator.run("department", "add", "Payments")
    assert (again.code, again.err) == (1, "Error: there is a department of this name\n")
    more = ("--role", "supervisor", "--department", "Payments", "--capacity", "2", "--language", "fr")
    assert (await operator.run(*ADD_ADA, *more, stdin=f"{PASSWORD}\n")).code == 0
    assert await browser.sign_in(ADA, OTHER) == 401
    assert await browser.sign_in(ADA, PASSWORD) == 200
    ada = (await browser.get_json("/api/session"))["agent"]
    assert (ada["name"], ada["role"], ada["capacity"], ada["departments"]) == ("Ada", "supervisor", 2, [payments["id"]])


async def test_category_of_department_has_its_own_service(operator: Operator, server: Server, browser: Browser) -> None:
    unknown = await operator.run("department", "add", "Payments", "--category", "payment")
    assert (unknown.code, unknown.err) == (1, "Error: no such category payment\n")
    await operator.run_json("department", "add", "Payments", "--category", "payments", "--category", "dispute")
    monday = "/api/service?site=demo&at=2026-11-23T10:00"
    assert (await browser.get_json(f"{monday}&category=payments"))["state"] == "open"


async def test_refused_agent_commands_say_why(operator: Operator) -> None:
    short = await operator.run(*ADD_ADA, stdin="too short\n")
    assert (short.code, short.err) == (1, "Error: a password has at least 10 characters\n")
    lost = await operator.run("agent", "add", ADA, "--name", "Ada", "--department", "Nowhere")
    assert lost.code == 1
    assert "Nowhere" in lost.err
    assert (await operator.run(*ADD_ADA, stdin=f"{PASSWORD}\n")).code == 0
    twice = await operator.run(*ADD_ADA, stdin=f"{PASSWORD}\n")
    assert (twice.code, twice.err) == (1, "Error: this address is in use\n")
    unknown = await operator.run("agent", "link", "nobody@example.com")
    assert (unknown.code, unknown.out) == (1, "")


async def test_password_link_works_once_and_ends_sessions(operator: Operator, server: Server, browser: Browser) -> None:
    await operator.run(*ADD_ADA, stdin=f"{PASSWORD}\n")
    assert await browser.sign_in(ADA, PASSWORD) == 200
    link = (await operator.run("agent", "link", ADA)).out.strip()
    assert link.startswith(f"{server.url}/password/")
    assert await browser.status("/api/session") == 401
    assert await browser.status(link) == 200
    assert await browser.submit_form(link, password="too short") == 422
    assert await browser.submit_form(link, password=OTHER) == 303
    assert await browser.status("/api/session") == 200
    assert [await browser.status(link), await browser.submit_form(link, password=PASSWORD)] == [404, 404]
    assert [await browser.sign_in(ADA, word) for word in (PASSWORD, OTHER)] == [401, 200]


async def test_removed_agent_is_signed_out(operator: Operator, server: Server, browser: Browser) -> None:
    await operator.run(*ADD_ADA, stdin=f"{PASSWORD}\n")
    assert await browser.sign_in(ADA, PASSWORD) == 200
    assert (await operator.run("agent", "remove", ADA)).code == 0
    assert await browser.status("/api/session") == 401
    assert await browser.sign_in(ADA, PASSWORD) == 401
    assert (await operator.run("agent", "remove", ADA)).code == 1
