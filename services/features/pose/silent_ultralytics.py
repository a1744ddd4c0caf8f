"""Ultralytics without its telemetry, its installer and its settings in the user's home.

As shipped, its import asks two DNS servers whether there is a network, writes a settings file and
counts its use; at run time it installs what it misses. Call `quiet` before any import of it.
Ultralytics is under the AGPL-3.0 and comes only with the extra `pose`.
"""

import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from services.features.weights import FetchError

QUIET = {
    "YOLO_OFFLINE": "true",  # no network: its analytics and its error reports need `ONLINE`
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
}


class PoseUnavailable(FetchError):
    """The package that runs the weights is not installed."""


def quiet() -> None:
    """Import Ultralytics such that it tells nobody and prints nothing. Raises PoseUnavailable."""
    if sys.modules.get("ultralytics"):
        return
    if find_spec("ultralytics") is None or find_spec("lap") is None:
        raise PoseUnavailable(
            "poses need the packages ultralytics (AGPL-3.0) and lap, which are not installed: "
            "pip install 'nightclerk[pose]'"
        )
    os.environ.update(QUIET)
    with tempfile.TemporaryDirectory(prefix="nightclerk-") as settings:
        _import_with_settings_in(Path(settings))


def _import_with_settings_in(folder: Path) -> None:
    """Its settings live for as long as the import: nothing of them is needed afterwards."""
    import torch

    asked = {name: os.environ.get(name) for name in ("YOLO_CONFIG_DIR", "OMP_NUM_THREADS")}
    save = torch.save
    os.environ["YOLO_CONFIG_DIR"] = str(folder)
    try:
        import ultralytics

        ultralytics.settings.update(sync=False)
    finally:
        # It replaces torch.save, and sets one thread for every process started from here on.
        torch.save = save
        for name, value in asked.items():
            _restore(name, value)


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
