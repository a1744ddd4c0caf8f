"""What another detector makes of the world's week: scores and alerts of its own, of a replay or of
a shadow. It spares false alarms, sees some things later, and finds what the live one passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import insert

from schemas.alerts import AlertClosed
from schemas.base import Message
from schemas.ids import alert_id, clip_id
from services.api.bench.cameras import write_scores
from services.api.scores.blocks import Scores
from services.api.scores.series import Series
from services.api.tables import score_series
from tests.unit.api import builders
from tests.unit.api.conftest import NOW, Api
from tests.web.cast import BEGIN, EPISODES, HIGH_MARK, RULES, Episode, WorldCamera

FIGHT = 0
FOUND = (
    Episode(6, BEGIN + timedelta(days=1, hours=5.2), 17.0, FIGHT, 0.81),
    Episode(1, BEGIN + timedelta(days=3, hours=9.7), 22.0, FIGHT, 0.77),
    Episode(5, BEGIN + timedelta(days=4, hours=12.1), 11.0, FIGHT, 0.69),
    Episode(4, NOW - timedelta(hours=5, minutes=40), 26.0, FIGHT, 0.88),
)
"""Fights that the live detector passed over."""
SPARED = 0.7
"""A fight with a lower peak is none to it."""
LATE = timedelta(seconds=4.3)
LATE_EVERY = 4


@dataclass(frozen=True)
class Past:
    """A run of it over a stretch. `model_id` is the detector's as well: it has one head."""

    run: str
    model_id: str
    since: datetime
    until: datetime
    cameras: tuple[WorldCamera, ...]

    def episodes(self) -> Iterator[Episode]:
        numbers = {camera.number for camera in self.cameras}
        for episode in (*_changed(), *FOUND):
            if episode.camera in numbers and self.since <= episode.at < self.until:
                yield episode

    def happened(self, api: Api) -> None:
        """All but the last clips, which come as messages and make the run, as the world's do."""
        with api.engine.begin() as connection:
            for camera in self.cameras:
                seen = Seen(camera, self)
                begin, stop = camera.index(self.since), camera.index(self.until) - 1
                totals = {"series_id": seen.series.series_id, "clips": stop - begin, "top": 0.95}
                totals |= {"first_at": seen.series.moment(begin)}
                totals |= {"last_at": seen.series.moment(stop - 1)}
                connection.execute(insert(score_series).values(seen.series.row() | totals))
                write_scores(connection, seen, stop, begin)
        api.project(*(self._last(camera) for camera in self.cameras))
        api.project(*(self._alert(episode) for episode in self.episodes()))

    def _last(self, camera: WorldCamera) -> Message:
        index = camera.index(self.until) - 1
        scores = Seen(camera, self).scores(index, index + 1)
        calibrated = float(scores.calibrated_N[0])
        head = builders.head(
            calibrated=calibrated, head="causal_mil", model_id=self.model_id, high_mark=HIGH_MARK
        )
        return builders.scored(
            index,
            run=self.run,
            source_id=camera.source_id,
            source_kind="camera",
            origin_at=BEGIN,
            cut_at=NOW,
            detector=self.model_id,
            heads=(head,),
        )

    def _alert(self, episode: Episode) -> AlertClosed:
        camera, (rule, label, severity) = WorldCamera(episode.camera), RULES[episode.rule]
        opening = camera.index(episode.at)
        start_s = camera.grid.start_s(opening)
        opened = clip_id(camera.source_id, BEGIN, opening)
        return builders.alert(
            AlertClosed,
            episode.peak,
            opening,
            alert_id=alert_id(self.run, self.model_id, rule, opened),
            run=self.run,
            source_id=camera.source_id,
            source_kind="camera",
            origin_at=BEGIN,
            cut_at=NOW,
            rule=rule,
            label=label,
            severity=severity,
            start_s=start_s,
            end_s=start_s + episode.lasts_s,
            peak_s=start_s + episode.lasts_s / 2,
            model_id=self.model_id,
        )


@dataclass(frozen=True)
class Seen:
    """A camera as it sees it."""

    camera: WorldCamera
    past: Past

    @property
    def series(self) -> Series:
        model_id = self.past.model_id
        return replace(self.camera.series, run=self.past.run, detector=model_id, model_id=model_id)

    def scores(self, first: int, stop: int) -> Scores:
        scores = self.camera.scores(first, stop)
        chance = np.random.default_rng((self.camera.number, first, 1))
        raw_N = scores.raw_N - 0.2 + chance.normal(0, 0.3, len(scores))
        for episode in EPISODES:
            if episode.rule != FIGHT or episode.peak <= SPARED or episode.is_nothing:
                raw_N -= 0.6 * self.camera.rise(scores.index_N, episode)
        for episode in FOUND:
            raw_N += self.camera.rise(scores.index_N, episode)
        return Scores(scores.index_N, raw_N, 1 / (1 + np.exp(-raw_N)))


def _changed() -> Iterator[Episode]:
    """Of the fights that the live one found those that this one finds too."""
    fights = [each for each in EPISODES if each.rule == FIGHT and not each.is_open]
    for number, fight in enumerate(fights):
        if fight.peak <= SPARED or fight.is_nothing:
            continue
        peak = min(0.97, round(fight.peak + 0.03, 2))
        later = {"at": fight.at + LATE, "lasts_s": fight.lasts_s - 4} if late(number) else {}
        yield replace(fight, peak=peak, **later)


def late(number: int) -> bool:
    return number % LATE_EVERY == LATE_EVERY - 1
