"""Settings: one frozen object, read once from the environment."""

import contextlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T", str, None)
Network = IPv4Network | IPv6Network
# It stands in headers, where other signs mean something.
HOST = re.compile(r"[a-z0-9._:-]+")


# Variables of earlier versions, and what they are called now: an old name is refused, for to ignore it would change how
# the server behaves without a word.
RENAMED = {
    "OFFER_S": "OFFER_RING_S",
    "GRACE_S": "AGENT_GRACE_S",
    "GIVE_BACK_S": "AGENT_RETURN_S",
    "WAIT_END_S": "WAIT_CLOSE_S",
    "QUIET_S": "IDLE_S",
    "QUIET_END_S": "IDLE_CLOSE_S",
    "NET_S": "RECONCILE_S",
}


class BadSettings(Exception):
    """Values that make no sense: one line each, naming the variable."""


def text(default: T, says: str, *, secret: bool = False) -> T:
    """A setting of words, or of none; `secret` ones are not shown by repr."""
    return field(default=default, repr=not secret, metadata={"says": says, "read": str})


def whole(default: int, says: str, low: int = 1, high: int = 1_000_000) -> int:
    """A setting of a whole number between `low` and `high`."""

    def read(word: str) -> int:
        if not word.isascii() or not word.isdigit() or not low <= int(word) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(word)

    return field(default=default, metadata={"says": says, "read": read})


def seconds(default: float, says: str) -> float:
    """A setting of seconds; tests shorten them, so fractions are taken."""

    def read(word: str) -> float:
        number = float(word)
        if not 0 < number < 1e7:
            raise ValueError("more than 0 seconds")
        return number

    return field(default=default, metadata={"says": says, "read": read})


def address(word: str) -> str:
    """An http or https address without path, as its origin is written: `https://chat.example.com`."""
    parts = urlsplit(word)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("an address like https://chat.example.com, without a path")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("an address without ?, # or @")
    if not HOST.fullmatch(parts.hostname):
        raise ValueError("a host of letters, digits, dots and dashes (xn--… for others)")
    return origin_of(parts.scheme, parts.hostname, parts.port)


def origin_of(scheme: str, host: str, port: int | None) -> str:
    """A browser leaves the scheme's usual port away, and puts IPv6 addresses in brackets."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + (f":{port}" if port and port != {"http": 80, "https": 443}[scheme] else "")


def networks(word: str) -> tuple[Network, ...]:
    """`10.0.0.0/8, 127.0.0.1`"""
    return tuple(ip_network(one) for one in word.replace(",", " ").split())


def secret_key(word: str) -> str:
    if len(word) < 32:
        raise ValueError("32 characters or more")
    return word


def one_of(*schemes: str) -> Callable[[str], str]:
    def read(word: str) -> str:
        if word.partition(":")[0].partition("+")[0] not in schemes:
            raise ValueError(f"an address that starts with {' or '.join(schemes)}:")
        return word

    return read


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each field is the variable of the same name in capitals; `settings_from` reads them."""

    host: str = text("127.0.0.1", "the address to listen on")
    port: int = whole(8000, "the port to listen on; 0 takes a free one", low=0, high=65535)
    public_url: str = field(default="", metadata={"says": "what people type to reach this server", "read": address})
    data_dir: Path = field(
        default=Path("data"), metadata={"says": "where the database and the key are kept", "read": Path}
    )
    database_url: str = field(
        default="",
        repr=False,
        metadata={"says": "the database", "read": one_of("sqlite", "postgresql", "postgres")},
    )
    redis_url: str | None = field(
        default=None,
        repr=False,
        metadata={"says": "Redis or Valkey", "read": one_of("redis", "rediss", "unix")},
    )
    secret_key: str = field(
        default="", repr=False, metadata={"says": "signs links; the same on every node", "read": secret_key}
    )
    smtp_url: str | None = text(None, "mail that goes out; reserved for later", secret=True)
    imap_url: str | None = text(None, "mail that comes in; reserved for later", secret=True)
    trusted_proxies: tuple[Network, ...] = field(
        default=(), metadata={"says": "networks whose X-Forwarded-For is believed", "read": networks}
    )

    offer_ring_s: float = seconds(60, "how long a chat rings on one console")
    agent_grace_s: float = seconds(30, "how long an agent may be gone before their chats go back")
    agent_return_s: float = seconds(300, "an agent who is back within this time gets their chats again")
    form_offer_s: float = seconds(300, "unanswered for so long, a chat is offered the form")
    wait_close_s: float = seconds(600, "so long after that, it becomes a ticket")
    idle_s: float = seconds(600, "a silent visitor's chat frees its place")
    idle_close_s: float = seconds(3600, "a silent visitor's chat ends")
    reconcile_s: float = seconds(3, "how often a node asks the database what the bus has missed")

    visitor_commands: int = whole(60, "commands of one visitor in 10 s")
    visitor_starts: int = whole(5, "chats and forms started by one visitor in a minute")
    address_times: int = whole(10, "how much wider the limits of one address are than those of one visitor")
    agent_commands: int = whole(200, "commands of one agent in 10 s")
    login_tries: int = whole(10, "tries to sign in to one account; from one address ADDRESS_TIMES as many")
    login_window_s: float = seconds(900, "the time in which those tries are counted")

    @property
    def secure(self) -> bool:
        """Whether cookies may carry Secure and the __Host- prefix."""
        return self.public_url.startswith("https:")


