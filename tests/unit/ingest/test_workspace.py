"""Copies in the making leave nothing behind, also when a process died over them."""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from services.ingest.workspace import Workspace


def test_a_file_lasts_as_long_as_the_work_on_it(tmp_path: Path) -> None:
    with Workspace(tmp_path).file(uuid4()) as path:
        path.write_bytes(b"copy")
    assert not list(tmp_path.rglob("*.mp4"))


def test_a_failure_removes_it_too(tmp_path: Path) -> None:
    def fail() -> None:
        with Workspace(tmp_path).file(uuid4()) as path:
            path.write_bytes(b"copy")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not list(tmp_path.rglob("*.mp4"))


def test_what_dead_processes_left_is_removed_and_the_living_keep_theirs(tmp_path: Path) -> None:
    alive, dead, ours = str(os.getppid()), str(2**22 + 1), str(os.getpid())
    for name in (alive, dead, ours, "odd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mp4").write_bytes(b"copy")
    Workspace(tmp_path).clean()
    assert [folder.name for folder in tmp_path.iterdir()] == [alive]


def test_room_is_measured(tmp_path: Path) -> None:
    assert Workspace(tmp_path).has_room_for(1)
    assert not Workspace(tmp_path).has_room_for(2**60)


def test_what_a_process_died_of_is_known_to_the_next(tmp_path: Path) -> None:
    dead = tmp_path / str(2**22 + 1)
    dead.mkdir(parents=True)
    video = uuid4()
    (dead / f"{video}.at-work").write_text("2")
    (dead / f"{uuid4()}.at-work").write_text("")
    assert Workspace(tmp_path).clean() == {video: 2}
    assert Workspace(tmp_path).clean() == {}


def test_what_ended_in_any_other_way_is_not_held_against_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)

    def fail() -> None:
        with workspace.at_work(uuid4(), 1):
            assert list(tmp_path.rglob("*.at-work"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not list(tmp_path.rglob("*.at-work"))
