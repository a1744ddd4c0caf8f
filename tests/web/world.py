"""A chain with a week behind it, always the same: stores, cameras, people, alerts with evidence.

The browser's clock is to be set to NOW (`at_now(context)`), as the API's is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid5

from playwright.sync_api import BrowserContext
from sqlalchemy import insert

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.ids import DEFAULT_TENANT, default_store
from schemas.policies import PRESENCE
from schemas.sources import CameraSettings, Zone
from services.api.access import sessions, tenants, users
from services.api.access.sessions import Guest
from services.api.access.users import NewUser
from services.api.bench.cameras import write_scores
from services.api.config import COOKIE
from services.api.principal import Role
from services.api.tables import score_series
from tests.unit.api import builders
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.people import browser
from tests.web import scenes
from tests.web.cast import (
    BEGIN,
    CAMERAS,
    EPISODES,
    FAMILY,
    HIGH_MARK,
    JUDGED,
    LOUD,
    MODEL,
    OFFLINE,
    RULES,
    STILL,
    STORES,
    TIME_ZONE,
    Episode,
    WorldCamera,
)
from tests.web.world_films import recorded
from tests.web.world_learning import fill_learning
from tests.web.world_models import fill_models
from tests.web.world_videos import fill_videos

LOUD_DRIFT = (
    "Possible fight: 5.3 alarms a day where 1 are allowed, and the mark may rise no further."
)
STILL_DRIFT = "Possible fight: what is usual here scores otherwise than it did."
PEOPLE: tuple[tuple[str, Role], ...] = (
    ("Kim Minji", "owner"),
    ("Park Jiho", "manager"),
    ("Lee Sora", "operator"),
)


@dataclass(frozen=True)
class World:
    """The ids of what there is. `alerts` are in the order of EPISODES, the latest last."""

    store_ids: tuple[UUID, ...]
    cameras: tuple[WorldCamera, ...]
    alerts: tuple[AlertOpened, ...]
    owner: NewUser
    people: tuple[NewUser, ...]
    video_id: UUID | None = None
    """This and the next two: with footage only."""
    album_id: UUID | None = None
    target_id: UUID | None = None
    detector: str | None = None
    """That looks on. This and the next: with footage only."""
    replay_run: str | None = None


def fill(api: Api, with_footage: bool = True) -> World:
    """Into an API of its own, made with a `secret_key`. From now on it asks for a login. Without
    footage alerts have neither pictures nor films (which take seconds to render, once).
    """
    store_ids = _stores(api)
    cameras = tuple(WorldCamera(number) for number in range(len(CAMERAS)))
    api.project(*(_configured(camera, store_ids) for camera in cameras))
    for camera in cameras:
        _scores(api, camera)
    api.project(*_latest(cameras), *_conditions(cameras))
    alerts = tuple(_opened(episode) for episode in EPISODES)
    closed = [each for each, of in zip(alerts, EPISODES, strict=True) if not of.is_open]
    api.project(*alerts, *(AlertClosed(**_fields(each)) for each in closed))
    api.project(*_deliveries(alerts))
    if with_footage:
        for number, alert in enumerate(alerts):
            _evidence(api, alert.alert_id, number)
        _recordings(api, cameras)
    people = tuple(_person(api, name, role) for name, role in PEOPLE)
    _reviews(api, people, alerts)
    world = World(store_ids, cameras, alerts, people[0], people)
    return _with_footage(api, world) if with_footage else world


def _with_footage(api: Api, world: World) -> World:
    """Also with what else takes its time: an upload, an album, channels, models."""
    owner = browser(api, world.owner)
    video_id, album_id, target_id = fill_videos(api, owner)
    fill_learning(api, owner, world.cameras)
    detector, run = fill_models(api, owner, world.store_ids, world.cameras)
    made = {"video_id": video_id, "album_id": album_id, "target_id": target_id}
    return replace(world, **made, detector=detector, replay_run=run)


def sign_in(context: BrowserContext, api: Api, user: NewUser, url: str) -> None:
    """Give a browser that person's login."""
    rules, now = api.tools.settings.logins, api.clock.now()
    with api.engine.begin() as connection:
        secret = sessions.open_session(connection, rules, user.user_id, Guest(), now)
    context.add_cookies([{"name": COOKIE, "value": secret, "url": url}])


