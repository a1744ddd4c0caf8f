"""The line that changes while a stack starts."""

import pytest

from services.local.stack import FIRST_TIME, progress
from services.local.state import ProcessRecord, RunRecord


def run_of(states: dict[str, str], phase: str = "starting") -> RunRecord:
    processes = tuple(
        ProcessRecord(name, 1, 1.0, state, restarts=0, address="") for name, state in states.items()
    )
    return RunRecord(1, 1.0, phase, "", processes, {})


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ({}, "starting"),
        ({"kafka": "ready"}, "starting"),
        ({"kafka": "starting", "store": "ready"}, "waiting for kafka (1 of 2 ready)"),
        (
            dict.fromkeys(("ingest", "features", "judging", "api"), "starting"),
            "waiting for ingest, features, judging … (0 of 4 ready)",
        ),
        (
            {"kafka": "ready", "features": "starting"},
            f"waiting for features (1 of 2 ready){FIRST_TIME}",
        ),
    ],
)
def test_it_names_what_is_waited_for(states: dict[str, str], text: str) -> None:
    assert progress(run_of(states)) == text
