"""Settings: one frozen object, read once from the environment."""

import contextlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from redis.asyncio.connection import ConnectionPool
from redis.exceptions import RedisError
from sqlalchemy import make_url

T = TypeVar("T", str, None)
Network = IPv4Network | IPv6Network
# The host stands in HTTP headers, where other characters have a meaning.
HOST = re.compile(r"[a-z0-9._:-]+")


# The variables of earlier versions with their new names. An old name is refused: ignored, it would silently change how
# the server behaves.
RENAMED_VARIABLES = {
    "OFFER_S": "OFFER_RING_S",
    "GRACE_S": "AGENT_GRACE_S",
    "GIVE_BACK_S": "AGENT_RETURN_S",
    "WAIT_END_S": "WAIT_CLOSE_S",
    "QUIET_S": "IDLE_S",
    "QUIET_END_S": "IDLE_CLOSE_S",
    "NET_S": "RECONCILE_S",
}


class BadSettings(Exception):
    """One or more values can't be used. The message has a line for each, which names the variable."""


def text_setting(default: T, says: str, *, secret: bool = False) -> T:
    """A setting that is text. With `secret` neither repr nor the generated table shows its value."""
    return field(default=default, repr=not secret, metadata={"says": says, "read": str})


def integer_setting(default: int, says: str, low: int = 1, high: int = 1_000_000) -> int:
    """A setting that is a whole number from `low` to `high`."""

    def read(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(value)

    return field(default=default, metadata={"says": says, "read": read})


def seconds_setting(default: float, says: str) -> float:
    """A setting in seconds. Fractions are allowed, because tests shorten the times."""

    def read(value: str) -> float:
        number = float(value)
        if not 0 < number < 1e7:
            raise ValueError("more than 0 seconds")
        return number

    return field(default=default, metadata={"says": says, "read": read})


def parse_origin(value: str) -> str:
    """The origin of an http or https URL without a path: `https://chat.example.com`. Raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("an address like https://chat.example.com, without a path")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("an address without ?, # or @")
    if not HOST.fullmatch(parts.hostname):
        raise ValueError("a host of letters, digits, dots and dashes (xn--… for others)")
    return format_origin(parts.scheme, parts.hostname, parts.port)


def format_origin(scheme: str, host: str, port: int | None) -> str:
    """An origin as browsers write it: without the scheme's default port, IPv6 addresses in brackets."""
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme}://{bracketed}" + (f":{port}" if port and port != {"http": 80, "https": 443}[scheme] else "")


def parse_networks(value: str) -> tuple[Network, ...]:
    """The networks in a list like `10.0.0.0/8, 127.0.0.1`. Raises ValueError."""
    return tuple(ip_network(one) for one in value.replace(",", " ").split())


def parse_secret_key(value: str) -> str:
    if len(value) < 32:
        raise ValueError("32 characters or more")
    return value


def url_with_scheme(*schemes: str) -> Callable[[str], str]:
    """A reader of URLs with one of these schemes. Its ValueError contains no part of the URL, which has a password.

    The libraries that get the URL later would raise errors that quote it.
    """

    def read(value: str) -> str:
        if value.partition(":")[0] not in schemes:
            raise ValueError(f"an address that starts with {': or '.join(schemes)}:")
        if not is_readable_url(value):
            raise ValueError(
                "an address that can be read: in a user name or password write %2F for /, %3A for :, %23 for #, "
                "%3F for ?, %40 for @ and %25 for %"
            )
        return value

    return read


def parse_database_url(value: str) -> str:
    url = url_with_scheme("sqlite", "postgresql", "postgres", "postgresql+psycopg")(value)
    if url.startswith("sqlite"):
        file = make_url(url).database
        if not file or file == ":memory:" or not Path(file).absolute().parent.is_dir():
            raise ValueError("sqlite:/// and the path of a file in a folder that exists")
    return url


def parse_redis_url(value: str) -> str:
    url = url_with_scheme("redis", "rediss", "unix")(value)
    try:
        # Connects to nothing yet.
        ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]  # the library has no type here
    except (TypeError, ValueError, RedisError):
        # Its words would quote the address.
        raise ValueError("an address whose options, after the ?, are those of the library redis-py") from None
    return url