def at_now(context: BrowserContext) -> None:
    """The browser takes it for NOW; its timers run on."""
    context.clock.set_fixed_time(NOW)


def _stores(api: Api) -> tuple[UUID, ...]:
    with api.engine.begin() as connection:
        tenants.rename(connection, DEFAULT_TENANT, "Moonlight Stores")
    hours = {"time_zone": TIME_ZONE}
    first = default_store(DEFAULT_TENANT)
    done = api.client.patch(f"/api/v1/stores/{first}", json={"name": STORES[0], "hours": hours})
    assert done.status_code == 200, done.text
    others = []
    for name in STORES[1:]:
        done = api.client.post("/api/v1/stores", json={"name": name, "hours": hours})
        assert done.status_code == 201, done.text
        others.append(UUID(done.json()["store_id"]))
    return first, *others


def _configured(camera: WorldCamera, store_ids: tuple[UUID, ...]) -> Message:
    till = Zone(name="till", polygon=((0.55, 0.35), (0.95, 0.35), (0.95, 0.9), (0.55, 0.9)))
    settings = CameraSettings(
        zones=(till,) if camera.name == "Till" else (), motion_gate=camera.number == STILL
    )
    return builders.configured(
        camera.name,
        source_id=camera.source_id,
        tenant_id=DEFAULT_TENANT,
        store_id=store_ids[camera.store],
        origin_at=BEGIN,
        address=f"rtsp://192.168.{20 + camera.store}.{11 + camera.number}/stream2",
        camera=settings,
        configured_at=BEGIN + timedelta(seconds=camera.number),
    )


def _scores(api: Api, camera: WorldCamera) -> None:
    """All but the last clip, which comes as a message and makes the run."""
    clips = camera.index(NOW - timedelta(hours=3) if camera.number == OFFLINE else NOW) - 1
    totals = {
        "series_id": camera.series.series_id,
        "clips": clips,
        "top": 0.95,
        "first_at": BEGIN,
        "last_at": camera.series.moment(clips - 1),
    }
    with api.engine.begin() as connection:
        connection.execute(insert(score_series).values(camera.series.row() | totals))
        write_scores(connection, camera, clips)


def _latest(cameras: tuple[WorldCamera, ...]) -> Iterator[Message]:
    for camera in cameras:
        index = camera.index(NOW - timedelta(hours=3) if camera.number == OFFLINE else NOW) - 1
        calibrated = 0.82 if camera.number == EPISODES[-1].camera else 0.04 + 0.01 * camera.number
        head = builders.head(
            calibrated=calibrated, head="causal_mil", model_id=MODEL, high_mark=HIGH_MARK
        )
        yield builders.scored(
            index,
            source_id=camera.source_id,
            source_kind="camera",
            origin_at=BEGIN,
            cut_at=NOW,
            detector=MODEL,
            heads=(head,),
        )


def _conditions(cameras: tuple[WorldCamera, ...]) -> Iterator[Message]:
    now_s = (NOW - BEGIN).total_seconds()
    for number, condition, hours, detail in (
        (OFFLINE, "offline", 3.0, "The camera refuses the connection."),
        (STILL, "still", 5.0, ""),
        (LOUD, "calibration_drift", 33.0, LOUD_DRIFT),
        (STILL, "calibration_drift", 9.0, STILL_DRIFT),
    ):
        yield builders.health(
            condition,
            now_s - hours * 3600,
            now_s,
            source_id=cameras[number].source_id,
            origin_at=BEGIN,
            cut_at=NOW,
            detail=detail,
        )
    for days, minutes in ((1, 12), (3, 44)):
        start_s = now_s - days * 86_400
        yield builders.health(
            "offline",
            start_s,
            start_s + minutes * 60,
            source_id=cameras[5].source_id,
            origin_at=BEGIN,
            cut_at=NOW,
            is_over=True,
            detail="No picture comes.",
        )


