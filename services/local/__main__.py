"""`python -m services.local`: the supervisor in the foreground, for `LocalStack` and `--detach`."""

import argparse
import sys
from contextlib import nullcontext

from services.chassis.environment import read
from services.chassis.errors import WrongSettings
from services.local import LocalRuntimeError
from services.local.config import SERVICES, LocalSettings
from services.local.journal import OURS, Journal
from services.local.plan import Parts, log_path
from services.local.running import noted
from services.local.state import require_home
from services.local.supervisor import supervise


def main() -> None:
    arguments = parse()
    try:
        settings = read(LocalSettings)
        require_home(settings.state)
    except (WrongSettings, LocalRuntimeError) as error:
        sys.exit(f"nightclerk: {error}")
    journal = Journal(log_path(settings.state), sys.stdout if arguments.console else None)
    parts = Parts(
        kafka="kafka" in arguments.parts,
        store="store" in arguments.parts,
        services=tuple(name for name in SERVICES if name in arguments.parts),
    )
    try:
        with noted(settings.state) if arguments.noted else nullcontext():
            supervise(settings, parts, journal)
    except LocalRuntimeError as error:
        journal.write(OURS, str(error))
        sys.exit(f"nightclerk: {error}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m services.local", description=__doc__)
    parser.add_argument("--console", action="store_true", help="show the log here as well")
    parser.add_argument("--noted", action="store_true", help="let other commands find it")
    parser.add_argument(
        "--parts",
        type=lambda text: set(text.split(",")),
        default={"kafka", "store", *SERVICES},
        help="comma-separated: kafka, store, and services by name",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
