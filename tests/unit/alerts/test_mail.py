"""An alert as a mail."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.core.mail import mail
from services.alerts.core.notice import link_to, media_time
from tests.builders import SOURCE
from tests.unit.alerts.room import NOON, alert, notice


def received(message: EmailMessage) -> EmailMessage:
    """As a mail reader sees it."""
    return message_from_bytes(message.as_bytes(), _class=EmailMessage, policy=policy.default)


def part(message: EmailMessage, kind: str) -> EmailMessage:
    return next(one for one in message.walk() if one.get_content_type() == kind)


def test_it_says_what_and_when_and_where_to_look() -> None:
    message = received(mail(notice(), "Nightclerk <night@example.org>"))
    assert message["Subject"] == "[Nightclerk] fight at 0:05"
    assert message["To"] == "owner@example.org"
    for kind in ("text/plain", "text/html"):
        content = part(message, kind).get_content()
        assert "0:04 to 0:06" in content
        assert "0.94" in content
        assert "http://127.0.0.1:8080/?video=x" in content


def test_the_picture_is_inside_and_shown_by_its_cid() -> None:
    message = received(mail(notice(), "night@example.org"))
    picture = part(message, "image/jpeg")
    assert picture.get_content() == b"\xff\xd8jpeg"
    assert picture.get_content_disposition() == "inline"
    cid = picture["Content-ID"].strip("<>")
    assert f'src="cid:{cid}"' in part(message, "text/html").get_content()
    assert message.get_content_type() == "multipart/alternative"


def test_without_a_picture_it_says_why() -> None:
    bare = notice(snapshot=None, note="the video is gone")
    message = received(mail(bare, "night@example.org"))
    for kind in ("text/plain", "text/html"):
        assert "There is no picture: the video is gone" in part(message, kind).get_content()
    assert "cid:" not in part(message, "text/html").get_content()


def test_the_same_delivery_has_the_same_message_id_again() -> None:
    first = mail(notice(), "Nightclerk <night@example.org>")
    again = mail(notice(snapshot=None, note="gone"), "Nightclerk <night@example.org>")
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@example.org>")
    assert first["Message-ID"] != mail(notice(address="b@example.org"), "n@x.org")["Message-ID"]


def test_a_camera_tells_the_time_of_day() -> None:
    message = received(mail(notice(alert=alert(origin_at=NOON)), "night@example.org"))
    assert "2026-03-14 12:00:04 UTC" in part(message, "text/plain").get_content()


def test_markup_in_a_label_stays_text() -> None:
    message = mail(notice(alert=alert(label="<b>x</b> & y")), "night@example.org")
    assert "<h2" in part(message, "text/html").get_content()
    assert "&lt;b&gt;x&lt;/b&gt; &amp; y" in part(message, "text/html").get_content()


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_label_breaks_the_mail(label: str, rule: str) -> None:
    made = mail(notice(alert=alert(label=label, rule=rule)), "night@example.org")
    message = received(made)
    assert message["To"] == "owner@example.org"
    assert message["Bcc"] is None
    assert not message.defects


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03")]
)
def test_media_time(seconds: float, shown: str) -> None:
    assert media_time(seconds) == shown


def test_the_link_leads_a_little_before_the_peak() -> None:
    assert link_to("http://shop:8080/", alert()) == f"http://shop:8080/?video={SOURCE}&t=3"
    assert link_to("http://shop", alert(start_s=0, peak_s=1)).endswith("&t=0")
