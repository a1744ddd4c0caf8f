"""An alert as a mail."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.policies import PRESENCE
from services.alerts.core.deliveries import Target
from services.alerts.core.mail import mail
from services.alerts.core.notice import Notice, media_time
from services.chassis.addresses.mailboxes import Mailbox, mailbox
from tests.builders import SOURCE
from tests.unit.alerts.room import NOON, OWNER, alert, notice, offline

NIGHT = Mailbox("Nightclerk", "night@example.org")


def received(given: Notice, sender: Mailbox = NIGHT) -> EmailMessage:
    """As a mail reader sees it."""
    content = mail(given, sender).as_bytes()
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)


def part(message: EmailMessage, kind: str) -> EmailMessage:
    return next(found for found in message.walk() if found.get_content_type() == kind)


def contents(message: EmailMessage) -> list[str]:
    return [part(message, kind).get_content() for kind in ("text/plain", "text/html")]


def test_it_says_what_and_where_and_when_and_where_to_see_it() -> None:
    message = received(notice(alert=alert(is_wall_clock=False)))
    assert message["Subject"] == "[Nightclerk] fight: door-2.mp4 at 0:05"
    assert message["To"] == "owner@example.org"
    assert message["From"] == "Nightclerk <night@example.org>"
    for content in contents(message):
        assert "0:04 to 0:06" in content
        assert "0.94" in content
        assert "door-2.mp4" in content


def test_the_source_has_its_name_and_its_id_stands_nowhere() -> None:
    link = f"http://127.0.0.1:8080/alerts/{alert().alert_id}"
    plain, _ = contents(received(notice()))
    assert f"Watch it: {link}" in plain
    assert str(SOURCE) not in plain
    assert str(SOURCE) not in str(received(notice())["Subject"])


@pytest.mark.parametrize(
    ("kind", "expected"), [("upload", "an uploaded video"), ("camera", "a camera")]
)
def test_a_source_that_nobody_named_is_called_by_its_kind(kind: str, expected: str) -> None:
    message = received(notice(source_name="", alert=alert(source_kind=kind)))
    assert expected in message["Subject"]


def test_the_time_of_day_is_said_where_the_source_knows_it() -> None:
    message = received(notice(alert=alert(origin_at=NOON, source_kind="camera")))
    assert message["Subject"].endswith("at 2026-03-14 12:00:04 UTC")
    plain, _ = contents(message)
    assert "Began: 2026-03-14 12:00:04 UTC" in plain
    assert "Camera: door-2.mp4" in plain
    unknown = received(notice(alert=alert(origin_at=NOON, is_wall_clock=False)))
    assert "2026" not in unknown["Subject"] + contents(unknown)[0]


def test_the_picture_is_inside_and_shown_by_its_cid() -> None:
    message = received(notice())
    picture = part(message, "image/jpeg")
    assert picture.get_content() == b"\xff\xd8jpeg"
    assert picture.get_content_disposition() == "inline"
    cid = picture["Content-ID"].strip("<>")
    assert f'src="cid:{cid}"' in part(message, "text/html").get_content()
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("", "The picture follows on the page."),
        ("the video is gone", "There is no picture: the video is gone"),
    ],
)
def test_without_a_picture_it_says_whether_one_follows(note: str, expected: str) -> None:
    for content in contents(received(notice(snapshot=None, note=note))):
        assert expected in content
        assert "cid:" not in content


def test_the_same_delivery_has_the_same_message_id_again() -> None:
    first = mail(notice(), NIGHT)
    again = mail(notice(snapshot=None, note="gone"), NIGHT)
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@example.org>")
    other = mail(notice(target=Target("email", "b@example.org")), NIGHT)
    assert first["Message-ID"] != other["Message-ID"]


def test_the_second_mail_belongs_to_the_first() -> None:
    first = received(notice(snapshot=None))
    second = received(
        notice(
            delivery_id=OWNER.amendment_id(alert().alert_id),
            amends=OWNER.delivery_id(alert().alert_id),
        )
    )
    assert second["In-Reply-To"] == first["Message-ID"] != second["Message-ID"]
    assert second["Subject"] == f"Re: {first['Subject']}"


def test_markup_in_a_label_stays_text() -> None:
    content = part(received(notice(alert=alert(label="<b>x</b> & y"))), "text/html").get_content()
    assert "&lt;b&gt;x&lt;/b&gt; &amp; y" in content


KOREAN: dict[str, Any] = {
    "source_name": "1호점 출입구.mp4",
    "target": Target("email", "owner@store.example", "가게, 주인"),
    "dashboard_url": "http://nc.lan",
}


def test_korean_text_arrives_through_seven_bits() -> None:
    given = notice(alert=alert(label="싸움 의심", is_wall_clock=False), **KOREAN)
    assert mail(given, NIGHT).as_bytes().isascii()
    message = received(given)
    assert message["Subject"] == "[Nightclerk] 싸움 의심: 1호점 출입구.mp4 at 0:05"
    (to,) = message["To"].addresses
    assert (to.display_name, to.addr_spec) == ("가게, 주인", "owner@store.example")
    for content in contents(message):
        assert "싸움 의심" in content
        assert "1호점 출입구.mp4" in content


def test_only_an_address_beyond_ascii_is_written_as_utf8() -> None:
    sender = mailbox("FROM", "야간 <night@가게.example>")
    assert mail(notice(**KOREAN), sender).as_bytes().isascii()
    utf8 = mail(notice(target=Target("email", "주인@store.example")), sender)
    assert "To: 주인@store.example" in utf8.as_bytes().decode("utf-8")


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_no_label_and_no_name_breaks_the_mail(label: str, rule: str, name: str) -> None:
    target = Target("email", "owner@example.org", "".join(c for c in name if c.isprintable()))
    about = alert(label=label, rule=rule)
    given = notice(alert=about, source_name=name, target=target)
    assert mail(given, NIGHT).as_bytes().isascii()
    assert max(map(len, mail(given, NIGHT).as_bytes().splitlines())) <= 998
    message = received(given)
    (to,) = message["To"].addresses
    assert to.addr_spec == "owner@example.org"
    assert message["Bcc"] is None
    assert not message.defects


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03")]
)
def test_media_time(seconds: float, shown: str) -> None:
    assert media_time(seconds) == shown


def test_the_link_leads_to_the_alert_and_of_a_test_to_its_target() -> None:
    shop = notice(dashboard_url="http://shop:8080/")
    assert shop.link == f"http://shop:8080/alerts/{alert().alert_id}"
    tried = notice(purpose="test", dashboard_url="http://shop:8080/")
    assert tried.link == f"http://shop:8080/channels/{OWNER.target_id}"


def test_what_is_wrong_with_a_camera_is_said_in_other_words_and_without_a_picture() -> None:
    message = received(notice(alert=offline(), source_name="door 2", snapshot=None))
    assert message["Subject"] == "[Nightclerk] Camera offline: door 2 since 2026-01-01 00:00:04 UTC"
    for content in contents(message):
        assert "The camera refuses the connection." in content
        assert "2026-01-01 00:00:04 UTC" in content
        assert "See the camera" in content
        for word in ("picture", "score", "Time in the video"):
            assert word not in content


def test_people_where_they_should_not_be_have_no_score() -> None:
    present = alert(model_id=PRESENCE, peak_score=None)
    for content in contents(received(notice(alert=present))):
        assert "0:04 to 0:06" in content
        for word in ("Peak", "score", "model"):
            assert word not in content


def test_what_comes_late_says_so() -> None:
    for content in contents(received(notice(alert=alert(is_late=True)))):
        assert "comes late" in content
    for content in contents(received(notice())):
        assert "comes late" not in content


def test_a_condition_that_nobody_renamed_is_called_in_the_readers_language() -> None:
    reader = Target("email", "owner@store.example", language="ko")
    message = received(notice(alert=offline(), target=reader, snapshot=None))
    assert "카메라 오프라인" in message["Subject"]
    renamed = offline().model_copy(update={"label": "Till dark"})
    message = received(notice(alert=renamed, target=reader, snapshot=None))
    assert "Till dark" in message["Subject"]
