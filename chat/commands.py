"""The command line: one function a command."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, BinaryIO, TypeVar

import click
import uvloop
from sqlalchemy.exc import OperationalError

from chat import __version__, admin, app, control, logs
from chat.admin import Answer, Asked, Desk, Failed
from chat.desk.dialogue import mend
from chat.desk.install import seed
from chat.settings import BadSettings, Settings, settings_from
from chat.store.lock import Locked, locked
from chat.store.migrations import migrate as migrate_database
from chat.store.works import Unavailable, Works
from chat.web.passwords import SHORTEST, Passwords

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on the fast loop."""
    # The writer's thread needs the interpreter for microseconds at a time; to wait 5 ms for it would delay each commit.
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """What an operator can mend is told in a line or two, without a traceback."""
    try:
        yield
    except (BadSettings, Failed, Locked, Unavailable, app.CannotListen, app.NotMigrated) as failed:
        raise click.ClickException(str(failed)) from failed
    except OperationalError as away:
        raise click.ClickException(f"the database can't be asked: {away.orig}") from away


def settings_for(command: str) -> Settings:
    return settings_from(os.environ, command)


def told(answer: object) -> None:
    click.echo(json.dumps(answer, indent=1, ensure_ascii=False))


def done(command: str, **asked: object) -> Answer:
    """Do a command in the running server, or here with the data under the lock."""
    with in_words():
        return run(_done(settings_for(command), command, asked))


async def _done(settings: Settings, command: str, asked: Asked) -> Answer:
    if not settings.database_url.startswith("sqlite"):
        return await _done_here(settings, command, asked)
    try:
        with locked(settings.data_dir):
            return await _done_here(settings, command, asked)
    except Locked as held:
        try:
            return await control.ask(settings.data_dir, command, asked)
        except OSError:
            raise held from None


async def _done_here(settings: Settings, command: str, asked: Asked) -> Answer:
    await asyncio.to_thread(migrate_database, settings.database_url)
    works = Works(settings.database_url, lambda told: None)
    await works.start()
    try:
        await works.run(mend)
        await works.run(seed, app.utc_now())
        return await admin.run(Desk(settings, works, app.utc_now, nobody_known), command, asked)
    finally:
        await works.close()


async def nobody_known() -> None:
    """Presence can't be asked from here."""


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Guichet: the live-chat server that never loses a word."""


@main.command()
def serve() -> None:
    """One process on one machine: SQLite and an embedded Valkey unless the environment says otherwise."""
    with in_words():
        settings = settings_for("serve")
        with locked(settings.data_dir):
            logs.to_standard_error()
            run(app.serve(settings, click.echo))


@main.command()
def web() -> None:
    """One node of several: PostgreSQL, Redis and SECRET_KEY are needed."""
    with in_words():
        logs.to_standard_error()
        run(app.web_node(settings_for("web"), click.echo))


@main.command()
def worker() -> None:
    """What happens by itself, for the nodes of `web`."""
    with in_words():
        logs.to_standard_error()
        run(app.worker_node(settings_for("worker"), click.echo))


@main.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    with in_words(), contextlib.ExitStack() as owned:
        settings = settings_for("migrate")
        if settings.database_url.startswith("sqlite"):
            owned.enter_context(locked(settings.data_dir))
        migrate_database(settings.database_url)


@main.command()
@click.option("--at", help="another moment: 2026-11-24T10:00, in the calendar's zone or with its offset")
@click.option("--json", "as_json", is_flag=True, help="print a Service")
def hours(at: str | None, as_json: bool) -> None:
    """Whether the desk is open, and what is promised."""
    found = done("hours", at=at)
    if as_json:
        told(found)
        return
    for name in ("state", "mode", "until", "next_open"):
        click.echo(f"{name:10} {found[name] or '-'}")
    click.echo(f"{'promise':10} {(found['promise'] or {}).get('due', '-')}")


@main.group()
def calendar() -> None:
    """The opening hours."""


@calendar.command("show")
def calendar_show() -> None:
    """Print the calendar in force as JSON."""
    told(done("calendar show"))


@calendar.command("set")
@click.argument("file", type=click.File("rb"))
def calendar_set(file: BinaryIO) -> None:
    """Put another calendar in force; a bad one is refused, naming the row."""
    try:
        found = json.loads(file.read())
    except ValueError as error:
        raise click.ClickException(f"this is no JSON: {error}") from error
    told(done("calendar set", calendar=found))


@main.group()
def site() -> None:
    """The websites that embed the widget."""


@site.command("list")
def site_list() -> None:
    """Print every site."""
    told(done("site list")["sites"])


@site.command("set")
@click.argument("key")
@click.option("--name", required=True)
@click.option("--origin", "origins", multiple=True, required=True, help="https://www.example.com; again for more")
@click.option("--secret", is_flag=True, help="make a new secret for signed identities and print it")
def site_set(key: str, name: str, origins: tuple[str, ...], secret: bool) -> None:
    """Make or change a site."""
    told(done("site set", key=key, name=name, origins=list(origins), secret=secret))


@main.group()
def department() -> None:
    """The parts of the team."""


@department.command("add")
@click.argument("name")
@click.option("--category", "categories", multiple=True, help="what is sent under it goes there; again for more")
def department_add(name: str, categories: tuple[str, ...]) -> None:
    """Add a department."""
    told(done("department add", name=name, categories=list(categories)))


@main.group()
def agent() -> None:
    """The people who answer."""


@agent.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(["admin", "supervisor", "agent"]), default="agent")
@click.option("--department", "departments", multiple=True, help="by name; again for more")
@click.option("--capacity", type=click.IntRange(1, 100), default=4, help="chats at a time")
@click.option("--language", "languages", multiple=True)
@click.option("--password-stdin", is_flag=True, help="read the password from standard input")
def agent_add(email: str, password_stdin: bool, **asked: object) -> None:
    """Add an agent; without a password, `agent link` lets them set one."""
    asked = {key: list(value) if isinstance(value, tuple) else value for key, value in asked.items()}
    password_hash = _hashed(sys.stdin.readline().rstrip("\r\n")) if password_stdin else None
    told(done("agent add", email=email, password_hash=password_hash, **asked))


def _hashed(password: str) -> str:
    if len(password) < SHORTEST:
        raise click.ClickException(f"a password has at least {SHORTEST} characters")
    passwords = Passwords()
    return run(_in_time(passwords.hashed(password), passwords.close))


async def _in_time(answer: Coroutine[Any, Any, str], close: Callable[[], None]) -> str:
    try:
        return await answer
    finally:
        close()


@agent.command("link")
@click.argument("email")
def agent_link(email: str) -> None:
    """A one-time link that sets a password; ends that agent's sessions."""
    click.echo(done("agent link", email=email)["link"])


@agent.command("remove")
@click.argument("email")
def agent_remove(email: str) -> None:
    """Remove an agent: sockets cut, chats back in the queue."""
    done("agent remove", email=email)
