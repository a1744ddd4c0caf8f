"""Detectors that change in the middle of the stream: no window unjudged, none judged twice live;
failing ones are in nobody's way.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import nan
from threading import Event
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.judgements import LIVE, ClipJudged
from services.chassis.errors import InvalidMessage
from services.chassis.streaming.handler import Cancelled
from services.scoring.heads import Head
from services.scoring.judging.assigned import Assigned, Assignments, Judge, Scope
from services.scoring.judging.detector import Detector
from services.scoring.judging.live import JudgingHandler
from services.scoring.judging.shadows import ShadowHandler
from tests.builders import ORIGIN, embedding
from tests.checkpoints import MeanOfLatest, card, cosine, mean_head, rule, vector_window
from tests.unit.scoring.judging.test_service import Log, windows

STORE, TENANT = UUID(int=1), UUID(int=2)
DEFAULT = Detector((Head(cosine(), card(cosine())),))
LONG = Detector((mean_head(4),))
OTHER = Detector((Head(cosine(1), card(cosine(1), rule=rule("other"))),))
DETECTORS = (DEFAULT, LONG, OTHER)


class Failing(Head):
    """Judges nothing: raises, or gives what is no number."""

    def __init__(self, how: str) -> None:
        network = MeanOfLatest(1)
        super().__init__(network, card(network, config={"context": 1}, rule=rule(how)))
        self._how = how

    def judge(self, rows: Sequence[NDArray[np.float32]]) -> list[float]:
        if self._how == "raises":
            raise RuntimeError("a broken network")
        return [nan] * len(rows)


class Deployed:
    """What is in force, changed at will."""

    def __init__(self, default: Detector = DEFAULT) -> None:
        self._default, self._changes = default, 0
        self.assigned: Assigned = Assignments(default).of()

    def __call__(self, source_id: UUID) -> Assigned:
        return self.assigned

    def has_shadows(self) -> bool:
        return bool(self.assigned.shadows)

    def deploy(
        self,
        store: Detector | None = None,
        tenant: Detector | None = None,
        shadows: Sequence[Detector] = (),
    ) -> None:
        self._changes += 1
        since = ORIGIN + timedelta(seconds=self._changes)
        beside = tuple(Judge(f"shadow-{n}", one, since) for n, one in enumerate(shadows))
        own = Scope(Judge(LIVE, store, since) if store else None, beside)
        theirs = Scope(Judge(LIVE, tenant, since) if tenant else None)
        self.assigned = Assignments(self._default, {STORE: own, TENANT: theirs}).of(STORE, TENANT)


def of_run(judged: Sequence[ClipJudged], run: str = LIVE) -> list[ClipJudged]:
    return [one for one in judged if one.run == run]


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2), st.booleans()), max_size=8))
def test_whatever_is_promoted_each_window_is_judged_once(
    moves: list[tuple[int, int, bool]],
) -> None:
    """By whoever is in force when it comes, also after a restart before it was committed."""
    log, force = Log(windows(40, sources=3)), Deployed()
    handler, found, expected = (
        JudgingHandler(DEFAULT.backbone, force),
        list[ClipJudged](),
        list[str](),
    )
    for count, number, is_restarted in [*moves, (40, 0, False)]:
        force.deploy(store=DETECTORS[number])
        if is_restarted:
            handler = JudgingHandler(DEFAULT.backbone, force)
        judged = log.read(handler, count)
        found += judged
        expected += [DETECTORS[number].detector_id] * len(judged)
    assert [one.detector for one in found] == expected
    assert len(found) == 40
    assert len({(one.source_id, one.clips[0].index) for one in found}) == 40


def test_a_head_with_a_longer_memory_begins_with_what_is_there() -> None:
    numbers = [0.1, 0.2, 0.6, 0.4, 0.8, 0.2, 0.0]
    log = Log([vector_window(n, (number, 0.0)) for n, number in enumerate(numbers)])
    force = Deployed()
    handler = JudgingHandler(DEFAULT.backbone, force)
    log.read(handler, 2)
    force.deploy(store=LONG)
    scores = [one.heads[0].score for one in log.read(handler, 4)]
    assert scores == pytest.approx([0.6, 0.55, 0.6, 0.5])  # 0.6 stands in for what is missing
    force.deploy()
    log.read(handler, 1)
    assert handler.held() == {}


def test_a_shadow_changes_nothing_of_the_live_run() -> None:
    alone = Log(windows(30, sources=3)).read(JudgingHandler(DEFAULT.backbone, Deployed()), 30)
    force = Deployed()
    force.deploy(shadows=(LONG, OTHER))
    assert Log(windows(30, sources=3)).read(JudgingHandler(DEFAULT.backbone, force), 30) == alone
    found = Log(windows(30, sources=3)).read(
        ShadowHandler(DEFAULT.backbone, force, force.has_shadows), 30
    )
    assert of_run(found) == []
    for number, detector in enumerate((LONG, OTHER)):
        beside = of_run(found, f"shadow-{number}")
        assert [one.clips for one in sorted(beside, key=order)] == [
            one.clips for one in sorted(alone, key=order)
        ]
        assert {one.detector for one in beside} == {detector.detector_id}
        assert {head.model_id for one in beside for head in one.heads} == {
            head.model_id for head in detector.heads
        }


@given(st.lists(st.integers(1, 9), max_size=6))
def test_a_shadow_that_is_killed_judges_as_without_that(counts: list[int]) -> None:
    """It begins anew from what it held back, and puts nothing out twice that was acknowledged."""
    force = Deployed()
    force.deploy(shadows=(LONG,))
    whole = Log(windows(40, sources=3)).read(
        ShadowHandler(DEFAULT.backbone, force, force.has_shadows), 40
    )
    log, found = Log(windows(40, sources=3)), list[ClipJudged]()
    for count in [*counts, 40]:
        found += log.read(ShadowHandler(DEFAULT.backbone, force, force.has_shadows), count)
    assert found == whole


def order(judged: ClipJudged) -> tuple[str, int]:
    return str(judged.source_id), judged.clips[0].index


@pytest.mark.parametrize("how", ["raises", "is nan"])
def test_a_shadow_that_fails_is_put_aside_until_it_is_deployed_anew(how: str) -> None:
    broken, force, log = Detector((Failing(how),)), Deployed(), Log(windows(12))
    handler = ShadowHandler(DEFAULT.backbone, force, force.has_shadows)
    force.deploy(shadows=(broken, OTHER))
    found = log.read(handler, 6)
    assert len(of_run(found, "shadow-1")) == 6
    assert of_run(found, "shadow-0") == []
    force.deploy(shadows=(OTHER,))
    assert len(of_run(log.read(handler, 6), "shadow-0")) == 6


def test_where_no_shadow_is_nothing_is_kept_for_any() -> None:
    force, log = Deployed(LONG), Log(windows(9))
    handler = ShadowHandler(DEFAULT.backbone, force, force.has_shadows)
    assert (log.read(handler, 3), len(handler), handler.held()) == ([], 0, {})
    force.deploy(shadows=(OTHER,))
    assert len(log.read(handler, 3)) == 3
    assert handler.held() == {}


def test_a_batch_of_shadows_ends_at_the_next_few_windows_when_it_is_cancelled() -> None:
    force, cancelled = Deployed(), Event()
    force.deploy(shadows=(OTHER,))
    handler, log = ShadowHandler(DEFAULT.backbone, force, force.has_shadows), Log(windows(3))
    cancelled.set()
    with pytest.raises(Cancelled):
        handler.handle(log.items(handler, 0, 3), cancelled)
    assert len(log.read(handler, 3)) == 3


@pytest.mark.parametrize("how", ["raises", "is nan"])
def test_where_a_live_detector_fails_the_next_in_line_judges_the_same_windows(how: str) -> None:
    broken, force, log = Detector((Failing(how),)), Deployed(), Log(windows(9))
    handler = JudgingHandler(DEFAULT.backbone, force)
    force.deploy(store=broken, tenant=OTHER)
    assert [one.detector for one in log.read(handler, 3)] == [OTHER.detector_id] * 3
    force.deploy(store=broken)
    assert [one.detector for one in log.read(handler, 3)] == [DEFAULT.detector_id] * 3
    force.deploy(store=LONG)
    assert [one.detector for one in log.read(handler, 3)] == [LONG.detector_id] * 3


def test_a_failure_of_the_settings_detector_is_the_services_own() -> None:
    broken = Detector((Failing("raises"),))
    log, handler = Log(windows(3)), JudgingHandler(broken.backbone, Deployed(broken))
    with pytest.raises(RuntimeError, match="broken network"):
        log.read(handler, 3)


def test_a_detector_that_is_not_made_for_the_windows_is_passed_over() -> None:
    network = cosine()
    wide = Detector((mean_head(1, dim=7, rule=rule("wide")),))
    force, log = Deployed(), Log(windows(3))
    force.deploy(store=wide, shadows=(wide, Detector((Head(network, card(network)),))))
    found = log.read(JudgingHandler(DEFAULT.backbone, force), 3)
    assert {one.detector for one in found} == {DEFAULT.detector_id}
    beside = ShadowHandler(DEFAULT.backbone, force, force.has_shadows)
    assert {one.run for one in Log(windows(3)).read(beside, 3)} == {"shadow-1"}
    assert beside.prepare(embedding(0, 1)) is None
    handler = JudgingHandler(DEFAULT.backbone, force)
    with pytest.raises(InvalidMessage, match="made for dimensions"):
        handler.prepare(embedding(0, 1))
