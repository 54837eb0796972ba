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

from chat import __version__, app, logging_config, processes
from chat.cli import control_socket, operator_commands
from chat.cli.operator_commands import Answer, Arguments, Failed, OperatorContext
from chat.domain.messages.fast_path import repair_ticket_rows
from chat.domain.seed import seed
from chat.settings import BadSettings, Settings, settings_from
from chat.store.data_dir_lock import DataDirLocked, lock_data_dir
from chat.store.migrations import migrate as migrate_database
from chat.store.store import Store
from chat.store.transaction import Unavailable
from chat.web.auth.passwords import MIN_LENGTH, Passwords

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on the fast loop."""
    # The writer's thread needs the interpreter for microseconds at a time; to wait 5 ms for it would delay each commit.
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@contextlib.contextmanager
def describe_error() -> Iterator[None]:
    """What an operator can mend is told in a line or two, without a traceback."""
    try:
        yield
    except (BadSettings, Failed, DataDirLocked, Unavailable, processes.CannotListen, processes.NotMigrated) as failed:
        raise click.ClickException(str(failed)) from failed
    except OperationalError as away:
        raise click.ClickException(f"the database can't be asked: {away.orig}") from away


def settings_for(command: str) -> Settings:
    return settings_from(os.environ, command)


def echo_json(answer: object) -> None:
    click.echo(json.dumps(answer, indent=1, ensure_ascii=False))


def run_operator_command(command: str, **asked: object) -> Answer:
    """Do a command in the running server, or here with the data under the lock."""
    with describe_error():
        return run(_run_command(settings_for(command), command, asked))


async def _run_command(settings: Settings, command: str, asked: Arguments) -> Answer:
    if not settings.database_url.startswith("sqlite"):
        return await _run_here(settings, command, asked)
    try:
        with lock_data_dir(settings.data_dir):
            return await _run_here(settings, command, asked)
    except DataDirLocked as held:
        try:
            return await control_socket.ask(settings.data_dir, command, asked)
        except OSError:
            raise held from None


async def _run_here(settings: Settings, command: str, asked: Arguments) -> Answer:
    await asyncio.to_thread(migrate_database, settings.database_url)
    store = Store(settings.database_url, lambda told: None)
    await store.start()
    try:
        await store.write(repair_ticket_rows)
        await store.write(seed, app.utc_now())
        return await operator_commands.run(
            OperatorContext(settings, store, app.utc_now, presence_unknown), command, asked
        )
    finally:
        await store.close()


async def presence_unknown() -> None:
    """Presence can't be asked from here."""


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Guichet: the live-chat server that never loses a word."""


@main.command()
def serve() -> None:
    """One process on one machine: SQLite and an embedded Valkey unless the environment says otherwise."""
    with describe_error():
        settings = settings_for("serve")
        with lock_data_dir(settings.data_dir):
            logging_config.to_standard_error()
            run(processes.serve(settings, click.echo))


@main.command()
def web() -> None:
    """One node of several: PostgreSQL, Redis and SECRET_KEY are needed."""
    with describe_error():
        logging_config.to_standard_error()
        run(processes.web_node(settings_for("web"), click.echo))


@main.command()
def worker() -> None:
    """What happens by itself, for the nodes of `web`."""
    with describe_error():
        logging_config.to_standard_error()
        run(processes.worker_node(settings_for("worker"), click.echo))


@main.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    with describe_error(), contextlib.ExitStack() as owned:
        settings = settings_for("migrate")
        if settings.database_url.startswith("sqlite"):
            owned.enter_context(lock_data_dir(settings.data_dir))
        migrate_database(settings.database_url)


@main.command()
@click.option("--at", help="another moment: 2026-11-24T10:00, in the calendar's zone or with its offset")
@click.option("--json", "as_json", is_flag=True, help="print a Service")
def hours(at: str | None, as_json: bool) -> None:
    """Whether the desk is open, and what is promised."""
    found = run_operator_command("hours", at=at)
    if as_json:
        echo_json(found)
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
    echo_json(run_operator_command("calendar show"))


@calendar.command("set")
@click.argument("file", type=click.File("rb"))
def calendar_set(file: BinaryIO) -> None:
    """Put another calendar in force; a bad one is refused, naming the row."""
    try:
        found = json.loads(file.read())
    except ValueError as error:
        raise click.ClickException(f"this is no JSON: {error}") from error
    echo_json(run_operator_command("calendar set", calendar=found))


@main.group()
def site() -> None:
    """The websites that embed the widget."""


@site.command("list")
def site_list() -> None:
    """Print every site."""
    echo_json(run_operator_command("site list")["sites"])


@site.command("set")
@click.argument("key")
@click.option("--name", required=True)
@click.option("--origin", "origins", multiple=True, required=True, help="https://www.example.com; again for more")
@click.option("--secret", is_flag=True, help="make a new secret for signed identities and print it")
def site_set(key: str, name: str, origins: tuple[str, ...], secret: bool) -> None:
    """Make or change a site."""
    echo_json(run_operator_command("site set", key=key, name=name, origins=list(origins), secret=secret))


@main.group()
def department() -> None:
    """The parts of the team."""


@department.command("add")
@click.argument("name")
@click.option("--category", "categories", multiple=True, help="what is sent under it goes there; again for more")
def department_add(name: str, categories: tuple[str, ...]) -> None:
    """Add a department."""
    echo_json(run_operator_command("department add", name=name, categories=list(categories)))


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
    echo_json(run_operator_command("agent add", email=email, password_hash=password_hash, **asked))


def _hashed(password: str) -> str:
    if len(password) < MIN_LENGTH:
        raise click.ClickException(f"a password has at least {MIN_LENGTH} characters")
    passwords = Passwords()
    return run(_with_deadline(passwords.hash_password(password), passwords.close))


async def _with_deadline(answer: Coroutine[Any, Any, str], close: Callable[[], None]) -> str:
    try:
        return await answer
    finally:
        close()


@agent.command("link")
@click.argument("email")
def agent_link(email: str) -> None:
    """A one-time link that sets a password; ends that agent's sessions."""
    click.echo(run_operator_command("agent link", email=email)["link"])


@agent.command("remove")
@click.argument("email")
def agent_remove(email: str) -> None:
    """Remove an agent: sockets cut, chats back in the queue."""
    run_operator_command("agent remove", email=email)
