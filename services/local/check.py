"""Before anything starts: can every service work with its settings, and are others' servers there?

`require` asks a process of its own, since the answer needs libraries (numpy, av, SQLAlchemy) that
a supervisor had better not keep in memory for months.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic_settings import BaseSettings

from services.chassis.environment import EXIT_CODE, read, read_usable
from services.chassis.errors import TransientError, WrongSettings
from services.local import LocalRuntimeError
from services.local.roster import ROSTER

Environment = Mapping[str, str]
S = TypeVar("S", bound=BaseSettings)


def require(processes: Sequence[tuple[str, Environment]], servers: Sequence[str] = ()) -> None:
    """Raise LocalRuntimeError with a line for everything that is wrong.

    `processes` are services with the environment of each; `servers` are those of "kafka", "store"
    and "database" that run already, elsewhere, and so must answer.
    """
    if not processes:
        return
    done = subprocess.run(
        (sys.executable, "-m", "services.local.check"),
        input=json.dumps({"processes": processes, "servers": servers}),
        capture_output=True,
        text=True,
    )
    if done.returncode == EXIT_CODE:
        raise LocalRuntimeError(done.stderr.strip())
    if done.returncode:
        raise LocalRuntimeError(f"the settings cannot be checked: {done.stderr.strip()}")


def main() -> None:
    wanted = json.load(sys.stdin)
    faults = [*faults_of(wanted["processes"])]
    if not faults:
        faults = [*silence_of(wanted["servers"])]
    if faults:
        print("\n".join(faults), file=sys.stderr)  # noqa: T201 -- what `require` reads
        sys.exit(EXIT_CODE)


def faults_of(processes: Sequence[tuple[str, Environment]]) -> list[str]:
    """A sentence each, the same one only once."""
    found: list[str] = []
    for service, environment in processes:
        os.environ.clear()
        os.environ.update(environment)
        try:
            read_usable(ROSTER[service].settings_class())
        except WrongSettings as error:
            found += str(error).splitlines()
    return list(dict.fromkeys(found)) or heads_without_network(processes)


def heads_without_network(processes: Sequence[tuple[str, Environment]]) -> list[str]:
    """A detector whose backbone nobody runs would wait for ever."""
    judging = [environment for service, environment in processes if service == "judging"]
    networks = [environment for service, environment in processes if service == "features"]
    if not (networks and judging):
        return []
    from services.features.config import FeaturesSettings
    from services.scoring.judging.config import JudgingSettings
    from services.scoring.runs import require_backbones

    try:
        fed = tuple(_read_in(one, FeaturesSettings).backbone for one in networks)
        require_backbones(_read_in(judging[0], JudgingSettings), fed)
    except ValueError as error:
        return [f"{error}."]
    return []


def _read_in(environment: Environment, kind: type[S]) -> S:
    os.environ.clear()
    os.environ.update(environment)
    return read(kind)


def silence_of(servers: Sequence[str]) -> list[str]:
    """A sentence for each server that does not answer, as the environment describes it."""
    from services.chassis.reach import REACH
    from services.chassis.settings import ServiceSettings

    settings, found = read(ServiceSettings), []
    for server in servers:
        try:
            REACH[server](settings)
        except (TransientError, WrongSettings) as error:
            found.append(str(error))
    return found


if __name__ == "__main__":
    main()
