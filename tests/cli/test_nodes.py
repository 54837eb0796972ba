"""Several processes over one PostgreSQL and one Redis, started by the lines of the Procfile."""

import signal
from collections.abc import Iterator

import pytest

from tests.cli.cli_client import Operator, browsing
from tests.services import Postgres
from tooling.steps import ROOT

ADA, PASSWORD = "ada@example.com", "a rather long password"


def procfile() -> dict[str, str]:
    """The word behind `python -m chat` of each line."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.removeprefix(" python -m chat ") for name, _, command in (x.partition(":") for x in lines)}


@pytest.fixture
def operator(operator: Operator, postgres: Postgres, valkey: str) -> Iterator[Operator]:
    """Everything that nodes of many are given."""
    with postgres.database() as url:
        operator.variables |= {"DATABASE_URL": url, "REDIS_URL": valkey, "SECRET_KEY": "k" * 32}
        yield operator


async def test_the_lines_of_the_procfile_make_a_house(operator: Operator) -> None:
    commands = procfile()
    assert commands.keys() == {"release", "web", "worker"}
    early = await operator.types(commands["web"])
    assert (early.code, "python -m chat migrate" in early.err) == (1, True)
    assert (await operator.types(commands["release"])).code == 0
    web = operator.serving(commands["web"], ready="Listening")
    worker = operator.serving(commands["worker"], ready="Working")
    async with web as first, worker as second, browsing(first) as browser:
        assert await browser.gets("/readyz") == {"ok": True, "database": "ok", "redis": "ok"}
        hired = ("agent", "add", ADA, "--name", "Ada", "--password-stdin")
        assert (await operator.types(*hired, stdin=f"{PASSWORD}\n")).code == 0
        assert await browser.signs_in(ADA, PASSWORD) == 200
        assert [await node.ends(signal.SIGTERM) for node in (first, second)] == [0, 0]


async def test_a_database_that_is_away_is_told_in_a_line(operator: Operator) -> None:
    away = f"postgresql://postgres@/guichet?host={operator.data_dir}"
    for command in ("migrate", "web"):
        said = await operator.types(command, DATABASE_URL=away)
        assert said.code == 1
        assert said.err.startswith("Error: the database can't be asked: ")
