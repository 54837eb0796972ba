"""The servers to measure: the product on SQLite, the product on PostgreSQL, and Node's socket.io as the baseline."""

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
from bench.db_counts import count_in_postgres, count_in_sqlite
from bench.fixtures import Fixtures, Size, create_fixtures
from bench.interleaving import RoundResults
from bench.load_generator import Deployment, SimulatedClient, write_clients
from bench.machine import LOAD_CORE, tree_pids
from bench.server_process import ServerProcess, server_process
from chat.cluster.embedded_valkey import OPTIONS, binary, socket_path
from tests import services
from tests.services import Postgres
from tooling import node
from tooling.steps import ROOT, digest, run_once

DEFAULT_SIZE = Size(agents=20, visitors=200)
NODE_FOLDER = ROOT / "bench/node"
# So high that no client is rate limited and no agent counts as absent.
RAISED_LIMITS = {
    "VISITOR_COMMANDS": "1000000",
    "AGENT_COMMANDS": "1000000",
    "ADDRESS_TIMES": "1000",
    "CONNECTIONS_PER_ADDRESS": "1000000",
    "AGENT_GRACE_S": "100000",
}
StartDeployment = Callable[[], AbstractContextManager[Deployment]]


class BenchRun:
    """The folder of one run, its measurements, and the fixtures that all rounds share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cleanup = ExitStack()
        self._numbers = itertools.count(1)
        self.measured: dict[str, object] = {}
        self._fixtures: dict[object, Fixtures] = {}

    def record(self, name: str, rounds: RoundResults[Any]) -> None:
        """Keep all measurements for the result file."""
        self.measured[name] = rounds.to_json()

    def create_folder(self) -> Path:
        created = self.folder / f"round-{next(self._numbers)}"
        created.mkdir()
        return created

    # -- the product, one process on SQLite --------------------------------------------------------------------

    @contextlib.contextmanager
    def guichet_on_sqlite(self, size: Size = DEFAULT_SIZE, port: int = 0) -> Iterator[Deployment]:
        """`chat serve` with its embedded Valkey, whose CPU counts as the product's."""
        folder, fixtures = self.copy_installation(size)
        with self.start_serve(folder, port) as server:
            clients_file = write_guichet_clients(folder / "clients", fixtures, 1)
            count_stored = partial(count_in_sqlite, folder / "guichet.db")
            yield Deployment([server.port], tree_pids(server.pid), clients_file, count_stored=count_stored)

    def start_serve(self, folder: Path, port: int = 0) -> AbstractContextManager[ServerProcess]:
        """Run `chat serve` on this folder."""
        variables = {**RAISED_LIMITS, "DATA_DIR": str(folder), "PORT": str(port)}
        return server_process((sys.executable, "-m", "chat", "serve"), variables, log=folder / "log", ready="Shop")

    def copy_installation(self, size: Size) -> tuple[Path, Fixtures]:
        """A new copy of the installation of this size, which the first call creates."""
        original = self.folder / f"installation-{'-'.join(map(str, size))}"
        if size not in self._fixtures:
            original.mkdir()
            self._fixtures[size] = create_fixtures(f"sqlite:///{original / 'guichet.db'}", size)
        folder = self.create_folder()
        shutil.copytree(original, folder, dirs_exist_ok=True)
        return folder, self._fixtures[size]

    # -- the product, several processes on PostgreSQL ----------------------------------------------------------

    @contextlib.contextmanager
    def guichet_on_postgres(self, nodes: int = 1, size: Size = DEFAULT_SIZE) -> Iterator[Deployment]:
        """`nodes` processes of `chat web`; worker, PostgreSQL and Valkey run on the other core."""
        folder = self.create_folder()
        with ExitStack() as stack:
            url, fixtures = stack.enter_context(self._postgres_database(size))
            variables = {**RAISED_LIMITS, "DATA_DIR": str(folder), "PORT": "0", "SECRET_KEY": "k" * 32}
            variables |= {"DATABASE_URL": url, "REDIS_URL": f"unix://{stack.enter_context(valkey_server())}"}
            chat = (sys.executable, "-m", "chat")
            start = partial(server_process, variables=variables, log=folder / "log")
            worker = stack.enter_context(start((*chat, "worker"), ready="Working", core=LOAD_CORE))
            webs = [stack.enter_context(start((*chat, "web"), ready="Listening")) for _ in range(nodes)]
            clients_file = write_guichet_clients(folder / "clients", fixtures, nodes)
            ports, pids = [web.port for web in webs], [web.pid for web in webs]
            yield Deployment(ports, pids, clients_file, [worker.pid], partial(count_in_postgres, url))

    @contextlib.contextmanager
    def _postgres_database(self, size: Size) -> Iterator[tuple[str, Fixtures]]:
        def prepare(url: str) -> None:
            self._fixtures["postgres", size] = create_fixtures(url.replace("postgresql:", "postgresql+psycopg:"), size)

        # `database` makes one template per function: every round has to pass the same one.
        with self._postgres.database(self._preparations.setdefault(size, prepare)) as url:
            yield url, self._fixtures["postgres", size]

    @cached_property
    def _preparations(self) -> dict[Size, Callable[[str], None]]:
        return {}

    @cached_property
    def _postgres(self) -> Postgres:
        return self.cleanup.enter_context(services.postgres())

    # -- the baseline ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def node_socketio(self, nodes: int = 1, size: Size = DEFAULT_SIZE) -> Iterator[Deployment]:
        """Node's socket.io, with its Redis adapter when there are several nodes."""
        folder = self.create_folder()
        with ExitStack() as stack:
            redis = (str(stack.enter_context(valkey_server())),) if nodes > 1 else ()
            command = (node.find().node, str(NODE_FOLDER / "server.js"), *redis)
            production = {"NODE_ENV": "production"}
            servers = [
                stack.enter_context(server_process(command, production, log=folder / "log", ready="Listening"))
                for _ in range(nodes)
            ]
            clients_file = write_node_clients(folder / "clients", size, nodes)
            yield Deployment([one.port for one in servers], [one.pid for one in servers], clients_file)


