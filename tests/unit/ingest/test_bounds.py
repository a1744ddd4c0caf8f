"""Memory does not grow with a video's length, and stays within bounds for large pictures."""

import subprocess
import sys
from pathlib import Path

from tests.unit.ingest import videos

MEASURE = """
import re, sys
from pathlib import Path
from services.ingest.clips import clips_of
count = end_s = 0
for clip in clips_of(Path(sys.argv[1])):
    count, end_s = count + 1, clip.end_s
# Not ru_maxrss: a new process inherits the peak of the one that started it.
status = Path("/proc/self/status").read_text()
print(count, end_s, int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024)
"""


def measured(path: Path) -> tuple[int, float, int]:
    """Clips, seconds of media, and the most MiB of a fresh process that cut it."""
    command = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    count, end_s, resident = done.stdout.split()
    return int(count), float(end_s), int(resident)


def test_eight_hours_take_no_more_than_a_second(tmp_path: Path) -> None:
    options = {"preset": "ultrafast"}
    short = videos.make(tmp_path / "short.mp4", [0.0, 0.5], options=options)
    long = videos.make(tmp_path / "long.mp4", [n * 10.0 for n in range(2880)], options=options)
    count, end_s, resident = measured(long)
    # A frame every 10 s: once that is known for the footage's own pace, each is held so long.
    assert (count, end_s) == (27_000 - 8, 28_800)
    assert resident < measured(short)[2] + 30


def test_pictures_of_4k_stay_within_bounds(tmp_path: Path) -> None:
    path = videos.make(
        tmp_path / "a.mp4",
        videos.every(15, 32),
        size=(3840, 2160),
        options={"preset": "ultrafast"},
    )
    count, end_s, resident = measured(path)
    assert (count, round(end_s, 3)) == (2, 2.133)
    assert resident < 500
