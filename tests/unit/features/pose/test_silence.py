"""Ultralytics is imported without a word, without a trace, and without the network."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, socket
def refused(*arguments, **options):
    raise AssertionError(f"the network was asked: {arguments}")
socket.getaddrinfo = socket.socket.connect = refused
from services.features.pose.silent_ultralytics import quiet
quiet()
from services.features.pose.tracks import Tracker
Tracker(0, 7.5)
from ultralytics.utils.events import events
assert not events.enabled
assert os.environ.keys().isdisjoint({"OMP_NUM_THREADS", "YOLO_CONFIG_DIR"})
"""


def test_its_import_leaves_nothing_and_asks_nobody(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []


def test_without_the_package_the_error_says_how_to_install_it() -> None:
    script = (
        "import sys; sys.modules['ultralytics'] = None\n"
        "import services.features.service\n"
        "from services.features.pose import PoseOptions, load\n"
        "load(PoseOptions())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "pip install 'nightclerk[pose]'" in done.stderr
