"""Tickets: what was issued is read for its purpose alone, until it expires."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from services.chassis.sealing import Sealing, SealingFault
from services.chassis.tickets import TicketFault, Tickets

NOW = datetime(2026, 5, 1, 22, tzinfo=UTC)
TICKETS = Tickets(Sealing(SecretStr("correct horse battery staple")))
LATER = NOW + timedelta(hours=1)


def test_a_ticket_says_what_it_was_issued_with() -> None:
    ticket = TICKETS.read("acknowledge", TICKETS.issue("acknowledge", {"a": "b"}, LATER), NOW)
    assert (ticket.fields, ticket.expires_at) == ({"a": "b"}, LATER)


def test_tickets_differ_though_they_say_the_same() -> None:
    both = {TICKETS.read("a", TICKETS.issue("a", {}, LATER), NOW).ticket_id for _ in range(2)}
    assert len(both) == 2


def test_a_ticket_in_a_url_needs_no_quoting() -> None:
    assert set("+/?#& ").isdisjoint(TICKETS.issue("a", {"name": "ü" * 50}, LATER))


@pytest.mark.parametrize("shown", ["", "nonsense", "gAAAAA", "ü"])
def test_nonsense_is_no_ticket(shown: str) -> None:
    with pytest.raises(TicketFault, match="not valid"):
        TICKETS.read("a", shown, NOW)


def test_a_ticket_opens_nothing_else() -> None:
    with pytest.raises(TicketFault, match="not valid"):
        TICKETS.read("invite", TICKETS.issue("acknowledge", {}, LATER), NOW)


def test_a_ticket_of_another_key_opens_nothing() -> None:
    foreign = Tickets(Sealing(SecretStr("another")))
    with pytest.raises(TicketFault, match="not valid"):
        TICKETS.read("a", foreign.issue("a", {}, LATER), NOW)


def test_a_ticket_expires() -> None:
    with pytest.raises(TicketFault, match="expired"):
        TICKETS.read("a", TICKETS.issue("a", {}, LATER), LATER)


def test_without_a_key_there_are_no_tickets() -> None:
    with pytest.raises(SealingFault, match="NIGHTCLERK_SECRET_KEY"):
        Tickets(Sealing(SecretStr(""))).issue("a", {}, LATER)