def variable(setting: Field[object]) -> str:
    return setting.name.upper()


def settings_from(environ: Mapping[str, str], command: str = "serve") -> Settings:
    """Raises BadSettings naming every bad value at once; makes DATA_DIR and the key when they are missing.

    `web` and `worker` are one node of many: what `serve` may make for itself they must be given.
    """
    values, faults = {}, [f"{old} is now called {new}" for old, new in RENAMED.items() if old in environ]
    for setting in fields(Settings):
        word = environ.get(variable(setting), "").strip()
        try:
            values.update({setting.name: setting.metadata["read"](word)} if word else {})
        except ValueError as error:
            faults.append(f"{variable(setting)} is not usable: {error}")
    faults.extend(missing_variables(environ) if command in ("web", "worker") else [])
    if faults:
        raise BadSettings("\n".join(faults))
    return with_derived_values(Settings(**values))


def missing_variables(environ: Mapping[str, str]) -> list[str]:
    """What a node of many needs and has not."""
    needed = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    faults = [f"{name} is missing: several nodes must share one" for name in needed if not environ.get(name)]
    if environ.get("DATABASE_URL", "postgresql:").partition(":")[0].partition("+")[0] == "sqlite":
        faults.append("DATABASE_URL must be PostgreSQL: a SQLite file belongs to one process")
    return faults


def with_derived_values(given: Settings) -> Settings:
    """The settings with what follows from the others filled in."""
    folder = given.data_dir.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return replace(
        given,
        data_dir=folder,
        public_url=given.public_url or f"http://localhost:{given.port}",
        database_url=sqlalchemy_url(given.database_url) or f"sqlite:///{folder / 'guichet.db'}",
        secret_key=given.secret_key or load_or_create_key(folder / "secret_key"),
    )


def sqlalchemy_url(url: str) -> str:
    """Hosts hand out `postgres://` and `postgresql://`; the driver that we bring has to be named."""
    scheme, colon, rest = url.partition(":")
    return f"postgresql+psycopg:{rest}" if scheme in ("postgres", "postgresql") else scheme + colon + rest


def load_or_create_key(path: Path) -> str:
    """Made once: of two processes that start at the same moment, both get the first one's key."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_text(secrets.token_urlsafe(48), "ascii")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    key = path.read_text("ascii").strip()
    if len(key) < 32:
        raise BadSettings(f"{path} holds no key: it is too short")
    return key
