"""What is committed of the dashboard is what its sources give, and their own tests pass."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_built_dashboard_is_that_of_its_sources() -> None:
    check = subprocess.run(
        [ROOT / ".ci/web", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout + check.stderr
