"""`nightclerk analyze`: what it prints, in which order, and what becomes of bad files."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.analysis import Analyst, Patience, report
from services.cli.analyze import run
from services.cli.client import Client
from services.cli.report import LEVELS, alert_table, clock, sparkline, stretches
from services.cli.screen import printable

SPACE = UUID(int=7)


class FakeApi(Client):
    """Answers from a script: file name -> list of states or errors, the last one for good."""

    def __init__(self, script: dict[str, list[Any]]) -> None:
        self.script = {name: list(steps) for name, steps in script.items()}
        self.names: dict[UUID, str] = {}

    def upload(self, path: Path) -> UUID:
        self._next(path.name, "upload")
        video_id = uuid5(SPACE, printable(path.name))
        self.names[video_id] = path.name
        return video_id

    def video(self, video_id: UUID) -> dict[str, Any]:
        state = self._next(self.names[video_id], "video")
        told = {"video_id": str(video_id), "state": state, "progress": 0.5, "decoded": 1.0}
        return told | {
            "is_paused": False,
            "clips_scored": 1,
            "error": "No picture in it.",
            "duration_s": 3.2,
        }

    def timeline(self, video_id: UUID) -> dict[str, Any]:
        clip = {"index": 0, "start_s": 0.0, "end_s": 1.07, "score": 0.4, "calibrated": 0.9}
        alert = {"start_s": 0.0, "end_s": 1.07, "peak_s": 0.5, "peak_score": 0.9, "label": "fight"}
        head = {"rule": "fight", "label": "fight", "head": "deep_mil", "backbone": "i3d_k400"}
        return {"heads": [head], "clips": [clip], "alerts": [alert], "next": None}

    def _next(self, name: str, call: str) -> Any:
        steps = self.script.get(name, [])
        if call == "upload" and not (steps and isinstance(steps[0], Exception)):
            return None
        step = steps.pop(0) if len(steps) > 1 else (steps or ["done"])[0]
        if isinstance(step, Exception):
            raise step
        return step


def refused(status: int, detail: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://api/api/v1/videos")
    answer = httpx.Response(status, json={"detail": detail}, request=request)
    return httpx.HTTPStatusError("refused", request=request, response=answer)


@pytest.fixture
def analyze(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(
        name: str = "a.mp4", *steps: Any, content: bytes = b"video", stall_s: float = 60
    ) -> dict[str, Any]:
        patience = Patience(poll_s=0, retry_s=0, stall_s=stall_s)
        path = tmp_path / name
        path.write_bytes(content)
        analyst = Analyst(
            FakeApi({name: list(steps)}), tmp_path, lambda *_: None, patience=patience
        )
        return analyst.analyze(str(path))

    return run


def test_a_good_file_is_told_with_exactly_these_keys(
    analyze: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    told = analyze("a.mp4", "submitted", "scoring", "done")
    assert told == {
        "file": str(tmp_path / "a.mp4"),
        "video_id": str(uuid5(SPACE, "a.mp4")),
        "state": "done",
        "duration_s": 1.07,
        "backbone": "i3d_k400",
        "head": "deep_mil",
        "clips": [{"start_s": 0.0, "end_s": 1.07, "score": 0.4, "calibrated": 0.9}],
        "alerts": [
            {"label": "fight", "start_s": 0.0, "end_s": 1.07, "peak_s": 0.5, "peak_score": 0.9}
        ],
    }


def test_of_several_heads_each_ones_say_is_told_under_its_label() -> None:
    clip = {"index": 0, "start_s": 0.0, "end_s": 1.07, "score": 0.4, "calibrated": 0.9}
    says = [
        {"rule": "fall", "score": -1.0, "calibrated": 0.2},
        {"rule": "fight", "score": 0.4, "calibrated": 0.9},
    ]
    timeline = {
        "heads": [
            {"rule": "fall", "label": "Possible fall", "head": "a", "backbone": "i3d_k400"},
            {"rule": "fight", "label": "Possible fight", "head": "b", "backbone": "i3d_k400"},
        ],
        "clips": [clip | {"heads": says}],
        "alerts": [],
    }
    told = report("a.mp4", {"video_id": "v", "duration_s": 1.0}, timeline)
    assert (told["backbone"], told["head"]) == ("i3d_k400", "b")
    assert told["clips"][0]["heads"] == [
        {"label": "Possible fall", "score": -1.0, "calibrated": 0.2},
        {"label": "Possible fight", "score": 0.4, "calibrated": 0.9},
    ]


def test_people_are_told_what_each_alert_is_of() -> None:
    alert = {"label": "Possible theft", "start_s": 3.2, "end_s": 7.5, "peak_s": 5.0}
    console = Console(width=100)
    with console.capture() as captured:
        console.print(alert_table([alert | {"peak_score": peak} for peak in (0.93, None)]))
    _, scored, unscored = captured.get().splitlines()
    assert "Possible theft" in scored
    assert (scored.split()[-1], unscored.split()[-1]) == ("0.93", "-")


def test_a_file_that_ingest_gives_up_is_told_with_its_id(
    analyze: Callable[..., dict[str, Any]],
) -> None:
    told = analyze("a.mp4", "decoding", "failed")
    assert (told["state"], told["error"]) == ("failed", "No picture in it.")
    assert list(told) == ["file", "video_id", "state", "error"]


def test_a_refused_upload_is_told_in_the_words_of_the_api(
    analyze: Callable[..., dict[str, Any]],
) -> None:
    told = analyze("a.mp4", refused(415, "The file is text, not a video."))
    assert list(told) == ["file", "state", "error"]
    assert told["error"] == "The file is text, not a video."


@pytest.mark.parametrize("outage", [httpx.ConnectError("refused"), refused(503, "away")])
def test_servers_may_be_away_for_a_while(
    analyze: Callable[..., dict[str, Any]], outage: Exception
) -> None:
    assert analyze("a.mp4", outage, outage, "scoring", outage, "done")["state"] == "done"


def test_a_full_disk_is_not_waited_for(analyze: Callable[..., dict[str, Any]]) -> None:
    told = analyze("a.mp4", refused(507, "The disk is full."), "done")
    assert (told["state"], told["error"]) == ("failed", "The disk is full.")


def test_an_analysis_that_stands_still_has_failed(
    analyze: Callable[..., dict[str, Any]],
) -> None:
    assert "no further" in analyze("a.mp4", "scoring", stall_s=0)["error"]


def test_an_empty_file_is_not_even_sent(analyze: Callable[..., dict[str, Any]]) -> None:
    assert analyze(content=b"")["error"] == "The file is empty."


class Greeter(BaseHTTPRequestHandler):
    """Some API that greets everybody: enough for files that are never sent."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def greeter() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_bad_files_are_lines_in_the_order_given_and_the_exit_code_is_2(
    tmp_path: Path, greeter: str
) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    names = ["/no/such.mp4", str(tmp_path), str(empty), "sim://store?seconds=soon"]
    result = CliRunner().invoke(
        app, ["analyze", "--json", "--api", greeter, *names], catch_exceptions=False
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["file"] for line in lines] == names
    assert {line["state"] for line in lines} == {"failed"}
    assert all(line["error"].endswith(".") for line in lines)
    assert result.exit_code == 2