@contextlib.contextmanager
def bench_run() -> Iterator[BenchRun]:
    """A run in a temporary folder on the disk of the checkout, so that commits are synced to a real disk."""
    load_generator.BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=load_generator.BUILD) as folder:
        run = BenchRun(Path(folder))
        with run.cleanup:
            yield run


@contextlib.contextmanager
def valkey_server() -> Iterator[Path]:
    """The socket path of a Valkey for several nodes, on the core of the load generator."""
    with tempfile.TemporaryDirectory(prefix="guichet-") as folder:
        path = socket_path(Path(folder))
        command = (str(binary()), *OPTIONS, "--loglevel", "notice", "--dir", folder, "--unixsocket", str(path))
        with server_process(command, {}, log=Path(folder, "errors"), ready="Ready to accept", core=LOAD_CORE):
            yield path


def write_guichet_clients(path: Path, fixtures: Fixtures, nodes: int) -> Path:
    """The clients of the product. Each agent is on the node after that of their visitors, so that every message crosses
    from one node to another when there are several."""
    agents = [
        SimulatedClient((number + 1) % nodes, "{}", cookie=cookie)
        for number, cookie in enumerate(fixtures.agent_cookies)
    ]
    visitors = [
        SimulatedClient(chat.agent % nodes, visitor_auth(chat.token), chat.agent, ticket=chat.ticket)
        for chat in fixtures.chats
    ]
    guests = [SimulatedClient(0, visitor_auth(token)) for token in fixtures.guest_tokens]
    return write_clients(path, agents, [*visitors, *guests])


def visitor_auth(token: str) -> str:
    """The auth of a visitor's connect packet."""
    return json.dumps({"site": "demo", "token": token})


def write_node_clients(path: Path, size: Size, nodes: int) -> Path:
    """The same clients for Node, each with the rooms of its tickets. Room names are as long as the product's."""
    names = [f"t_{number:016}" for number in range(size.visitors)]
    rooms = [names[number :: size.agents] for number in range(size.agents)]
    agents = [SimulatedClient((number + 1) % nodes, json.dumps({"tickets": own})) for number, own in enumerate(rooms)]
    visitors = [
        SimulatedClient(agent % nodes, json.dumps({"tickets": [name]}), agent, ticket=name)
        for agent, name in zip(itertools.cycle(range(size.agents)), names, strict=False)
    ]
    return write_clients(path, agents, visitors)


def ensure_node_installed() -> None:
    """Install the packages of bench/node/package-lock.json when it has changed."""
    stamp = NODE_FOLDER / "node_modules/.done"
    checksum = digest("bench/node/package.json", "bench/node/package-lock.json")
    install = partial(node.npm, "ci", "--prefix", str(NODE_FOLDER))
    run_once(stamp, checksum, "installing Node's socket.io, the baseline", install)
