"""Mail addresses as people write them in a setting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.addresses.mailboxes import Mailbox, mailbox, mailboxes

TO = "NIGHTCLERK_SMTP_TO"


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", []),
        ("owner@store.example", [("", "owner@store.example")]),
        (" a@b.c , d@e.f,", [("", "a@b.c"), ("", "d@e.f")]),
        ('"Shop, Owner" <owner@store.example>', [("Shop, Owner", "owner@store.example")]),
        ('"A \\"B\\", C" <a@b.c>, d@e.f', [('A "B", C', "a@b.c"), ("", "d@e.f")]),
        ("가게 주인 <owner@store.example>", [("가게 주인", "owner@store.example")]),
        ("Kim <kim@가게.example>", [("Kim", "kim@xn--o39akk.example")]),
        ("주인@store.example", [("", "주인@store.example")]),
        ("<a@b.c>", [("", "a@b.c")]),
        ("root@localhost", [("", "root@localhost")]),
        ("a+tag@b.c", [("", "a+tag@b.c")]),
        ('"Semi; colon" <a@b.c>', [("Semi; colon", "a@b.c")]),
    ],
)
def test_lists_of_addresses(listed: str, expected: list[tuple[str, str]]) -> None:
    assert [(box.name, box.address) for box in mailboxes(TO, listed)] == expected


@pytest.mark.parametrize(
    "listed",
    [
        "nobody",
        "a@",
        "@b.c",
        "a b@c.d",
        "a@b.c d@e.f",
        "a@b.c\nBcc: b@example.org",
        "no\ud800body@example.org",
        "Kim <kim>",
        "Kim <a@b.c",
        "a@b..",
        "a@" + "x" * 64 + ".c",
        'a"b@c.d',
        "a@b_c@d e",
    ],
)
def test_what_is_no_address_is_refused_by_the_name_of_its_setting(listed: str) -> None:
    with pytest.raises(ValueError, match=r"^NIGHTCLERK_SMTP_TO: .* is not a mail address$"):
        mailboxes(TO, listed)


def test_a_semicolon_between_addresses_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="NIGHTCLERK_SMTP_TO: separate addresses by commas"):
        mailboxes(TO, "a@b.example; c@d.example")


def test_only_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    assert mailbox(TO, "주인@store.example").needs_smtputf8
    assert not mailbox(TO, "가게 <kim@가게.example>").needs_smtputf8
    assert mailbox(TO, "가게 <kim@가게.example>") == Mailbox("가게", "kim@xn--o39akk.example")


@given(st.text(max_size=60))
def test_any_text_is_addresses_or_one_sentence(text: str) -> None:
    try:
        found = mailboxes(TO, text)
    except ValueError as error:
        found, refusal = (), str(error)
    else:
        refusal = TO
    assert refusal.startswith(TO)
    assert "\n" not in refusal
    for box in found:
        assert box.local
        assert box.domain.isascii()
        assert box.name.isprintable()
