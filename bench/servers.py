"""Who is measured: the product on SQLite, the product on PostgreSQL, and Node's socket.io as the yardstick."""

import contextlib
import itertools
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from bench import load_generator
from bench.db_counts import in_postgres, in_sqlite
from bench.fixtures import Cast, Size, furnished
from bench.interleaving import Rounds
from bench.load_generator import Person, Stage, write_people
from bench.machine import OTHERS, family
from bench.server_process import Child, child
from chat.live.embedded import OPTIONS, binary, socket_in
from tests import services
from tests.services import Postgres
from tooling import node
from tooling.steps import ROOT, digest, once

TALKING = Size(agents=20, visitors=200)
YARDSTICK = ROOT / "bench/node"
# Wide enough that nobody is told "too many", and long enough that nobody is taken for gone.
GENEROUS = {
    "VISITOR_COMMANDS": "1000000",
    "AGENT_COMMANDS": "1000000",
    "ADDRESS_TIMES": "1000",
    "GRACE_S": "100000",
}
Contender = Callable[[], AbstractContextManager[Stage]]


class Workshop:
    """The folder of one run, and what is made once in it and used in every round."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rest = ExitStack()
        self._numbers = itertools.count(1)
        self.kept: dict[str, object] = {}
        self._casts: dict[object, Cast] = {}

    def keep(self, name: str, found: Rounds[Any]) -> None:
        """All that was measured, for the file of results."""
        self.kept[name] = found.plain()

    def new_folder(self) -> Path:
        made = self.folder / f"round-{next(self._numbers)}"
        made.mkdir()
        return made

    # -- the product, one process on SQLite --------------------------------------------------------------------

    @contextlib.contextmanager
    def serve(self, size: Size = TALKING, port: int = 0) -> Iterator[Stage]:
        """`chat serve` with its own Valkey, whose CPU counts as the product's."""
        folder, cast = self.installed(size)
        with self.serving(folder, port) as server:
            people = product_people(folder / "people", cast, 1)
            stored = partial(in_sqlite, folder / "guichet.db")
            yield Stage([server.port], family(server.pid), people, stored=stored)

    def serving(self, folder: Path, port: int = 0) -> AbstractContextManager[Child]:
        """`chat serve` on this folder."""
        variables = {**GENEROUS, "DATA_DIR": str(folder), "PORT": str(port)}
        return child((sys.executable, "-m", "chat", "serve"), variables, log=folder / "log", ready="Shop")

    def installed(self, size: Size) -> tuple[Path, Cast]:
        """A copy of its own of the installation of this size."""
        first = self.folder / f"desk-{'-'.join(map(str, size))}"
        if size not in self._casts:
            first.mkdir()
            self._casts[size] = furnished(f"sqlite:///{first / 'guichet.db'}", size)
        folder = self.new_folder()
        shutil.copytree(first, folder, dirs_exist_ok=True)
        return folder, self._casts[size]

    # -- the product, several processes on PostgreSQL ----------------------------------------------------------

    @contextlib.contextmanager
    def web(self, nodes: int = 1, size: Size = TALKING) -> Iterator[Stage]:
        """`chat web` so many times; worker, PostgreSQL and Valkey are the others."""
        folder = self.new_folder()
        with ExitStack() as stack:
            url, cast = stack.enter_context(self._database(size))
            variables = {**GENEROUS, "DATA_DIR": str(folder), "PORT": "0", "SECRET_KEY": "k" * 32}
            variables |= {"DATABASE_URL": url, "REDIS_URL": f"unix://{stack.enter_context(valkey())}"}
            chat, log = (sys.executable, "-m", "chat"), folder / "log"
            worker = stack.enter_context(child((*chat, "worker"), variables, log=log, ready="Working", core=OTHERS))
            webs = [
                stack.enter_context(child((*chat, "web"), variables, log=log, ready="Listening")) for _ in range(nodes)
            ]
            people = product_people(folder / "people", cast, nodes)
            ports, pids = [web.port for web in webs], [web.pid for web in webs]
            yield Stage(ports, pids, people, [worker.pid], partial(in_postgres, url))

    @contextlib.contextmanager
    def _database(self, size: Size) -> Iterator[tuple[str, Cast]]:
        def furnish(url: str) -> None:
            self._casts["postgres", size] = furnished(url.replace("postgresql:", "postgresql+psycopg:"), size)

        prepare = self._furnishers.setdefault(size, furnish)
        with self._postgres.database(prepare) as url:
            yield url, self._casts["postgres", size]

    @cached_property
    def _furnishers(self) -> dict[Size, Callable[[str], None]]:
        return {}

    @cached_property
    def _postgres(self) -> Postgres:
        return self.rest.enter_context(services.postgres())

    # -- the yardstick -----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def node(self, nodes: int = 1, size: Size = TALKING) -> Iterator[Stage]:
        """Node's socket.io, with its Redis adapter where there are several."""
        folder = self.new_folder()
        with ExitStack() as stack:
            redis = (str(stack.enter_context(valkey())),) if nodes > 1 else ()
            command = (node.find().node, str(YARDSTICK / "server.js"), *redis)
            production = {"NODE_ENV": "production"}
            servers = [
                stack.enter_context(child(command, production, log=folder / "log", ready="Listening"))
                for _ in range(nodes)
            ]
            people = node_people(folder / "people", size, nodes)
            yield Stage([one.port for one in servers], [one.pid for one in servers], people)