def is_readable_url(value: str) -> bool:
    """Whether a URL means one thing: a sign of its password may otherwise end the host, the port or the path."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    ends_early = "@" in parts.path + parts.query or "#" in value or parts.netloc.count("@") > 1
    return parts.scheme == "sqlite" or not (ends_early or re.search(r"%(?![0-9a-fA-F]{2})", value))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each field is read from the environment variable of the same name in capitals, by `settings_from`."""

    host: str = text_setting("127.0.0.1", "the address to listen on")
    port: int = integer_setting(8000, "the port to listen on; 0 takes a free one", low=0, high=65535)
    public_url: str = field(
        default="", metadata={"says": "the URL at which people reach this server", "read": parse_origin}
    )
    data_dir: Path = field(
        default=Path("data"), metadata={"says": "the folder of the database and the secret key", "read": Path}
    )
    database_url: str = field(
        default="",
        repr=False,
        metadata={
            "says": "the URL of the database",
            "read": parse_database_url,
        },
    )
    redis_url: str | None = field(
        default=None,
        repr=False,
        metadata={"says": "the URL of Redis or Valkey", "read": parse_redis_url},
    )
    secret_key: str = field(
        default="",
        repr=False,
        metadata={"says": "the key that signs links; the same on every node", "read": parse_secret_key},
    )
    smtp_url: str | None = text_setting(None, "the server for outgoing mail; reserved for later", secret=True)
    imap_url: str | None = text_setting(None, "the server for incoming mail; reserved for later", secret=True)
    trusted_proxies: tuple[Network, ...] = field(
        default=(),
        metadata={
            "says": "the networks of the reverse proxies: their X-Forwarded-For header is used",
            "read": parse_networks,
        },
    )
    metrics_allow: tuple[Network, ...] = field(
        default=(),
        metadata={"says": "the networks that may read /metrics, beside this machine", "read": parse_networks},
    )

    offer_ring_s: float = seconds_setting(60, "how long an offered chat rings on one console")
    agent_grace_s: float = seconds_setting(
        30, "how long an agent may be disconnected before their chats return to the queue"
    )
    agent_return_s: float = seconds_setting(300, "an agent who returns within this time gets those chats back")
    form_offer_s: float = seconds_setting(300, "after this wait without an answer the visitor is offered the form")
    wait_close_s: float = seconds_setting(600, "after this further wait the chat becomes an open ticket")
    idle_s: float = seconds_setting(600, "after this silence of the visitor a chat no longer uses its agent's capacity")
    idle_close_s: float = seconds_setting(3600, "after this silence of the visitor a chat ends")
    promise_soon_h: int = integer_setting(
        4, "how many opening hours before a promise ends its ticket's agent is told", high=1_000
    )
    promise_close_h: int = integer_setting(
        1, "how many opening hours before a promise ends department and supervisors are told", high=1_000
    )
    reconcile_s: float = seconds_setting(
        3, "how often a node checks the database for events that the bus did not deliver"
    )

    visitor_commands: int = integer_setting(60, "how many commands a visitor may send in 10 s")
    visitor_starts: int = integer_setting(5, "how many chats and forms a visitor may start in a minute")
    address_times: int = integer_setting(10, "the limits of an IP address are this many times those of a visitor")
    connections_per_address: int = integer_setting(
        1_000, "how many connections an IP address may have open; those of TRUSTED_PROXIES do not count"
    )
    agent_commands: int = integer_setting(200, "how many commands an agent may send in 10 s")
    login_tries: int = integer_setting(
        10, "how many wrong passwords an IP address may send for one account; for all accounts ADDRESS_TIMES as many"
    )
    login_window_s: float = seconds_setting(900, "the time in which those wrong passwords are counted")

    @property
    def is_https(self) -> bool:
        """Whether the public URL is https, so that cookies get Secure and the __Host- prefix."""
        return self.public_url.startswith("https:")


def variable(setting: Field[object]) -> str:
    return setting.name.upper()


def settings_from(environ: Mapping[str, str], command: str = "serve") -> Settings:
    """The settings of this environment. Creates DATA_DIR and the secret key when they are missing. Raises BadSettings,
    which names all bad values.

    The commands `web` and `worker` start one node of several, so they require the values that the nodes must share and
    that `serve` chooses by itself.
    """
    values, faults = {}, [f"{old} is now called {new}" for old, new in RENAMED_VARIABLES.items() if old in environ]
    for setting in fields(Settings):
        value = environ.get(variable(setting), "").strip()
        try:
            values.update({setting.name: setting.metadata["read"](value)} if value else {})
        except ValueError as error:
            faults.append(f"{variable(setting)} is not usable: {error}")
    faults.extend(missing_variables(environ) if command in ("web", "worker") else [])
    if faults:
        raise BadSettings("\n".join(faults))
    return with_derived_values(Settings(**values))


def missing_variables(environ: Mapping[str, str]) -> list[str]:
    """A line for each shared variable that a node of several lacks, or that it can't share."""
    needed = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    faults = [f"{name} is missing: several nodes must share one" for name in needed if not environ.get(name)]
    if environ.get("DATABASE_URL", "postgresql:").partition(":")[0].partition("+")[0] == "sqlite":
        faults.append("DATABASE_URL must be PostgreSQL: a SQLite file belongs to one process")
    return faults


def with_derived_values(given: Settings) -> Settings:
    """The settings with their empty fields derived from the others. Raises BadSettings."""
    folder = given.data_dir.resolve()
    try:
        database_file = quote(str(folder / "guichet.db"))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret_key = given.secret_key or load_or_create_key(folder / "secret_key")
    except (OSError, UnicodeEncodeError) as error:
        raise BadSettings(f"DATA_DIR is not usable: {error}") from error
    return replace(
        given,
        data_dir=folder,
        public_url=given.public_url or f"http://localhost:{given.port}",
        database_url=sqlalchemy_url(given.database_url) or f"sqlite:///{database_file}",
        secret_key=secret_key,
    )


def sqlalchemy_url(url: str) -> str:
    """Hosting platforms give out `postgres://` and `postgresql://` URLs; SQLAlchemy needs the name of our driver."""
    scheme, colon, rest = url.partition(":")
    return f"postgresql+psycopg:{rest}" if scheme in ("postgres", "postgresql") else scheme + colon + rest


def load_or_create_key(path: Path) -> str:
    """The secret key in this file, made at the first start. Two processes that start at the same moment get the same
    key, because only the first hard link succeeds. Raises BadSettings."""
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_text(secrets.token_urlsafe(48), "ascii")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    key = path.read_text("ascii").strip()
    if len(key) < 32:
        raise BadSettings(f"{path} has no usable key: it is too short")
    return key
