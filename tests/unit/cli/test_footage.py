"""The demo's judgement: an alert inside the incident, and none outside."""

from pathlib import Path

import pytest

from services.cli.footage import Span, Verdict, judge, render_scene

INCIDENT = ((18.0, 28.0),)


@pytest.mark.parametrize(
    ("alerts", "verdict", "right"),
    [
        ([(19.0, 27.0)], Verdict(inside=1, outside=0, missed=0), True),
        ([(17.1, 29.9)], Verdict(inside=1, outside=0, missed=0), True),
        ([(16.0, 17.0)], Verdict(inside=1, outside=0, missed=0), True),
        ([(19.0, 21.0), (24.0, 27.0)], Verdict(inside=2, outside=0, missed=0), True),
        ([], Verdict(inside=0, outside=0, missed=1), False),
        ([(2.0, 6.0)], Verdict(inside=0, outside=1, missed=1), False),
        ([(2.0, 6.0), (19.0, 27.0)], Verdict(inside=1, outside=1, missed=0), False),
        ([(30.5, 33.0)], Verdict(inside=0, outside=1, missed=1), False),
    ],
)
def test_one_incident(alerts: list[Span], verdict: Verdict, right: bool) -> None:
    assert judge(alerts, INCIDENT) == verdict
    assert verdict.right is right


def test_every_incident_has_to_be_found() -> None:
    assert not judge([(5.0, 6.0)], ((4.0, 8.0), (40.0, 50.0))).right
    assert judge([(5.0, 6.0), (41.0, 42.0)], ((4.0, 8.0), (40.0, 50.0))).right


def test_a_scene_is_rendered_once(tmp_path: Path) -> None:
    url = "sim://store?seed=1&seconds=6&incident=1-3&size=160x120"
    first = render_scene(tmp_path, url)
    written = first.path.stat().st_mtime_ns
    again = render_scene(tmp_path, url)
    assert again == first
    assert again.truth == ((1.0, 3.0),)
    assert again.path.stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == [first.path.name]