@contextlib.contextmanager
def workshop() -> Iterator[Workshop]:
    """On the project's own disk, so that what is synced is synced as in production; gone afterwards."""
    load_generator.BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=load_generator.BUILD) as folder:
        shop = Workshop(Path(folder))
        with shop.rest:
            yield shop


@contextlib.contextmanager
def valkey() -> Iterator[Path]:
    """The socket of a Valkey for several nodes, beside the load."""
    with tempfile.TemporaryDirectory(prefix="guichet-") as folder:
        path = socket_in(Path(folder))
        command = (str(binary()), *OPTIONS, "--loglevel", "notice", "--dir", folder, "--unixsocket", str(path))
        with child(command, {}, log=Path(folder, "errors"), ready="Ready to accept", core=OTHERS):
            yield path


def product_people(path: Path, cast: Cast, nodes: int) -> Path:
    """Each agent on the node after that of their visitors, so that with several all messages cross."""
    agents = [Person((number + 1) % nodes, "{}", cookie=cookie) for number, cookie in enumerate(cast.cookies)]
    visitors = [Person(one.agent % nodes, auth(one.token), one.agent, ticket=one.ticket) for one in cast.visitors]
    return write_people(path, agents, [*visitors, *(Person(0, auth(token)) for token in cast.guests)])


def auth(token: str) -> str:
    """What a visitor's connect carries."""
    return json.dumps({"site": "demo", "token": token})


def node_people(path: Path, size: Size, nodes: int) -> Path:
    """The same people, each with the rooms of their tickets; names as long as the product's."""
    names = [f"t_{number:016}" for number in range(size.visitors)]
    rooms = [names[number :: size.agents] for number in range(size.agents)]
    agents = [Person((number + 1) % nodes, json.dumps({"tickets": own})) for number, own in enumerate(rooms)]
    visitors = [
        Person(number % size.agents % nodes, json.dumps({"tickets": [name]}), number % size.agents, ticket=name)
        for number, name in enumerate(names)
    ]
    return write_people(path, agents, visitors)


def yardstick_ready() -> None:
    """Installs what package-lock.json names beside the yardstick."""
    stamp = YARDSTICK / "node_modules/.done"
    mark = digest("bench/node/package.json", "bench/node/package-lock.json")
    install = partial(node.npm, "ci", "--prefix", str(YARDSTICK))
    once(stamp, mark, "installing Node's socket.io, the yardstick", install)