class Crowd(FakeApi):
    """Ends no analysis before so many files have come."""

    def __init__(self, count: int) -> None:
        super().__init__({})
        self._count = count

    def video(self, video_id: UUID) -> dict[str, Any]:
        told = super().video(video_id)
        return told if len(self.names) >= self._count else told | {"state": "scoring"}

    def close(self) -> None:
        """There is no connection."""


def test_short_files_are_all_under_way_while_the_first_is_analysed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(tmp_path / f"{number}.mp4") for number in range(40)]
    for name in names:
        Path(name).write_bytes(b"video")
    assert run(names, Crowd(40), tmp_path, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == names


def test_names_in_any_encoding_and_names_that_are_none_let_the_other_files_go_on(
    tmp_path: Path, greeter: str
) -> None:
    korean = os.fsencode(tmp_path) + "/매장.mp4".encode("cp949")
    Path(os.fsdecode(korean)).touch()
    names = ["", " ", os.fsdecode(korean), "/no/caf\udce9.mp4", str(tmp_path / "last.mp4")]
    result = CliRunner().invoke(
        app, ["analyze", "--json", "--api", greeter, *names], catch_exceptions=False
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["error"] for line in lines] == [
        "A file name is empty.",
        "A file name is empty.",
        "The file is empty.",
        "There is no file /no/caf\\xe9.mp4.",
        f"There is no file {tmp_path}/last.mp4.",
    ]
    assert lines[2]["file"] == f"{tmp_path}/매장.mp4"
    assert result.exit_code == 2


def test_a_name_in_the_encoding_of_korean_windows_is_analysed(
    analyze: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    told = analyze(os.fsdecode("매장.mp4".encode("cp949")), "done")
    assert (told["state"], told["file"]) == ("done", f"{tmp_path}/매장.mp4")


def test_an_analysis_waits_while_others_get_further(tmp_path: Path) -> None:
    """A file in a long queue is not given up while the files before it move."""
    busy = [f"{state}" for state in ["scoring"] * 3 + ["decoding"] * 3 + ["done"]]
    api = FakeApi({"first.mp4": busy, "queued.mp4": ["submitted"] * 9 + ["done"]})
    analyst = Analyst(api, tmp_path, lambda *_: None, patience=Patience(0, 0, 60, 60))
    for name in ("first.mp4", "queued.mp4"):
        (tmp_path / name).write_bytes(b"video")
    with ThreadPoolExecutor(2) as pool:
        told = list(
            pool.map(analyst.analyze, [str(tmp_path / n) for n in ("first.mp4", "queued.mp4")])
        )
    assert [one["state"] for one in told] == ["done", "done"]


def test_bad_files_alone_are_told_of_without_a_stack(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["analyze", "", str(tmp_path), "--home", str(tmp_path / "h")])
    assert result.exit_code == 2
    assert "A file name is empty." in result.output
    assert not (tmp_path / "h").exists()


def test_an_address_where_nobody_is_ends_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"video")
    result = CliRunner().invoke(
        app, ["analyze", str(tmp_path / "a.mp4"), "--api", "http://127.0.0.1:1"]
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no API answers" in result.stderr


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00.0"), (9.96, "0:10.0"), (61.25, "1:01.2"), (3661, "1:01:01.0")]
)
def test_times_read_like_a_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_sparkline_keeps_every_peak() -> None:
    clips = [
        {"start_s": i, "end_s": i + 1, "calibrated": 1.0 if i == 777 else 0.0} for i in range(1000)
    ]
    line = sparkline({"clips": clips, "alerts": []}).plain.strip()
    assert (len(line), line.count(LEVELS[-1])) == (60, 1)
    assert stretches([], 60) == []
    assert len(stretches(clips[:7], 60)) == 7
