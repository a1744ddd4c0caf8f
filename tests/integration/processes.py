"""Services as processes of their own, which end by kill -9."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.chassis.settings import ServiceSettings
from services.local.process import LEASH, leashed

ENDS_WITHIN_S = 120


def environment(settings: ServiceSettings, folder: Path, **more: str) -> dict[str, str]:
    """The servers of the settings, state under `folder`, and more settings by their names."""
    found = {
        "kafka_bootstrap": settings.kafka_bootstrap,
        "topic_prefix": settings.topic_prefix,
        "s3_endpoint": settings.s3_endpoint,
        "s3_access_key": settings.s3_access_key,
        "s3_secret_key": settings.s3_secret_key.get_secret_value(),
        "s3_bucket": settings.s3_bucket,
        "state_dir": str(folder),
        "health_port": "0",
    }
    return {f"NIGHTCLERK_{name.upper()}": value for name, value in (found | more).items()}


@contextmanager
def process(
    module: str, surroundings: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """One life of a service, killed at the end as a power cut would."""
    with log.open("ab") as file:
        command = (sys.executable, "-m", module)
        running = subprocess.Popen(command, env=os.environ | surroundings, stdout=file, stderr=file)
        try:
            yield running
        finally:
            running.kill()
            running.wait(ENDS_WITHIN_S)


@contextmanager
def supervised(
    module: str, surroundings: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A life that ends is followed by the next, as any supervisor does it, until all are killed.
    Gives the shell whose child the service is.
    """
    shell = kept(("-m", module), os.environ | surroundings, log)
    try:
        yield shell
    finally:
        end(shell)


def kept(
    arguments: Sequence[str], surroundings: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """A shell that runs Python with these arguments, and again whenever that ends. Both die with
    whoever called this.
    """
    again = f'while :; do "$0" -I -S {shlex.quote(str(LEASH))} $$ 9 "$0" "$@"; done'
    with log.open("ab") as file:
        return subprocess.Popen(
            leashed(("sh", "-c", again, sys.executable, *arguments)),
            env=surroundings,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def end(shell: subprocess.Popen[bytes]) -> None:
    """The shell and what it runs, by kill -9."""
    os.killpg(shell.pid, signal.SIGKILL)
    shell.wait(ENDS_WITHIN_S)
