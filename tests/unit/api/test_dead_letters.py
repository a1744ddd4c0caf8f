"""Dead letters: seen by whom they concern, replayed byte for byte, dropped."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgpack
import pytest

from schemas.alerts import AlertOpened
from schemas.deadletters import DeadLetter
from schemas.topics import DELIVERIES, EMBEDDINGS, SCORES, SOURCES
from services.api.config import Keeping
from services.api.deadletters.reading import letter_page
from services.api.deadletters.tables import KEPT_FOR
from services.api.deadletters.views import LetterFilter
from services.api.principal import Principal
from services.api.retention import Retention
from services.chassis.clock import ManualClock
from services.chassis.streaming.deadletters import dead_letter
from services.chassis.streaming.records import Partition, Record
from tests.unit.api.builders import CAMERA, START, alert, at, configured
from tests.unit.api.conftest import NOW, Api
from tests.unit.api.letters import collect, letter, state_of

URL = "/api/v1/dead-letters"
TENANT, OTHER_TENANT = UUID(int=1), UUID(int=2)
DAY = timedelta(days=1)


def asked(api: Api, **where: Any) -> list[dict[str, Any]]:
    answer = api.client.get(URL, params=where)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_a_letter_says_what_failed_where_and_whose_it_was(api: Api) -> None:
    api.project(configured())
    (name,) = collect(api, letter())
    (shown,) = asked(api)
    assert shown["letter_id"] == str(name)
    assert (shown["topic"], shown["partition"], shown["offset"]) == ("scores.v1", 3, 41)
    assert (shown["source_id"], shown["state"]) == (str(CAMERA), "open")
    assert api.client.get(URL).json()["open_by_topic"] == {"scores.v1": 1}


def test_what_comes_again_is_the_same_letter_and_what_was_done_with_it_stays(api: Api) -> None:
    (name,) = collect(api, letter())
    api.client.delete(f"{URL}/{name}").raise_for_status()
    assert collect(api, letter(failed_at=at(60))) == [name]
    assert state_of(api, name) == ("dropped", NOW)


def test_another_record_at_the_same_place_is_another_letter(api: Api) -> None:
    """The topic was made anew."""
    assert len(collect(api, letter(), letter(record_value=b"another"))) == 2


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"topic": "scores.v1"}, 1),
        ({"topic": "embeddings.v1"}, 2),
        ({"reason": "MSGPACK"}, 2),
        ({"reason": "100%"}, 1),
        ({"reason": "%"}, 1),
        ({"since": at(60).isoformat()}, 2),
        ({"until": at(60).isoformat()}, 1),
        ({"state": "open"}, 3),
        ({"state": "replayed"}, 0),
        ({"source_id": str(CAMERA)}, 2),
    ],
)
def test_letters_are_found_by_topic_reason_time_and_source(
    api: Api, where: dict[str, str], count: int
) -> None:
    collect(
        api,
        letter(),
        letter(EMBEDDINGS, failed_at=at(60)),
        letter(EMBEDDINGS, offset=42, failed_at=at(120), reason="100% wrong", record_key=b"?"),
    )
    assert len(asked(api, **where)) == count


def test_pages_follow_one_another(api: Api) -> None:
    collect(api, *(letter(offset=number, failed_at=at(number)) for number in range(5)))
    first = api.client.get(URL, params={"limit": 3}).json()
    rest = api.client.get(URL, params={"limit": 3, "cursor": first["next"]}).json()
    assert [each["offset"] for each in first["items"] + rest["items"]] == [4, 3, 2, 1, 0]
    assert rest["next"] is None


def test_what_is_shown_has_neither_bytes_nor_secrets(api: Api) -> None:
    value = msgpack.packb(
        {"type": "x", "name": "Till", "vector": b"\0" * 12, "credentials": b"geheim",
         "smtp_password": "geheim", "deep": [{"token": "geheim"}], "score": float("nan")}
    )  # fmt: skip
    headers = {"ce_type": b"x", "authorization": b"geheim"}
    (name,) = collect(api, letter(record_value=value, record_headers=headers))
    answer = api.client.get(f"{URL}/{name}")
    assert "geheim" not in answer.text
    content = answer.json()["content"]
    assert (content["name"], content["vector"], content["score"]) == ("Till", "12 bytes", "nan")
    assert answer.json()["headers"]["ce_type"] == "x"


def test_what_is_no_message_is_shown_by_its_digest(api: Api) -> None:
    (name,) = collect(api, letter())
    shown = api.client.get(f"{URL}/{name}").json()
    assert (shown["content"], shown["is_kept"], shown["key"]) == (None, True, str(CAMERA))
    assert len(shown["sha256"]) == 64


def test_a_replay_puts_the_very_record_on_its_topic(api: Api) -> None:
    headers = {"traceparent": b"00-1-2-01"}
    (name,) = collect(api, letter(record_headers=headers))
    answer = api.client.post(f"{URL}/{name}/replay")
    assert answer.json()["state"] == "replayed"
    (record,) = api.publisher.verbatim
    assert (record.topic, record.key) == (SCORES, str(CAMERA).encode())
    assert record.value == b"\xc1 no message"
    assert record.headers == headers | {"nightclerk-replays": b"1"}


def test_a_second_failure_is_seen_as_such(api: Api) -> None:
    (name,) = collect(api, letter())
    api.client.post(f"{URL}/{name}/replay").raise_for_status()
    (sent,) = api.publisher.verbatim
    came = Record(Partition("scores.v1", 3), 77, sent.key, sent.value, sent.headers)
    again = dead_letter(SCORES, came, "api.projector", "still no msgpack", ManualClock(at(9)))
    assert isinstance(again.message, DeadLetter)
    (second, *_) = (each for each in collect(api, again.message) if each != name)
    shown = api.client.get(f"{URL}/{second}").json()
    assert (shown["replays"], shown["state"]) == (1, "open")
    api.client.post(f"{URL}/{second}/replay").raise_for_status()
    assert api.publisher.verbatim[-1].headers["nightclerk-replays"] == b"2"


@pytest.mark.parametrize("first", ["replay", "drop"])
def test_what_is_done_is_done(api: Api, first: str) -> None:
    (name,) = collect(api, letter())
    if first == "replay":
        api.client.post(f"{URL}/{name}/replay").raise_for_status()
    else:
        api.client.delete(f"{URL}/{name}").raise_for_status()
    assert api.client.post(f"{URL}/{name}/replay").status_code == 409
    assert api.client.delete(f"{URL}/{name}").status_code == 409
    assert len(api.publisher.verbatim) == (1 if first == "replay" else 0)


def test_what_kafka_let_go_of_cannot_be_replayed(api: Api) -> None:
    (name,) = collect(api, letter())
    api.broker.delete_before(Partition("scores.v1.dlq", 0), 1)
    assert api.client.get(f"{URL}/{name}").json()["is_kept"] is False
    assert api.client.post(f"{URL}/{name}/replay").status_code == 410
    assert state_of(api, name)[0] == "open"


def test_it_stands_in_the_audit_log(api: Api) -> None:
    (name,) = collect(api, letter())
    api.client.post(f"{URL}/{name}/replay").raise_for_status()
    (row, *_) = api.client.get("/api/v1/audit", params={"action": "dead_letter."}).json()["items"]
    assert (row["action"], row["subject"]) == ("dead_letter.replayed", str(name))


def test_letters_of_an_alert_are_those_of_its_source(api: Api) -> None:
    raised = alert(AlertOpened, source_id=CAMERA, source_kind="camera")
    api.project(configured(), raised)
    collect(api, letter(DELIVERIES, record_key=str(raised.alert_id).encode()))
    assert asked(api)[0]["source_id"] == str(CAMERA)


def test_rows_are_kept_as_long_as_the_letters(api: Api) -> None:
    collect(api, letter(), letter(offset=42, failed_at=START + KEPT_FOR))
    now = START + KEPT_FOR + timedelta(hours=1)
    clock, keeping = ManualClock(now), Keeping(DAY, DAY, DAY, DAY, DAY)
    Retention(api.engine, api.tools.removal, clock, keeping).turn()
    assert [each["offset"] for each in asked(api)] == [42]


def test_an_owner_sees_letters_of_their_own_sources_only(api: Api) -> None:
    api.project(configured(tenant_id=TENANT))
    collect(api, letter(), letter(SOURCES, offset=1, record_key=b"nobody knows"))
    with api.engine.connect() as connection:
        counts = [
            len(letter_page(connection, Principal(tenant_id), LetterFilter(), 50, None).items)
            for tenant_id in (TENANT, OTHER_TENANT, None)
        ]
    assert counts == [1, 0, 2]
