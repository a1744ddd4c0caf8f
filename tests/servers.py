"""Real servers for the tests that are not part of the local runtime: MariaDB and MinIO."""

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from services.local.ports import free_ports
from services.local.process import leashed

S3_SERVERS = ("weed", "minio") if shutil.which("minio") else ("weed",)
CARELESS = (
    "--debug-no-sync",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--skip-innodb-file-per-table",
)
"""A MariaDB that waits for no disk: no test pulls the plug, and each makes its tables anew."""


@dataclass(frozen=True)
class S3Server:
    """Where an S3 server is and how to get in."""

    endpoint: str
    access_key: str
    secret_key: str


@dataclass(frozen=True)
class MariaServer:
    """A MariaDB on loopback whose root needs no password."""

    port: int

    def fresh_database(self, name: str) -> str:
        """Create an empty database and give its SQLAlchemy URL."""
        connection = pymysql.connect(host="127.0.0.1", port=self.port, user="root")
        with connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}?charset=utf8mb4"


@contextmanager
def running(command: list[str], log: Path, answers: Callable[[], bool]) -> Iterator[None]:
    """A server from `with` to its end; it dies with the tests. Fails with its log if silent."""
    with log.open("w") as output:
        process = subprocess.Popen(leashed(tuple(command)), stdout=output, stderr=output)
    try:
        await_answer(process, log, answers)
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_answer(
    process: "subprocess.Popen[bytes]", log: Path, answers: Callable[[], bool], wait_s: float = 120
) -> None:
    deadline = time.monotonic() + wait_s
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{log.stem} does not come up:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def mariadb_missing() -> str:
    """Why there can be no MariaDB here, or nothing."""
    wanted = ("mariadbd", "mariadb-install-db")
    missing = [name for name in wanted if not shutil.which(name, path=server_path())]
    return f"no {', '.join(missing)} on PATH (Debian: mariadb-server-core)" if missing else ""


def server_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaServer]:
    """A MariaDB with a data folder of its own."""
    data, port = folder / "data", free_ports(1)[0]
    data.mkdir(parents=True)
    user = ["--user=root"] if os.geteuid() == 0 else []
    common = ["--no-defaults", *user, f"--datadir={data}", "--skip-name-resolve"]
    install = shutil.which("mariadb-install-db", path=server_path())
    subprocess.run(
        [str(install), *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    command = [str(shutil.which("mariadbd", path=server_path())), *common, f"--port={port}"]
    command += ["--bind-address=127.0.0.1", f"--socket={folder / 'sock'}"]
    command += [f"--pid-file={folder / 'pid'}", "--innodb-buffer-pool-size=64M", *CARELESS]
    with running(command, folder / "mariadb.log", lambda: mariadb_answers(port)):
        yield MariaServer(port)


def mariadb_answers(port: int) -> bool:
    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root").close()
    except pymysql.MySQLError:
        return False
    return True


@contextmanager
def running_minio(folder: Path) -> Iterator[S3Server]:
    """The real MinIO, from the `minio` program on PATH."""
    port, console = free_ports(2)
    server = S3Server(f"http://127.0.0.1:{port}", "nightclerk", "nightclerk-secret")
    os.environ["MINIO_ROOT_USER"] = server.access_key
    os.environ["MINIO_ROOT_PASSWORD"] = server.secret_key
    command = ["minio", "server", "--quiet", f"--address=127.0.0.1:{port}"]
    command += [f"--console-address=127.0.0.1:{console}", str(folder / "data")]
    folder.mkdir(parents=True, exist_ok=True)
    health = f"{server.endpoint}/minio/health/live"
    with running(command, folder / "minio.log", lambda: http_answers(health)):
        yield server


def http_answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
