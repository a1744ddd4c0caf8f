"""Whether a simulated camera was judged right, whichever round of its scene was seen."""

from typing import Any
from uuid import UUID

import pytest

from services.cli.demo_cameras import DemoCamera, note


def camera(truth: tuple[tuple[float, float], ...], *spans: tuple[float, float]) -> DemoCamera:
    alerts: dict[str, dict[str, Any]] = {
        str(number): {"start_s": start, "end_s": end} for number, (start, end) in enumerate(spans)
    }
    return DemoCamera("till", UUID(int=1), 40.0, truth, alerts)


@pytest.mark.parametrize(
    ("spans", "outside", "missed"),
    [
        ([(11.0, 19.0)], 0, 0),
        ([(171.0, 179.0)], 0, 0),
        ([(171.0, 179.0), (211.0, 219.0)], 0, 0),
        ([(30.0, 35.0)], 1, 1),
        ([(11.0, 19.0), (30.0, 35.0)], 1, 0),
        ([], 0, 1),
    ],
)
def test_alerts_are_judged_by_their_time_in_the_round(
    spans: list[tuple[float, float]], outside: int, missed: int
) -> None:
    verdict = camera(((10.0, 20.0),), *spans).verdict
    assert (verdict.outside, verdict.missed) == (outside, missed)


def test_a_quiet_camera_has_shown_all_there_is_and_may_not_alert() -> None:
    assert camera(()).has_shown
    assert camera((), (3.0, 9.0)).verdict.outside == 1
    assert not camera(((10.0, 20.0),)).has_shown


class Alerts:
    """What the API answers: one incident, and one fault of the camera itself."""

    def alerts(self, source_id: UUID) -> list[dict[str, Any]]:
        return [
            {"alert_id": "a", "kind": "incident", "start_s": 11.0, "end_s": 12.0},
            {"alert_id": "b", "kind": "health", "start_s": 11.0, "end_s": 12.0},
        ]


def test_an_incident_is_heard_of_once_and_faults_of_the_camera_are_no_incidents() -> None:
    till, heard = camera(((10.0, 20.0),)), list[str]()
    for _ in range(2):
        note(Alerts(), [till], lambda name, alert: heard.append(f"{name} {alert['alert_id']}"))  # type: ignore[arg-type]
    assert heard == ["till a"]
    assert list(till.alerts) == ["a"]
