"""The picture that a mail carries, and mails that go without one."""

import io

import pytest
from sqlalchemy import Engine

from schemas.ids import hidden_snapshot_key, snapshot_key
from services.alerts.core.spans import Evidence
from services.chassis.errors import TransientError
from services.chassis.storage.objects import MemoryObjects
from tests.builders import source
from tests.unit.alerts.room import OWNER, Station, alert
from tests.unit.alerts.sending import SendingCase, picture_lies_there


@pytest.fixture
def case(engine: Engine) -> SendingCase:
    return SendingCase(Station(engine))


def test_a_mail_carries_the_picture_that_lies_there(case: SendingCase) -> None:
    about = alert(source_id=source(1))
    picture_lies_there(case.station, about)
    key = snapshot_key(about.alert_id)
    case.station.store.put(key, io.BytesIO(b"\xff\xd8jpeg"), "image/jpeg")
    case.opened()
    case.work_until_idle()
    assert case.channel.sent[0].snapshot == b"\xff\xd8jpeg"
    assert case.station.ledger.without_picture(about.alert_id) == frozenset()


@pytest.mark.parametrize("hidden", [None, b"\xff\xd8hidden"])
def test_where_faces_are_hidden_a_mail_carries_no_other_picture(
    case: SendingCase, hidden: bytes | None
) -> None:
    about = alert(source_id=source(1))
    picture_lies_there(case.station, about)
    store = case.station.store
    store.put(snapshot_key(about.alert_id), io.BytesIO(b"\xff\xd8jpeg"), "image/jpeg")
    if hidden:
        store.put(hidden_snapshot_key(about.alert_id), io.BytesIO(hidden), "image/jpeg")
    case.sender = case.station.sender(case.channel, hides_faces=lambda _: True)
    case.opened()
    case.work_until_idle()
    assert case.channel.sent[0].snapshot == hidden


class SilentObjects(MemoryObjects):
    """A store that is away."""

    def get(self, key: str) -> bytes:
        raise TransientError("nobody there")


@pytest.mark.parametrize("store", [MemoryObjects(), SilentObjects()])
def test_a_mail_goes_out_without_a_picture_that_cannot_be_had(
    case: SendingCase, store: MemoryObjects
) -> None:
    about = alert(source_id=source(1))
    picture_lies_there(case.station, about)
    case.sender = case.station.sender(case.channel, store=store)
    case.opened()
    case.work_until_idle()
    assert case.channel.sent[0].snapshot is None
    bare = case.station.ledger.without_picture(about.alert_id)
    assert bare == {OWNER.delivery_id(about.alert_id)}


def test_a_mail_says_why_there_will_be_no_picture(case: SendingCase) -> None:
    about = alert(source_id=source(1))
    case.station.queue.want(about, "door 2", case.station.now)
    task = case.station.queue.claim(case.station.now)
    assert task is not None
    gone = Evidence(note="the video is gone")
    case.station.queue.close(task, gone, "failed", None, case.station.now)
    case.opened()
    case.work_until_idle()
    assert case.channel.sent[0].note == "the video is gone"
