"""The processes of the Procfile, with one PostgreSQL and one Redis."""

import signal
from collections.abc import Iterator

import psycopg
import pytest

from tests.cli.cli_client import Operator, open_browser
from tests.services import Postgres
from tooling.steps import ROOT

ADA, PASSWORD = "ada@example.com", "a rather long password"


def procfile() -> dict[str, str]:
    """The command after `python -m chat` of each process."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.removeprefix(" python -m chat ") for name, _, command in (x.partition(":") for x in lines)}


@pytest.fixture
def operator(operator: Operator, postgres: Postgres, valkey: str) -> Iterator[Operator]:
    """An operator with the variables that several nodes share."""
    with postgres.database() as url:
        operator.variables |= {"DATABASE_URL": url, "REDIS_URL": valkey, "SECRET_KEY": "k" * 32}
        yield operator


async def test_procfile_commands_start_a_web_node_and_a_worker(operator: Operator) -> None:
    commands = procfile()
    assert commands.keys() == {"release", "web", "worker"}
    too_early = await operator.run(commands["web"])
    assert (too_early.code, "python -m chat migrate" in too_early.err) == (1, True)
    assert (await operator.run(commands["release"])).code == 0
    web = operator.serving(commands["web"], ready="Listening")
    worker = operator.serving(commands["worker"], ready="Working")
    async with web as first, worker as second, open_browser(first) as browser:
        assert await browser.get_json("/readyz") == {"ok": True, "database": "ok", "redis": "ok"}
        add_ada = ("agent", "add", ADA, "--name", "Ada", "--password-stdin")
        assert (await operator.run(*add_ada, stdin=f"{PASSWORD}\n")).code == 0
        assert await browser.sign_in(ADA, PASSWORD) == 200
        assert [await node.signal_and_wait(signal.SIGTERM) for node in (first, second)] == [0, 0]


async def test_role_that_may_create_no_tables_is_reported_in_one_line(operator: Operator) -> None:
    url = operator.variables["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        owner.execute("CREATE ROLE reader LOGIN")
    try:
        result = await operator.run("migrate", DATABASE_URL=url.replace("postgres@", "reader@"))
    finally:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("DROP ROLE reader")
    assert (result.code, len(result.err.splitlines())) == (1, 1), result.err
    assert result.err.startswith("Error: the database refuses: permission denied for schema public")


async def test_unreachable_database_is_reported_in_one_line(operator: Operator) -> None:
    away = f"postgresql://postgres@/guichet?host={operator.data_dir}"
    for command in ("migrate", "web"):
        result = await operator.run(command, DATABASE_URL=away)
        assert result.code == 1
        assert result.err.startswith("Error: the database can't be asked: ")