def _opened(episode: Episode) -> AlertOpened:
    camera, (rule, label, severity) = WorldCamera(episode.camera), RULES[episode.rule]
    opening = camera.index(episode.at)
    start_s = camera.grid.start_s(opening)
    return builders.alert(
        AlertOpened,
        episode.peak if rule in JUDGED else None,
        opening,
        source_id=camera.source_id,
        source_kind="camera",
        origin_at=BEGIN,
        cut_at=episode.at,
        rule=rule,
        label=label,
        severity=severity,
        start_s=start_s,
        end_s=start_s + episode.lasts_s,
        peak_s=start_s + episode.lasts_s / 2,
        model_id=MODEL if rule in JUDGED else PRESENCE,
    )


def _fields(alert: AlertOpened) -> dict[str, object]:
    return {name: getattr(alert, name) for name in type(alert).model_fields if name != "type"}


def _deliveries(alerts: tuple[AlertOpened, ...]) -> Iterator[Message]:
    for alert in alerts[-12:]:
        said_at = alert.moment(alert.start_s) + timedelta(seconds=6)
        for number, (channel, target, outcome) in enumerate(
            (
                ("email", "night@moonlight.example", "delivered"),
                ("webhook", "https://ops.moonlight.example/alerts", "retrying"),
                ("webhook", "https://ops.moonlight.example/alerts", "delivered"),
            )
        ):
            yield builders.delivered(
                max(1, number),
                outcome,
                delivery_id=ids.delivery_id(alert.alert_id, channel, target),
                alert_id=alert.alert_id,
                source_id=alert.source_id,
                channel=channel,
                target=target,
                detail="" if outcome == "delivered" else "HTTP 503",
                attempted_at=said_at + timedelta(seconds=30 * number),
            )


def _evidence(api: Api, alert_id: UUID, number: int) -> None:
    api.put(ids.snapshot_key(alert_id), scenes.still(number))
    api.put(ids.evidence_key(alert_id), scenes.film(number))
    api.put(ids.montage_key(alert_id), scenes.contact_sheet(number))
    api.put(ids.enhanced_key(alert_id), scenes.still(number, width=1280))


def _recordings(api: Api, cameras: tuple[WorldCamera, ...]) -> None:
    """Of the stores' cameras around their latest three episodes."""
    for episode in EPISODES[-3:]:
        store = cameras[episode.camera].store
        for camera in (each for each in cameras if each.store == store):
            api.project(*recorded(api, camera, episode.at))


def _person(api: Api, name: str, role: Role) -> NewUser:
    email = f"{name.split()[1].lower()}@moonlight.example"
    made = NewUser(uuid5(FAMILY, email), DEFAULT_TENANT, email, name, role, None, None)
    with api.engine.begin() as connection:
        users.add(connection, made, api.clock.now())
    return made


def _reviews(api: Api, people: tuple[NewUser, ...], alerts: tuple[AlertOpened, ...]) -> None:
    """Older days are judged, yesterday's half; the latest wait."""
    first, second = browser(api, people[1]), browser(api, people[2])
    for number, (alert, episode) in enumerate(zip(alerts[:-20], EPISODES, strict=False)):
        client = second if number % 3 else first
        path = f"/api/v1/alerts/{alert.alert_id}"
        verdict = {"verdict": "true" if episode.is_true else "false"}
        reason = (
            {}
            if episode.is_true
            else {"reason": ("the cleaner", "a reflection", "staff")[number % 3]}
        )
        done = client.put(f"{path}/verdict", json=verdict | reason)
        assert done.status_code == 200, done.text
    latest = f"/api/v1/alerts/{alerts[-1].alert_id}"
    done = first.post(f"{latest}/comments", json={"text": "Called the shop, nobody answers."})
    assert done.status_code == 201, done.text
    done = first.put(f"{latest}/assignment", json={"assigned_to": str(people[2].user_id)})
    assert done.status_code == 200, done.text
