"""The command line: one function a command."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Coroutine, Iterator
from typing import BinaryIO, TypeVar, get_args

import click
import msgspec
import uvloop
from sqlalchemy.exc import DBAPIError, OperationalError

from chat import __version__, app, logging_config, processes
from chat.cli import control_socket
from chat.cli.operator_commands import (
    AddAgent,
    AddDepartment,
    CommandFailed,
    CreatePasswordLink,
    ListSites,
    OperatorCommand,
    OperatorContext,
    RemoveAgent,
    SetCalendar,
    SetSite,
    ShowCalendar,
    ShowHours,
    execute,
)
from chat.domain.reactions import react
from chat.domain.seed import seed
from chat.settings import BadSettings, Settings, settings_from
from chat.store.data_dir_lock import DataDirLocked, lock_data_dir
from chat.store.migrations import migrate as migrate_database
from chat.store.store import Store
from chat.store.transaction import Unavailable
from chat.vocabulary import Role
from chat.web.core.passwords import PASSWORD_ERRORS, Passwords, password_error

T = TypeVar("T")


def run_async(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end on uvloop."""
    # The writer's thread needs the interpreter for microseconds at a time. With Python's default switch interval it
    # could wait 5 ms for it, and each commit with it.
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@contextlib.contextmanager
def describe_error() -> Iterator[None]:
    """Print what an operator can repair in a line or two, without a traceback."""
    expected = (BadSettings, CommandFailed, DataDirLocked, Unavailable, processes.CannotListen, processes.NotMigrated)
    try:
        yield
    except expected as error:
        raise click.ClickException(str(error)) from error
    except OperationalError as error:
        raise click.ClickException(f"the database can't be asked: {error.orig}") from error
    except DBAPIError as error:
        # Such as a role that may not create tables. The second line and those after it quote the statement.
        raise click.ClickException(f"the database refuses: {str(error.orig).partition(chr(10))[0]}") from error


def settings_for(process: str) -> Settings:
    """The settings of this environment. Raises BadSettings."""
    return settings_from(os.environ, process)


def echo_json(answer: object) -> None:
    """Print a struct or plain values as JSON."""
    click.echo(json.dumps(msgspec.to_builtins(answer), indent=1, ensure_ascii=False))


def run(command: OperatorCommand[T]) -> T:
    """Run a command in the running server, or here under the lock of DATA_DIR."""
    with describe_error():
        return run_async(_run_there_or_here(settings_for("command"), command))


async def _run_there_or_here(settings: Settings, command: OperatorCommand[T]) -> T:
    if not settings.database_url.startswith("sqlite"):
        return await _run_here(settings, command)
    try:
        with lock_data_dir(settings.data_dir):
            return await _run_here(settings, command)
    except DataDirLocked as locked:
        try:
            return await control_socket.send(settings.data_dir, command)
        except OSError:
            raise locked from None


async def _run_here(settings: Settings, command: OperatorCommand[T]) -> T:
    await asyncio.to_thread(migrate_database, settings.database_url)
    store = Store(settings.database_url, lambda facts: None, react)
    await store.start()
    try:
        await store.write(seed, app.utc_now())
        return await execute(
            OperatorContext(settings, store, app.utc_now, app.timeouts_of(settings), presence_unknown), command
        )
    finally:
        await store.close()


