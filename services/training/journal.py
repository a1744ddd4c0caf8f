"""Where the course of a training is written: metrics.jsonl always, Weights & Biases where it is
installed. W&B stays offline unless somebody signed in, and reports nothing about itself.
"""

import json
import netrc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

PROJECT = "nightclerk"
FILE = "metrics.jsonl"
HOST = "api.wandb.ai"


class Journal(Protocol):
    """Takes the figures of a round."""

    def write(self, step: int, figures: dict[str, float]) -> None: ...


class Lines:
    """A JSON object a line, at once on disk."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w")

    def write(self, step: int, figures: dict[str, float]) -> None:
        self._file.write(json.dumps({"step": step, **figures}) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Both:
    """Writes to several."""

    def __init__(self, journals: list[Journal]) -> None:
        self._journals = journals

    def write(self, step: int, figures: dict[str, float]) -> None:
        for journal in self._journals:
            journal.write(step, figures)


class _Wandb:
    def __init__(self, run: Any) -> None:
        self._run = run

    def write(self, step: int, figures: dict[str, float]) -> None:
        self._run.log(figures, step=step)


@contextmanager
def journal(folder: Path, settings: dict[str, Any]) -> Iterator[Journal]:
    """A journal in this folder, closed at the end; `settings` say what was trained."""
    lines = Lines(folder / FILE)
    run = _wandb_run(folder, settings)
    try:
        yield Both([lines, _Wandb(run)]) if run else lines
    finally:
        lines.close()
        if run:
            run.finish()


def _wandb_run(folder: Path, settings: dict[str, Any]) -> Any:
    """None where W&B is not installed or the user switched it off."""
    mode = os.environ.get("WANDB_MODE") or ("online" if signed_in() else "offline")
    if mode == "disabled":
        return None
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    try:
        import wandb
    except ImportError:
        return None
    return wandb.init(
        project=PROJECT,
        name=folder.name,
        dir=str(folder),
        config=settings,
        mode=cast(Any, mode),
        settings=wandb.Settings(
            console="off", disable_git=True, save_code=False, disable_job_creation=True
        ),
    )


def signed_in() -> bool:
    """Whether the user gave W&B a key, by the environment or by `wandb login`."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        return netrc.netrc().authenticators(HOST) is not None
    except (OSError, netrc.NetrcParseError):
        return False
