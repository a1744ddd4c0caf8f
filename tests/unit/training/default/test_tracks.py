"""Rows become videos that the rule can go over, with what is known of their windows."""

import numpy as np
import pytest

from services.training.budget import moments
from services.training.default.embeddings import Row, Table
from services.training.default.tracks import SHOWN, UNSURE, seconds, takes, tracks


def table(*rows: Row) -> Table:
    columns = {name: np.array([getattr(one, name) for one in rows]) for name in Row.__slots__}
    return Table(vectors=columns.pop("vector"), **columns)


def row(video: str, index: int, frames: int = 32, label: int = 0) -> Row:
    return Row(video, "calm", "source", "plain", index, frames, label, np.zeros(2, np.float32))


def test_clips_of_one_recording_make_one_take() -> None:
    rows = table(row("b", 0), row("a", 1, frames=10), row("a", 0))
    (take,) = takes(rows, np.array([0.3, 0.2, 0.1]), "calm")
    assert take.scores.tolist() == [0.1, 0.2, 0.3]
    made = list(moments(take))
    assert [clip.calibrated for clip in made] == [0.1, 0.1, 0.2, 0.3, 0.3]
    assert [clip.start_s * 15 / 16 for clip in made] == pytest.approx([0, 1, 2, 3, 4])
    assert made[2].end_s - made[2].start_s == pytest.approx(10 / 15)
    assert seconds(take) == pytest.approx(74 / 15)


def test_every_video_is_a_track_and_says_which_windows_show_something() -> None:
    rows = table(row("b", 0, label=1), row("b", 1, label=-1), row("b", 2), row("a", 0))
    quiet, marked = tracks(rows, np.zeros(4), ("calm", "street"))
    assert (quiet.example.features.video, quiet.example.labelled.spans) == ("a", ())
    spans = marked.example.labelled.spans or ()
    assert [span.label for span in spans] == [SHOWN, UNSURE]
    assert [span.end_s for span in spans] == pytest.approx([32 / 15, 64 / 15])
    assert not list(tracks(rows, np.zeros(4), ("calm",), view="flip"))
