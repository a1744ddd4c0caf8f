"""The ledger: nothing is told twice, nothing is forgotten. One suite for SQLite and MariaDB."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from services.alerts.channels import MemoryChannel
from services.alerts.core.deliveries import Delivery, Target, Verdict, deliveries_for
from services.alerts.core.spans import Made, Span
from services.alerts.courier import attempted
from services.alerts.ledger import Ledger, Task
from services.chassis.errors import TransientError
from services.chassis.storage import database
from tests.builders import source
from tests.unit.alerts.room import alert, ledger_on

pytestmark = pytest.mark.integration
MAIL = Target("email", "owner@example.org")
HOOK = Target("webhook", "https://example.org/hook?token=secret")
MADE = Made(Span(0, 11), 5.0, "alerts/a/snapshot.jpg", "alerts/a/evidence.mp4")
LEASE_S = 60.0


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = database.connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return ledger_on(engine)


def opened(ledger: Ledger, *targets: Target, now: float = 100.0) -> tuple[Delivery, ...]:
    made = deliveries_for(alert(), targets or [MAIL])
    ledger.open(made, MADE, "00-trace-01", now)
    return made


def claim(ledger: Ledger, now: float = 100.0) -> Task:
    task = ledger.claim("email", now, LEASE_S)
    assert task is not None
    return task


def close(ledger: Ledger, task: Task, verdict: Verdict, now: float) -> None:
    ledger.close(task, verdict, attempted(task, MemoryChannel(), verdict, now), now)


DELIVERED = Verdict("delivered", "250")


def test_an_opened_delivery_can_be_claimed_with_all_that_is_known(ledger: Ledger) -> None:
    (delivery,) = opened(ledger)
    task = claim(ledger)
    assert task.delivery_id == delivery.delivery_id
    assert task.alert == alert()
    assert (task.attempt, task.opened_at, task.trace) == (1, 100.0, "00-trace-01")
    assert (task.made.snapshot_key, task.made.evidence_key) == (
        MADE.snapshot_key,
        MADE.evidence_key,
    )


def test_what_is_claimed_is_nobody_elses(ledger: Ledger) -> None:
    opened(ledger)
    claim(ledger)
    assert ledger.claim("email", 100.0, LEASE_S) is None


def test_what_is_delivered_is_never_due_again(ledger: Ledger) -> None:
    opened(ledger)
    close(ledger, claim(ledger), DELIVERED, 101.0)
    opened(ledger)
    assert ledger.claim("email", 1e9, LEASE_S) is None
    assert ledger.next_due("email") is None


def test_a_replay_leaves_a_waiting_delivery_as_it_is(ledger: Ledger) -> None:
    opened(ledger)
    close(ledger, claim(ledger), Verdict("retrying", "451", 200.0), 101.0)
    opened(ledger, now=150.0)
    assert ledger.next_due("email") == 200.0
    assert ledger.claim("email", 199.0, LEASE_S) is None
    assert claim(ledger, 200.0).attempt == 2
    assert claim(ledger, 200.0 + LEASE_S).opened_at == 100.0


def test_a_claim_whose_owner_died_is_due_after_its_lease(ledger: Ledger, engine: Engine) -> None:
    opened(ledger)
    claim(ledger)
    other = ledger_on(engine, "two", now=110.0)
    assert other.claim("email", 100.0 + LEASE_S - 1, LEASE_S) is None
    task = claim(other, 100.0 + LEASE_S)
    assert task.attempt == 2


def test_a_restarted_owner_does_not_wait_for_its_own_lease(engine: Engine) -> None:
    first = ledger_on(engine)
    opened(first)
    claim(first)
    assert claim(ledger_on(engine, now=101.0), 101.0).attempt == 2


def test_one_who_lost_the_lease_changes_nothing_but_tells(ledger: Ledger, engine: Engine) -> None:
    opened(ledger)
    slow = claim(ledger)
    other = ledger_on(engine, "two")
    quick = claim(other, 100.0 + LEASE_S)
    close(ledger, slow, Verdict("retrying", "timeout", 900.0), 170.0)
    close(other, quick, DELIVERED, 171.0)
    assert ledger.next_due("email") is None
    assert [report.message.attempt for report in ledger.reports(10)] == [1, 2]


def test_channels_do_not_see_each_others_deliveries(ledger: Ledger) -> None:
    opened(ledger, HOOK)
    assert ledger.claim("email", 1e9, LEASE_S) is None
    task = ledger.claim("webhook", 100.0, LEASE_S)
    assert task is not None
    assert task.shown == "https://example.org/hook"


def test_the_longest_waiting_is_claimed_first(ledger: Ledger) -> None:
    for number, now in ((1, 300.0), (2, 100.0), (3, 200.0)):
        made = deliveries_for(alert(source_id=source(number)), [MAIL])
        ledger.open(made, MADE, "", now)
    order = [claim(ledger, 1000.0).opened_at for _ in range(3)]
    assert order == [100.0, 200.0, 300.0]


def test_many_claimants_get_each_delivery_once(engine: Engine) -> None:
    ledger_on(engine)
    for number in range(20):
        made = deliveries_for(alert(source_id=source(number)), [MAIL])
        Ledger(engine, "opener").open(made, MADE, "", 1.0)
    got: list[Task] = []

    def work(owner: str) -> None:
        while task := Ledger(engine, owner).claim("email", 100.0, LEASE_S):
            got.append(task)

    threads = [threading.Thread(target=work, args=(f"owner-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 20
    assert len({task.delivery_id for task in got}) == 20


def test_an_attempt_stays_in_the_outbox_until_it_is_acknowledged(ledger: Ledger) -> None:
    opened(ledger)
    close(ledger, claim(ledger), DELIVERED, 101.0)
    (report,) = ledger.reports(10)
    assert report.message.outcome == "delivered"
    assert report.message.snapshot_key == MADE.snapshot_key
    assert report.trace == "00-trace-01"
    ledger.reported([report])
    assert ledger.reports(10) == []


def test_what_was_made_is_remembered_and_replaced(ledger: Ledger) -> None:
    identity = alert().alert_id
    assert ledger.made(identity) is None
    ledger.remember(identity, replace(MADE, evidence_key=None, note="x" * 900), 1.0)
    ledger.remember(identity, MADE, 2.0)
    assert ledger.made(identity) == MADE


def test_what_no_topic_holds_any_more_is_forgotten(ledger: Ledger, engine: Engine) -> None:
    opened(ledger, now=0.0)
    close(ledger, claim(ledger), DELIVERED, 1.0)
    ledger.remember(alert().alert_id, MADE, 1.0)
    ledger_on(engine, now=2000.0)
    assert ledger.made(alert().alert_id) is None
    opened(ledger, now=2000.0)
    assert claim(ledger, 2000.0).attempt == 1


def test_what_is_still_open_is_never_forgotten(ledger: Ledger, engine: Engine) -> None:
    opened(ledger, now=0.0)
    assert claim(ledger_on(engine, now=2000.0), 2000.0).opened_at == 0.0


def test_a_database_that_is_away_is_transient() -> None:
    engine = database.connect("mysql+pymysql://root@127.0.0.1:1/none")
    with pytest.raises(TransientError, match="database"):
        Ledger(engine, "one").made(alert().alert_id)
