"""A local stack as a Python object: for tests, benchmarks and `nightclerk analyze`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self

from services.local import LocalRuntimeError
from services.local.addresses import addresses, api_token, database_url, s3_keys
from services.local.config import SERVICES, LocalSettings
from services.local.plan import log_path
from services.local.ports import free_ports
from services.local.process import SPOKEN, leashed
from services.local.state import RunRecord, read_run, require_home

READY_S = 600.0  # the first start fetches jars and weights
HOPELESS_RESTARTS = 5
STOP_S = 60.0
PORTS = ("kafka", "s3", *SERVICES)
FIRST_TIME = "; the first time its network is fetched and converted, which takes minutes"


def free_port_settings() -> dict[str, str]:
    """Settings that put every server and service on a port of its own choice."""
    ports = zip(PORTS, free_ports(len(PORTS)), strict=True)
    return {f"NIGHTCLERK_{name.upper()}_PORT": str(port) for name, port in ports}


@dataclass
class LocalStack:
    """Runs a supervisor of its own from `with` to its end; it dies with this process.

    With `own_ports` (the default) nothing else on the machine is in its way. `environment` is
    added to that of the supervisor and so of every service.
    """

    home: Path
    parts: tuple[str, ...] = ("kafka", "store", *SERVICES)
    own_ports: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    _supervisor: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def infrastructure(cls, home: Path, parts: Iterable[str] = ("kafka", "store")) -> Self:
        """Kafka and the store alone, without topics, tables and services."""
        return cls(home=home, parts=tuple(parts))

    def __post_init__(self) -> None:
        ports = free_port_settings() if self.own_ports else {}
        require_home(self.home.absolute())
        self.environment = ports | self.environment | {"NIGHTCLERK_HOME": str(self.home.absolute())}
        self.settings = LocalSettings(
            **{  # type: ignore[arg-type]
                key.removeprefix("NIGHTCLERK_").lower(): value
                for key, value in self.environment.items()
                if key.startswith("NIGHTCLERK_")
            }
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Start and wait until all is ready; `tell` hears what is waited for, as often as it is
        looked at. Raises LocalRuntimeError with the log's last lines.
        """
        with TemporaryFile() as last_words:
            self._supervisor = self._spawn(last_words)
            try:
                await_ready(self.settings.state, self._supervisor, last_words, tell=_in_words(tell))
            except BaseException:
                self.stop()
                raise

    def _spawn(self, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
        command = (sys.executable, "-m", "services.local", "--parts", ",".join(self.parts))
        return subprocess.Popen(
            leashed(command, signal.SIGTERM),
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Stop all in order; nothing of it runs when this returns."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        supervisor.terminate()
        try:
            supervisor.wait(STOP_S)
        except subprocess.TimeoutExpired:
            supervisor.kill()  # its children die with it
            supervisor.wait()

    @property
    def run(self) -> RunRecord:
        """What the supervisor says of itself and its processes now."""
        record = read_run(self.settings.state)
        if record is None:
            raise LocalRuntimeError(f"nothing runs in {self.settings.state}")
        return record

    def pid(self, name: str) -> int | None:
        """The pid of one process of the stack, None while it is down."""
        return next((one.pid for one in self.run.processes if one.name == name), None)

    @property
    def bootstrap(self) -> str:
        return addresses(self.settings)["kafka"]

    @property
    def s3_endpoint(self) -> str:
        return addresses(self.settings)["s3"]

    @property
    def s3_access_key(self) -> str:
        return s3_keys(self.settings).access_key

    @property
    def s3_secret_key(self) -> str:
        return s3_keys(self.settings).secret_key

    @property
    def database_url(self) -> str:
        return database_url(self.settings)

    @property
    def api_url(self) -> str:
        return addresses(self.settings)["api"]

    @property
    def api_token(self) -> str:
        """The machine's own key."""
        return api_token(self.settings)

    @property
    def log(self) -> Path:
        return log_path(self.settings.state)


def progress(run: RunRecord) -> str:
    """`waiting for judging, api (9 of 11 ready)`."""
    waiting = [one.name for one in run.processes if one.state != "ready"]
    if not waiting:
        return run.phase
    names = ", ".join(waiting[:3]) + (" …" if len(waiting) > 3 else "")
    count = len(run.processes)
    text = f"waiting for {names} ({count - len(waiting)} of {count} ready)"
    return text + FIRST_TIME if all(name.startswith("features") for name in waiting) else text


def _in_words(tell: Callable[[str], None]) -> Callable[[RunRecord], None]:
    return lambda run: tell(progress(run))


def await_ready(
    home: Path,
    supervisor: "subprocess.Popen[bytes]",
    last_words: IO[bytes],
    wait_s: float = READY_S,
    tell: Callable[[RunRecord], None] = lambda _: None,
) -> None:
    """Return when the supervisor says ready; raise its sentence when it ends or takes too long."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        run = read_run(home)
        if run and run.pid == supervisor.pid and run.phase == "ready":
            return
        if run and run.pid == supervisor.pid:
            tell(run)
            require_hope(run, home)
        if supervisor.poll() is not None:
            last_words.seek(0)
            said = last_words.read().decode(errors="replace").rpartition(SPOKEN)[2].strip()
            raise LocalRuntimeError(said or "the stack ended at once")
        time.sleep(0.05)
    raise LocalRuntimeError(f"not ready after {wait_s:g} s\n{last_lines(log_path(home))}")


def require_hope(run: RunRecord, home: Path) -> None:
    """Raise for a process that ended so often at the start that it will not come."""
    for one in run.processes:
        if one.restarts >= HOPELESS_RESTARTS:
            why = f": {one.last_words}" if one.last_words else ""
            raise LocalRuntimeError(f"{one.name} keeps ending{why}; its log is {log_path(home)}")


def last_lines(path: Path, count: int = 20) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
