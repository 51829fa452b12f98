"""Fixtures of the store's tests: a key, a clock, and an empty store on either database.

PostgreSQL comes from DELINQUENCY_TEST_POSTGRES_URL, or from a private server that is started on
the loopback in a temporary folder; where neither can be, its tests are skipped and say so.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from delinquency.casebook.case_store import Store
from delinquency.casebook.database import sqlite_url
from delinquency.casebook.pseudonyms import Key
from delinquency.policy import Policy, policy_from_dict

POLICIES = Path(__file__).parents[2] / "conf" / "policy"
NOW = datetime(2026, 10, 31, 9, 30, tzinfo=UTC)
URL_VARIABLE = "DELINQUENCY_TEST_POSTGRES_URL"


@pytest.fixture
def key() -> Key:
    return Key(bytes(range(32)))


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def seed_policy() -> Policy:
    """The article's policy: a record goes on the day of the cure, and is shared with consent."""
    return _policy("seed_2021")


@pytest.fixture(scope="session")
def cn_policy() -> Policy:
    """The Chinese policy: five years from the end of the event."""
    return _policy("cn_2026")


def _policy(name: str) -> Policy:
    text = (POLICIES / f"{name}.yaml").read_text(encoding="utf-8")
    return policy_from_dict(yaml.safe_load(text), name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the URL of a PostgreSQL server, or skip."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    programs = _postgres_programs()
    if programs is None:
        pytest.skip(f"PostgreSQL's programs are not installed and {URL_VARIABLE} is not set")
    user = _server_user()
    if user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it")
    folder = Path(tempfile.mkdtemp(prefix="delinquency-postgres-"))
    try:
        yield from _serve(programs, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty schema on the server."""
    schema = f"test_{secrets.token_hex(6)}"
    engine = create_engine(make_url(postgres_server).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(postgres_server).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database, one of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "records.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(url: str, key: Key) -> Iterator[Store]:
    """Give an empty store on either database."""
    opened = Store(url, key)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, key: Key) -> Iterator[Store]:
    """Give an empty store on SQLite, for what does not depend on the database."""
    opened = Store(sqlite_url(tmp_path / "records.db"), key)
    yield opened
    opened.close()


def _postgres_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, the newest if there are several."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
    found = shutil.which("pg_ctl")
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name))
    return Path(found).resolve().parent if found else None


def _server_user() -> str | None:
    """Return who runs the server: this user, or postgres when this is root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


def _serve(programs: Path, folder: Path, user: str) -> Iterator[str]:
    """Run a server on a free loopback port while the URL is in use."""
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    if os.geteuid() == 0:
        for path in (folder, folder / "password"):
            shutil.chown(path, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        with (folder / "log").open("a") as log:
            subprocess.run(
                command,
                cwd=folder,
                user=user if os.geteuid() == 0 else None,
                stdout=log,
                stderr=log,
                check=True,
                timeout=60,
            )

    data = str(folder / "data")
    run(
        "initdb", "-D", data, "-U", "tester", "-E", "UTF8", "--no-locale", "--no-sync",
        "--auth=scram-sha-256", f"--pwfile={folder / 'password'}",
    )  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The server dies with this folder: what it holds needs no flush to disk.
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    run("pg_ctl", "-D", data, "-o", options, "-w", "-t", "30", "start")
    try:
        yield f"postgresql://tester:{password}@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
