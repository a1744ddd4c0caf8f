"""`nightclerk bench`: one object for programs and a table for people, of the same figures."""

import json

import pytest

from schemas.embeddings import EmbeddingExtracted
from services.cli.bench import Figure, machine, show
from services.cli.rates import random_embeddings

FIGURES = [
    Figure("one decoding thread", "65 clips/s", "decode_clips_per_s", 65.1),
    Figure("features fed, two cores", "118 clips/s, 1.8 times that thread"),
    Figure("features fed", "", "features_feed_clips_per_s", {"one_core": 60, "two_cores": 118}),
]


def test_programs_get_one_object_of_the_named_figures(capsys: pytest.CaptureFixture[str]) -> None:
    show([*FIGURES, *machine(0.25)], as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["decode_clips_per_s"] == 65.1
    assert told["features_feed_clips_per_s"] == {"one_core": 60, "two_cores": 118}
    assert told["load"]["before"] == 0.25
    assert told["cores"] >= 1


def test_people_get_those_that_have_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    show(FIGURES, as_json=False)
    shown = capsys.readouterr().out
    assert "65 clips/s" in shown
    assert "1.8 times that thread" in shown
    assert len([line for line in shown.splitlines() if "fed" in line]) == 1


def test_sources_are_interleaved_and_their_clips_follow_one_another() -> None:
    found = list(random_embeddings(sources=3, windows=4))
    assert all(isinstance(one, EmbeddingExtracted) for one in found)
    assert [one.key for one in found[:3]] != [found[0].key] * 3
    for first in found[:3]:
        own = [one for one in found if one.key == first.key]
        indexes = [ref.index for one in own for ref in one.clips]  # type: ignore[attr-defined]
        assert indexes == list(range(8))
