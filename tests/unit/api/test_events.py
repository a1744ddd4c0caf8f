"""Event streams: resumed exactly, from any instance; nobody hears of what is not theirs."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from itertools import count, islice, pairwise
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from schemas.alerts import AlertClosed, AlertOpened
from schemas.base import Message
from schemas.ids import DEFAULT_TENANT
from schemas.models import ModelsDeployed
from schemas.topics import ALERTS, TOPICS
from services.api.events.content import event_of
from services.api.events.hub import TooManyListeners
from services.api.events.listener import Listener, Notice
from services.api.events.log import Entry, TopicLog
from services.api.events.vectors import KINDS, BadEventId, positions_of, token_of
from services.api.events.wanted import Wanted
from services.api.models import scopes
from services.api.models.scopes import Scope
from services.api.principal import Principal
from services.chassis.streaming.memory import MemoryBroker
from services.chassis.streaming.records import Outgoing
from tests.unit.api.builders import CAMERA, VIDEO, alert, configured, health, progressed, scored
from tests.unit.api.conftest import NOW, Api, event_hub

MACHINE = Principal()
CAMERAS = [uuid5(VIDEO, f"camera {number}") for number in range(6)]
ALL = Wanted(frozenset({"alerts"}))


def put(broker: MemoryBroker, *messages: Message) -> None:
    publisher = broker.publisher("test")
    topics = {kind: topic for topic in TOPICS for kind in topic.messages}
    for message in messages:
        publisher.publish(Outgoing(topics[type(message)], message))


def raised(number: int, camera: UUID | None = None) -> AlertClosed:
    """Alert number so many of the test, of one of six cameras by turns."""
    source_id = camera or CAMERAS[number % len(CAMERAS)]
    return alert(AlertClosed, source_id=source_id, source_kind="camera", opening=number)


class Instance:
    """One process of the API, as far as events go."""

    def __init__(self, broker: MemoryBroker, engine: Engine) -> None:
        self.hub = event_hub(broker, engine)

    async def follow(
        self,
        count: int,
        wanted: Wanted = ALL,
        after: str | None = None,
        principal: Principal = MACHINE,
        when_ready: Callable[[], None] = lambda: None,
    ) -> list[Notice]:
        """The first `count` events after `ready`, which is first."""
        found: list[Notice] = []
        positions = positions_of(after) if after else {}
        with self.hub.listening(wanted.kinds) as waker:
            listener = Listener(self.hub, waker, wanted, positions, lambda: principal)
            async with aclosing(listener.notices()) as batches:
                async for notices in batches:
                    if not found:
                        when_ready()
                    found += notices
                    if len(found) > count:
                        break
        return found[: count + 1]


@pytest.fixture
def instance(api: Api) -> Any:
    made: list[Instance] = []

    def make(broker: MemoryBroker | None = None) -> Instance:
        made.append(Instance(broker or api.broker, api.engine))
        return made[-1]

    yield make
    for one in made:
        one.hub.stop()


def run(work: Any) -> Any:
    return asyncio.run(asyncio.wait_for(work, 60))


def names(notices: Sequence[Notice]) -> list[str]:
    return [json.loads(notice.text)["alert_id"] for notice in notices if notice.name != "ready"]


def expected(messages: Sequence[Any]) -> list[str]:
    return [str(message.alert_id) for message in messages]


def in_order(notices: Sequence[Notice]) -> bool:
    """Of each source by itself."""
    latest: dict[str, str] = {}
    for notice in notices[1:]:
        data = json.loads(notice.text)
        if latest.get(data["source_id"], "") >= data["started_at"]:
            return False
        latest[data["source_id"]] = data["started_at"]
    return True


def test_a_listener_hears_what_comes_after_ready(
    api: Api, instance: Callable[..., Instance]
) -> None:
    put(api.broker, *(raised(number) for number in range(5)))
    messages = [raised(number) for number in range(5, 25)]
    found = run(instance().follow(20, when_ready=lambda: put(api.broker, *messages)))
    assert found[0].name == "ready"
    assert sorted(names(found)) == sorted(expected(messages))
    assert in_order(found)


@pytest.mark.parametrize("stop_at", [0, 1, 7, 20, 39])
def test_another_instance_goes_on_exactly_where_the_id_says(
    api: Api, instance: Callable[..., Instance], stop_at: int
) -> None:
    messages = [raised(number) for number in range(40)]
    first = run(instance().follow(stop_at, when_ready=lambda: put(api.broker, *messages)))
    later = [raised(number) for number in range(40, 60)]
    put(api.broker, *later)
    rest = run(instance().follow(60 - stop_at, after=first[-1].event_id))
    told = first + rest[1:]
    assert sorted(names(told)) == sorted(expected([*messages, *later]))
    assert in_order(told)


def test_one_far_behind_reads_alone_until_it_has_caught_up(
    api: Api, instance: Callable[..., Instance]
) -> None:
    messages = [raised(number) for number in range(9_000)]
    one = instance()
    begun = run(one.follow(0))
    put(api.broker, *messages)
    found = run(instance().follow(9_000, after=begun[0].event_id))
    assert sorted(names(found)) == sorted(expected(messages))
    assert in_order(found)


def test_what_the_log_has_no_more_is_said(api: Api, instance: Callable[..., Instance]) -> None:
    begun = run(instance().follow(0))
    messages = [raised(number, CAMERA) for number in range(12)]
    put(api.broker, *messages)
    [partition] = {record.partition for record in api.broker.records(ALERTS)}
    api.broker.delete_before(partition, 5)
    found = run(instance().follow(8, after=begun[0].event_id))
    assert [notice.name for notice in found[:3]] == ["ready", "gap", "alert.closed"]
    assert json.loads(found[1].text) == {"kind": "alerts", "missed": 5}
    assert names(found[2:]) == expected(messages[5:])
    assert names(run(instance().follow(7, after=found[1].event_id))) == expected(messages[5:])


def test_a_topic_made_anew_is_read_from_its_beginning(
    api: Api, instance: Callable[..., Instance]
) -> None:
    put(api.broker, *(raised(number, CAMERA) for number in range(9)))
    begun = run(instance().follow(0))
    anew = MemoryBroker(TOPICS)
    messages = [raised(number, CAMERA) for number in range(3)]
    put(anew, *messages)
    found = run(instance(anew).follow(4, after=begun[0].event_id))
    assert found[1].name == "gap"
    assert names(found[2:]) == expected(messages)


def test_only_what_is_theirs_and_wanted_comes(api: Api, instance: Callable[..., Instance]) -> None:
    other, removed = uuid4(), uuid4()
    api.project(
        configured(source_id=CAMERAS[0]),
        configured(source_id=CAMERAS[1], tenant_id=other, store_id=uuid4()),
        configured(source_id=removed),
    )
    api.client.delete(f"/api/v1/cameras/{removed}")
    last = raised(90, CAMERAS[0])
    shadow = alert(AlertOpened, source_id=CAMERAS[0], source_kind="camera", run="shadow")
    messages = [raised(1, CAMERAS[1]), raised(2, removed), raised(3, uuid4()), shadow, last]

    def heard(wanted: Wanted = ALL) -> list[str]:
        theirs = Principal(DEFAULT_TENANT)
        ready = lambda: put(api.broker, *messages)  # noqa: E731
        return names(run(instance().follow(1, wanted, None, theirs, ready)))

    assert heard() == expected([last])
    assert heard(Wanted(frozenset({"alerts"}), frozenset({str(CAMERAS[0])}))) == expected([last])
    assert heard(Wanted(frozenset({"alerts"}), run="shadow")) == expected([shadow])


def test_scores_are_sampled_by_their_own_time() -> None:
    wanted = Wanted(frozenset({"scores"}), score_every_s=5.0)
    events = scored_events(60)
    taken = [event.start_s for event in events if wanted.takes(event, None)]
    assert [int(start_s // 5) for start_s in taken] == list(range(len(taken)))
    assert all(later - earlier < 7 for earlier, later in pairwise(taken))
    every = Wanted(frozenset({"scores"}))
    assert all(every.takes(event, None) for event in events)


@pytest.mark.parametrize("count", range(1, 9))
def test_the_last_score_is_told_in_any_case(count: int) -> None:
    wanted = Wanted(frozenset({"scores"}), score_every_s=3600.0)
    last: Any = event_of("scores", scored(count, is_last=True))
    assert wanted.takes(last, None)
    assert last.data["is_last"]
    assert not any(wanted.takes(event, None) for event in scored_events(count + 1)[1:])


def scored_events(count: int) -> list[Any]:
    return [event_of("scores", scored(number)) for number in range(count)]


def test_a_stream_ends_with_the_service(instance: Callable[..., Instance]) -> None:
    one = instance()
    found = run(one.follow(1, when_ready=one.hub.close))
    assert [notice.name for notice in found] == ["ready"]


def test_there_are_not_more_listeners_than_a_process_bears(
    instance: Callable[..., Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.events.hub.MOST_LISTENERS", 1)

    async def two() -> None:
        hub = instance().hub
        with hub.listening(["alerts"]), pytest.raises(TooManyListeners), hub.listening(["alerts"]):
            pass
        with hub.listening(["alerts"]):
            pass

    run(two())


positions = st.dictionaries(
    st.sampled_from(KINDS), st.lists(st.integers(0, 2**62), max_size=40), max_size=len(KINDS)
)


@given(positions)
def test_an_id_survives_its_token(content: dict[str, list[int]]) -> None:
    assert positions_of(token_of(content)) == content


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_what_is_no_id_of_ours_is_refused(token: str) -> None:
    with pytest.raises(BadEventId):
        positions_of(token)


@given(positions, st.integers(0, 200), st.integers(1, 63))
def test_a_damaged_id_is_refused(content: dict[str, list[int]], place: int, by: int) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = token_of(content)
    place %= max(len(token) - 1, 1)  # the last letter has bits that mean nothing
    other = letters[(letters.index(token[place]) + by) % 64]
    with pytest.raises(BadEventId):
        positions_of(token[:place] + other + token[place + 1 :])


def test_a_log_forgets_the_oldest_and_says_so() -> None:
    log = TopicLog(most=10)
    log.opened([0, 0], [0, 0])
    assert log.place_for([0]) == log.place_for([0, 0])
    assert log.place_for([1]) is None
    log.append([Entry(0, offset, None) for offset in range(30)])
    assert log.since(0, 5) is None
    assert log.place_for([19, 0]) is None
    place = log.place_for([20, 0])
    assert place is not None
    assert [entry.offset for entry in log.since(place, 99) or ()] == list(range(20, 30))
    log.opened([30, 0], [30, 0])
    assert log.since(place, 99) is not None
    log.opened([0, 0], [0, 0])
    assert log.since(place, 99) is None


def sse(text: str) -> list[dict[str, str]]:
    """The events of a stream, as a browser reads them."""
    blocks = [block for block in text.split("\n\n") if "event:" in block]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def test_over_http_and_over_a_socket_it_is_the_same(api: Api) -> None:
    api.project(configured())
    with api.client.websocket_connect(
        "/api/v1/events/socket?kind=alerts&kind=health", headers={"Host": "127.0.0.1:8080"}
    ) as socket:
        assert socket.receive_json()["event"] == "ready"
        put(api.broker, raised(1, CAMERA), health("offline"))
        heard = (socket.receive_json() for _ in count())
        told = list(islice((one for one in heard if one["event"] != "heartbeat"), 2))
    assert {one["event"] for one in told} == {"alert.closed", "health"}
    assert told[0]["data"]["source_id"] == str(CAMERA)
    assert api.client.get("/api/v1/events?after=x").status_code == 422
    assert api.client.get("/api/v1/events?kind=clips").status_code == 422
    api.tools.events.close()  # a stream that is closing ends at once: the client reads all of it
    answer = api.client.get("/api/v1/events", headers={"Last-Event-ID": told[0]["id"]})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("retry: 2000")
    assert sse(answer.text) == []


def test_a_listener_hears_how_far_a_video_is(api: Api, instance: Callable[..., Instance]) -> None:
    message = progressed("decoding", progress=0.5, clip_count=3)
    wanted = Wanted(frozenset({"videos"}))
    begun = lambda: put(api.broker, message)  # noqa: E731
    [_, found] = run(instance().follow(1, wanted, when_ready=begun))
    data = json.loads(found.text)
    assert (found.name, data["source_id"]) == ("video.progressed", str(VIDEO))
    assert (data["state"], data["progress"]) == ("decoding", 0.5)


def test_a_listener_hears_what_becomes_live(api: Api, instance: Callable[..., Instance]) -> None:
    """In a store that is theirs; in one of another tenant they hear of nothing."""
    ours, theirs = UUID(int=61), UUID(int=62)
    owner = Principal(DEFAULT_TENANT)
    for scope, tenant_id in ((ours, DEFAULT_TENANT), (theirs, UUID(int=2))):
        with api.engine.begin() as connection:
            scopes.touch(connection, Scope(tenant_id, scope), NOW)
    messages = [
        ModelsDeployed(scope_id=scope, tenant_id=DEFAULT_TENANT, store_id=scope, deployed_at=NOW)
        for scope in (theirs, ours)
    ]
    wanted = Wanted(frozenset({"models"}))
    begun = lambda: put(api.broker, *messages)  # noqa: E731
    [_, found] = run(instance().follow(1, wanted, principal=owner, when_ready=begun))
    data = json.loads(found.text)
    assert (found.name, data["store_id"]) == ("models.deployed", str(ours))
    assert (data["live"], data["shadows"]) == ({}, [])
