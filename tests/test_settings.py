"""Settings: defaults, one error for all bad values, and no secrets in repr."""

import stat
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

import pytest

from chat.settings import RENAMED_VARIABLES, BadSettings, settings_from
from chat.store.migrations import migrate

NODE = {
    "DATABASE_URL": "postgresql://guichet:hunter2hunter2@db.example/guichet",
    "REDIS_URL": "redis://:hunter2hunter2@redis.example",
    "SECRET_KEY": "k" * 40,
}


def test_new_install_needs_no_variables(tmp_path: Path) -> None:
    settings = settings_from({"DATA_DIR": str(tmp_path / "data")})
    assert settings.public_url == "http://localhost:8000"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/guichet.db"
    assert settings.redis_url is None
    assert not settings.is_https


def test_secret_key_is_made_once_and_readable_by_owner_only(tmp_path: Path) -> None:
    first, second = (settings_from({"DATA_DIR": str(tmp_path)}) for _ in range(2))
    key_file = tmp_path / "secret_key"
    assert first.secret_key == second.secret_key == key_file.read_text()
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(BadSettings, match="too short"):
        settings_from({"DATA_DIR": str(tmp_path)})


def test_variables_set_the_fields(tmp_path: Path) -> None:
    given = {
        "DATA_DIR": str(tmp_path),
        "PORT": "0",
        "PUBLIC_URL": "https://Chat.example.com:443/",
        "TRUSTED_PROXIES": "198.51.100.0/24, ::1",
        "OFFER_RING_S": "0.5",
        "LOGIN_TRIES": "3",
    }
    settings = settings_from(given)
    assert (settings.port, settings.offer_ring_s, settings.login_tries) == (0, 0.5, 3)
    assert settings.public_url == "https://chat.example.com"
    assert settings.is_https
    assert settings.trusted_proxies == (ip_network("198.51.100.0/24"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("PUBLIC_URL", "chat.example.com"),
        ("PUBLIC_URL", "https://chat.example.com/guichet"),
        ("PUBLIC_URL", "https://user@chat.example.com"),
        ("DATABASE_URL", "mysql://db.example"),
        ("DATABASE_URL", "postgresql+asyncpg://db.example/x"),
        ("REDIS_URL", "redis+sentinel://127.0.0.1/mymaster"),
        ("REDIS_URL", "http://redis.example"),
        ("REDIS_URL", "redis://redis.example/0?no_such_option=1"),
        ("REDIS_URL", "redis://redis.example/0?socket_timeout=soon"),
        ("REDIS_URL", "redis://redis.example?db=first"),
        ("REDIS_URL", "rediss://redis.example?ssl_cert_reqs=sometimes"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:////no/such/folder/guichet.db"),
        ("DATA_DIR", "/dev/null"),
        ("DATA_DIR", "/dev/null/data"),
        ("SECRET_KEY", "short"),
        ("TRUSTED_PROXIES", "198.51.100.1/24"),
        ("METRICS_ALLOW", "everybody"),
        ("OFFER_RING_S", "0"),
        ("OFFER_RING_S", "nan"),
        ("LOGIN_TRIES", "-1"),
    ],
)
def test_bad_value_is_reported_with_its_variable(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=rf"^{name} is not usable"):
        settings_from({"DATA_DIR": str(tmp_path), name: value})


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
@pytest.mark.parametrize(
    "password", ["hunter/2", "hunter2#", "h@unter2", "1?hunter2", "hun%ter2", "hu:nt/er", "12/hunter2", "[hunter2"]
)
def test_unescaped_password_is_refused_without_any_part_of_it(tmp_path: Path, name: str, password: str) -> None:
    scheme = {"DATABASE_URL": "postgresql", "REDIS_URL": "redis"}[name]
    with pytest.raises(BadSettings, match=rf"^{name} is not usable: .*write %2F for /") as bad:
        settings_from({"DATA_DIR": str(tmp_path), name: f"{scheme}://app:{password}@127.0.0.1:5432/x"})
    assert "hun" not in str(bad.value)
    escaped = settings_from({"DATA_DIR": str(tmp_path), name: f"{scheme}://app:{quote(password, safe='')}@127.0.0.1/x"})
    assert quote(password, safe="") in getattr(escaped, name.lower())


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", "a b", "é", "a&mode=ro"])
def test_database_lies_in_data_dir_whatever_its_name(tmp_path: Path, name: str) -> None:
    settings = settings_from({"DATA_DIR": str(tmp_path / name)})
    migrate(settings.database_url)
    assert (tmp_path / name / "guichet.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_data_dir_that_is_not_in_utf_8_is_refused_before_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"^DATA_DIR is not usable"):
        settings_from({"DATA_DIR": f"{tmp_path}/caf\udce9"})
    assert not list(tmp_path.iterdir())


def test_all_bad_values_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as bad:
        settings_from({"PORT": "eighty", "OFFER_RING_S": "soon", "DATA_DIR": str(tmp_path)})
    assert [line.partition(" ")[0] for line in str(bad.value).splitlines()] == ["PORT", "OFFER_RING_S"]


@pytest.mark.parametrize(("old", "new"), RENAMED_VARIABLES.items())
def test_old_variable_name_is_refused_with_the_new_one(old: str, new: str, tmp_path: Path) -> None:
    assert getattr(settings_from({new: "7", "DATA_DIR": str(tmp_path)}), new.lower()) == 7
    with pytest.raises(BadSettings, match=f"^{old} is now called {new}$"):
        settings_from({old: "7", "DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize("command", ["web", "worker"])
def test_web_and_worker_require_the_shared_variables(tmp_path: Path, command: str) -> None:
    assert settings_from(NODE | {"DATA_DIR": str(tmp_path)}, command).redis_url == NODE["REDIS_URL"]
    with pytest.raises(BadSettings) as bad:
        settings_from({"DATA_DIR": str(tmp_path)}, command)
    assert [line.partition(" ")[0] for line in str(bad.value).splitlines()] == list(NODE)
    with pytest.raises(BadSettings, match="must be PostgreSQL"):
        settings_from(NODE | {"DATABASE_URL": "sqlite:///x.db", "DATA_DIR": str(tmp_path)}, command)


def test_postgresql_url_gets_our_driver(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        url = settings_from({"DATABASE_URL": f"{scheme}://db.example/x", "DATA_DIR": str(tmp_path)}).database_url
        assert url == "postgresql+psycopg://db.example/x"


def test_repr_shows_no_secrets(tmp_path: Path) -> None:
    shown = repr(settings_from(NODE | {"DATA_DIR": str(tmp_path), "SMTP_URL": "smtp://u:hunter2hunter2@mail.example"}))
    assert "public_url" in shown
    assert "hunter2" not in shown
    assert NODE["SECRET_KEY"] not in shown
