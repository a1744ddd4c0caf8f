"""A detector's way into service on real servers: registered over the API (MariaDB, S3), announced
over Kafka, judged by the processes of scoring, compared, promoted, rolled back. Meanwhile a fight
goes on: its alert stays one alert, and no clip is lost or judged live twice.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.judgements import LIVE
from schemas.scores import ClipScored
from schemas.topics import ALERTS, EMBEDDINGS, SCORES, SOURCES
from services.api.models.packages import pack
from services.api.projector import Projector
from services.chassis.settings import ServiceSettings
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from tests.checkpoints import RULE, cosine_head, window
from tests.integration import tables
from tests.integration.processes import environment, supervised
from tests.unit.api.builders import CAMERA, configured, incoming
from tests.unit.api.conftest import Api
from tests.unit.api.detectors import MODELS, hand_in
from tests.unit.api.models import test_deployments, test_registry, test_watching

pytestmark = pytest.mark.integration
make_api, migrated = tables.make_api, tables.migrated
ORIGIN = datetime.now(UTC) - timedelta(minutes=30)
PATIENCE_S = 300
MOST_WINDOWS = 600


@contextmanager
def scoring(settings: ServiceSettings, folder: Path) -> Iterator[None]:
    """Judging and episodes as processes of their own; each that ends is followed by the next."""
    surroundings = environment(settings, folder, backbone="i3d_k400", head=str(folder / "head"))
    with (
        supervised("services.scoring.judging", surroundings, folder / "judging.log"),
        supervised("services.scoring.episodes", surroundings, folder / "episodes.log"),
    ):
        yield


class Camera:
    """Sees a fight, window after window, for as long as it is watched; all that was told of it."""

    def __init__(self, settings: ServiceSettings, publisher: KafkaPublisher) -> None:
        self._publisher = publisher
        self._scores, self._alerts = Tail(settings, SCORES), Tail(settings, ALERTS)
        self.scores: list[ClipScored] = []
        self.alerts: list[Message] = []
        self._next = 0

    def watch(self, seen: Callable[[ClipScored], bool], is_fight: bool = True) -> None:
        """Until a score is seen of that kind. How long a change takes is not said here."""
        for _ in range(MOST_WINDOWS):
            latest = self._one(is_fight)
            if any(seen(score) for score in latest):
                return
        raise AssertionError("no score of that kind came")

    def until_calm(self) -> None:
        """The fight ends, and so does its alert."""
        for _ in range(4):
            self._one(is_fight=False)
        self.alerts += self._alerts.until(lambda one: isinstance(one, AlertClosed), PATIENCE_S)

    def alerts_of(self, kind: type[AlertOpened] | type[AlertClosed]) -> list[Any]:
        """Of the live run."""
        return [one for one in self.alerts if isinstance(one, kind) and one.run == LIVE]

    def _one(self, is_fight: bool) -> list[ClipScored]:
        fields: dict[str, Any] = {"source_id": CAMERA, "source_kind": "camera"}
        fields |= {"origin_at": ORIGIN, "cut_at": datetime.now(UTC)}
        self._publisher.publish(Outgoing(EMBEDDINGS, window(self._next, is_fight, **fields)))
        self._publisher.flush()
        wanted, self._next = 2 * self._next, self._next + 1

        def is_live_of_it(one: Message) -> bool:
            is_live = isinstance(one, ClipScored) and one.run == LIVE
            return is_live and one.clips[0].index >= wanted  # type: ignore[attr-defined]

        found = self._scores.until(is_live_of_it, PATIENCE_S)
        latest = [one for one in found if isinstance(one, ClipScored)]
        self.scores += latest
        return latest


def registered(api: Api, folder: Path, name: str, **fields: Any) -> str:
    """As `nightclerk train` and `nightclerk models register` do it."""
    cosine_head(folder / name, **fields)
    pack(folder / name, folder / f"{name}.zip")
    answer = hand_in(api, (folder / f"{name}.zip").read_bytes(), name=name)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["detector"])


def test_a_detector_comes_into_service_and_goes_again_while_a_fight_goes_on(
    settings: ServiceSettings, make_api: Callable[..., Api], tmp_path: Path
) -> None:
    cosine_head(tmp_path / "head")
    publisher: Any = KafkaPublisher(settings, "test")
    store: Any = S3Objects.connect(settings)
    api = make_api(store=store, publisher=publisher, head=str(tmp_path / "head"))
    camera = configured(
        source_id=CAMERA, tenant_id=DEFAULT_TENANT, store_id=default_store(DEFAULT_TENANT)
    )
    publisher.publish(Outgoing(SOURCES, camera))
    api.project(camera)
    shipped = api.client.get(MODELS).json()["items"][0]["detector"]
    ours = registered(api, tmp_path, "ours", rule=RULE.model_copy(update={"high": 0.95}))
    seen = Camera(settings, publisher)
    run = f"shadow-{ours}"

    with scoring(settings, tmp_path):
        seen.watch(lambda one: one.run == LIVE and one.alerts_opened == 1)
        assert api.client.post(f"{MODELS}/{ours}/shadow", json={}).status_code == 200
        seen.watch(lambda one: one.run == run and one.alerts_opened == 1)
        Projector(api.engine).handle(incoming(*seen.scores), Event())
        entry, match = {"run": run, "reason": "as good, and calmer"}, {"If-Match": "*"}
        promoted = api.client.post(f"{MODELS}/{ours}/promote", json=entry, headers=match)
        assert promoted.status_code == 200, promoted.text
        seen.watch(lambda one: one.run == LIVE and one.detector == ours)
        back = api.client.post("/api/v1/deployments/rollback", json={}, headers=match)
        assert back.json()["live"][0]["detector"] == shipped
        seen.watch(lambda one: one.run == LIVE and one.detector == shipped)
        seen.until_calm()

    live = [one for one in seen.scores if one.run == LIVE]
    detectors: dict[int, set[str]] = {}
    for one in live:
        for clip in one.clips:
            detectors.setdefault(clip.index, set()).add(one.detector)
    assert sorted(detectors) == list(range(max(detectors) + 1))
    assert all(len(by) == 1 for by in detectors.values())
    opened = {each.alert_id for each in seen.alerts_of(AlertOpened)}
    assert len(opened) == 1
    assert opened == {each.alert_id for each in seen.alerts_of(AlertClosed)}

    entries = api.client.get("/api/v1/deployments/history").json()["items"]
    actions = [each["action"] for each in entries]
    assert sorted(actions) == ["promoted", "rolled_back", "shadow_added", "shadow_removed"]
    kept = next(each for each in entries if each["action"] == "promoted")
    assert kept["replay_run"] == run
    detail = api.client.get(f"/api/v1/deployments/history/{kept['entry_id']}").json()
    assert detail["comparison"]["run"]["detector"] == ours


CASES: tuple[Callable[[Api], None], ...] = (
    test_registry.test_versions_are_counted_for_each_name,
    test_registry.test_it_is_retired_and_taken_up_again,
    test_deployments.test_what_is_retired_is_not_gone_back_to,
    test_deployments.test_two_who_promote_at_once_do_not_overlook_one_another,
    test_deployments.test_a_store_that_is_removed_leaves_a_tombstone,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_it_is_the_same_on_mariadb(
    case: Callable[[Api], None], make_api: Callable[..., Api]
) -> None:
    case(make_api())


def test_it_goes_back_by_itself_on_mariadb(make_api: Callable[..., Api]) -> None:
    test_watching.test_it_goes_back_to_what_was_before(test_watching.watched(make_api))
