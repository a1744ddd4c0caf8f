"""A stranger's first command, without a terminal."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.local.stack import free_port_settings
from services.local.state import read_run

pytestmark = pytest.mark.e2e


def test_the_demo_finds_the_incident_tells_by_mail_and_webhook_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "demo"],
        env={**os.environ, **free_port_settings(), "NIGHTCLERK_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    said = done.stdout
    assert done.returncode == 0, f"{said}\n{done.stderr}"
    assert re.search(
        r"^ALERT +Possible fight from [\d.]+ s, peak [\d.]+ at [\d.]+ s$", said, re.MULTILINE
    )
    assert re.search(r"^ALERT +Possible fight at the camera till, [\d:]{8}$", said, re.MULTILINE)
    assert re.search(r"^mail +to owner@store\.example: \[Nightclerk\]", said, re.MULTILINE)
    assert re.search(r"^webhook +[0-9a-f-]{36}$", said, re.MULTILINE)
    assert re.search(r"^right +inside the incidents, and nowhere else$", said, re.MULTILINE)
    run = read_run(tmp_path / "demo")
    assert run
    assert run.phase == "stopped"
    assert [one.name for one in run.processes if one.process()] == []