async def presence_unknown() -> None:
    """Without a running node nothing refreshes presence, so this process can't tell who is available."""


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Guichet: the live-chat server that never loses a message."""


@main.command()
def serve() -> None:
    """One process on one machine: SQLite and an embedded Valkey unless the environment says otherwise."""
    with describe_error():
        settings = settings_for("serve")
        with lock_data_dir(settings.data_dir):
            logging_config.to_standard_error()
            run_async(processes.serve(settings, click.echo))


@main.command()
def web() -> None:
    """One node of several: PostgreSQL, Redis and SECRET_KEY are needed."""
    with describe_error():
        logging_config.to_standard_error()
        run_async(processes.web_node(settings_for("web"), click.echo))


@main.command()
def worker() -> None:
    """What happens by itself, for the nodes of `web`."""
    with describe_error():
        logging_config.to_standard_error()
        run_async(processes.worker_node(settings_for("worker"), click.echo))


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
    """The opening state, the mode (chat or form) and the promised time of answer."""
    service = run(ShowHours(at=at))
    if as_json:
        echo_json(service)
        return
    fields = msgspec.to_builtins(service)
    for name in ("state", "mode", "until", "next_open"):
        click.echo(f"{name:10} {fields[name] or '-'}")
    click.echo(f"{'promise':10} {fields['promise']['due'] if service.promise else '-'}")


@main.group()
def calendar() -> None:
    """The opening hours."""


@calendar.command("show")
def calendar_show() -> None:
    """Print the calendar in force as JSON."""
    echo_json(run(ShowCalendar()))


@calendar.command("set")
@click.argument("file", type=click.File("rb"))
def calendar_set(file: BinaryIO) -> None:
    """Put another calendar in force; a bad one is refused, naming the row."""
    try:
        found = json.loads(file.read())
    except ValueError as error:
        raise click.ClickException(f"this is no JSON: {error}") from error
    echo_json(run(SetCalendar(calendar=found)))


@main.group()
def site() -> None:
    """The websites that embed the widget."""


@site.command("list")
def site_list() -> None:
    """Print every site."""
    echo_json(run(ListSites()))


@site.command("set")
@click.argument("key")
@click.option("--name", help="needed for a new site")
@click.option(
    "--origin", "origins", multiple=True, help="https://www.example.com; again for more; needed for a new site"
)
@click.option(
    "--secret", is_flag=True, help="make and print a new secret; reserved: signed identities are not read yet"
)
def site_set(key: str, name: str | None, origins: tuple[str, ...], secret: bool) -> None:
    """Make a site, or change what is named of it; the origins given replace those before."""
    echo_json(run(SetSite(key=key, name=name, origins=list(origins) or None, secret=secret)))


@main.group()
def department() -> None:
    """The parts of the team."""


@department.command("add")
@click.argument("name")
@click.option("--category", "categories", multiple=True, help="its tickets go to this department; again for more")
def department_add(name: str, categories: tuple[str, ...]) -> None:
    """Add a department."""
    echo_json(run(AddDepartment(name=name, categories=list(categories))))


@main.group()
def agent() -> None:
    """The people who answer."""


@agent.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(get_args(Role)), default="agent")
@click.option("--department", "departments", multiple=True, help="by name; again for more")
@click.option("--capacity", type=click.IntRange(1, 100), default=4, help="chats at a time")
@click.option("--language", "languages", multiple=True)
@click.option("--password-stdin", is_flag=True, help="read the password from standard input")
def agent_add(
    email: str,
    name: str,
    role: Role,
    departments: tuple[str, ...],
    capacity: int,
    languages: tuple[str, ...],
    password_stdin: bool,
) -> None:
    """Add an agent; without a password, `agent link` lets them set one."""
    new = AddAgent(
        email=email,
        name=name,
        role=role,
        capacity=capacity,
        departments=list(departments),
        languages=list(languages),
        password_hash=_hash_of_password_on_stdin() if password_stdin else None,
    )
    echo_json(run(new))


def _hash_of_password_on_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if error := password_error(password):
        raise click.ClickException(PASSWORD_ERRORS[error])
    return run_async(_hash_password(password))


async def _hash_password(password: str) -> str:
    passwords = Passwords()
    try:
        return await passwords.hash_password(password)
    finally:
        passwords.close()


@agent.command("link")
@click.argument("email")
def agent_link(email: str) -> None:
    """A one-time link that sets a password; ends that agent's sessions."""
    click.echo(run(CreatePasswordLink(email=email)))


@agent.command("remove")
@click.argument("email")
def agent_remove(email: str) -> None:
    """Remove an agent: sockets cut, chats back in the queue."""
    run(RemoveAgent(email=email))
