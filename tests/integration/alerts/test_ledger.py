"""The ledger: nothing is sent twice, nothing is forgotten. One suite for SQLite and MariaDB, on
tables that the migrations made.
"""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from schemas.alerts import AlertClosed
from services.alerts.core.deliveries import Delivery, Receipt, Target, Verdict, deliveries_for
from services.alerts.core.spans import Evidence, Span
from services.alerts.evidence_queue import EvidenceQueue, EvidenceTask, due_by
from services.alerts.ledger import CLOCK_STEP_S, Ledger, Task, due_to
from services.alerts.outbox import ORPHANED_S, Outbox
from services.alerts.sending import Ending, attempted
from services.chassis.errors import TransientError
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from tests.builders import source
from tests.unit.alerts.room import GUARD, HOOK, OWNER, alert

pytestmark = pytest.mark.integration
LEASE_S = 30.0
DELIVERED = Verdict("delivered", "250")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    upgrade(database_url)
    engine = database.connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine, "one", LEASE_S)


def opened(
    ledger: Ledger, *targets: Target, now: float = 100.0, number: int = 1
) -> tuple[Delivery, ...]:
    about = alert(source_id=source(number))
    deliveries = deliveries_for(about, targets or [OWNER], "1호점 출입구.mp4")
    ledger.open(deliveries, "00-trace-01", now)
    return deliveries


def claim(ledger: Ledger, now: float = 100.0, target: Target = OWNER) -> Task:
    task = ledger.claim(target, now)
    assert task is not None
    return task


def close(ledger: Ledger, task: Task, verdict: Verdict, now: float) -> None:
    ending = Ending(verdict, Receipt(False, verdict.detail), OWNER, now)
    ledger.close(task, verdict, attempted(task, ending), now)


def test_an_opened_delivery_can_be_claimed_with_all_that_is_needed(ledger: Ledger) -> None:
    (delivery,) = opened(ledger)
    task = claim(ledger)
    assert task.delivery_id == delivery.delivery_id
    assert task.alert == alert(source_id=source(1))
    assert task.source_name == "1호점 출입구.mp4"
    assert (task.attempt, task.opened_at, task.trace) == (1, 100.0, "00-trace-01")


def test_what_is_claimed_is_nobody_elses(ledger: Ledger) -> None:
    opened(ledger)
    claim(ledger)
    assert ledger.claim(OWNER, 100.0) is None


def test_what_is_delivered_is_never_due_again(ledger: Ledger) -> None:
    opened(ledger)
    close(ledger, claim(ledger), DELIVERED, 101.0)
    opened(ledger)
    assert ledger.claim(OWNER, 1e9) is None
    assert ledger.next_due(OWNER) is None


def test_a_replay_leaves_a_waiting_delivery_as_it_is(ledger: Ledger) -> None:
    opened(ledger)
    close(ledger, claim(ledger), Verdict("retrying", "451", 200.0), 101.0)
    opened(ledger, now=150.0)
    assert ledger.next_due(OWNER) == 200.0
    assert ledger.claim(OWNER, 199.0) is None
    assert claim(ledger, 200.0).attempt == 2
    assert claim(ledger, 200.0 + LEASE_S).opened_at == 100.0


def test_a_second_worker_never_gets_what_the_first_has_at_work(
    ledger: Ledger, engine: Engine
) -> None:
    """Not at its start, and not after long: the first renews its lease as long as it works."""
    opened(ledger)
    task = claim(ledger)
    second = Ledger(engine, "two", LEASE_S)
    for now in (100.0, 120.0, 140.0, 160.0):
        assert second.claim(OWNER, now) is None
        ledger.renew([task], now)
    close(ledger, task, DELIVERED, 161.0)
    assert second.claim(OWNER, 1e9) is None


def test_a_claim_whose_holder_died_is_due_after_its_lease(ledger: Ledger, engine: Engine) -> None:
    opened(ledger)
    claim(ledger)
    other = Ledger(engine, "two", LEASE_S)
    assert other.claim(OWNER, 100.0 + LEASE_S - 1) is None
    assert claim(other, 100.0 + LEASE_S).attempt == 2


def test_whoever_lost_the_lease_changes_nothing_but_is_recorded(
    ledger: Ledger, engine: Engine
) -> None:
    opened(ledger)
    slow = claim(ledger)
    other = Ledger(engine, "two", LEASE_S)
    quick = claim(other, 100.0 + LEASE_S)
    ledger.renew([slow], 140.0)
    close(ledger, slow, Verdict("retrying", "timeout", 900.0), 170.0)
    close(other, quick, DELIVERED, 171.0)
    assert ledger.next_due(OWNER) is None
    events = Outbox(engine, "one").unsent(10, 1e9)
    assert [report.message.attempt for report in events] == [1, 2]


def test_targets_do_not_see_each_others_deliveries(ledger: Ledger) -> None:
    opened(ledger, HOOK, GUARD)
    assert ledger.claim(OWNER, 1e9) is None
    assert claim(ledger, target=HOOK).shown == "https://example.org/…"
    assert claim(ledger, target=GUARD).shown == "guard@example.org"


def test_a_target_has_one_delivery_at_work_whoever_has_it(ledger: Ledger, engine: Engine) -> None:
    opened(ledger, number=1, now=100.0)
    opened(ledger, number=2, now=101.0)
    first = claim(ledger, 102.0)
    other = Ledger(engine, "two", LEASE_S)
    assert other.claim(OWNER, 102.0) is None
    close(ledger, first, DELIVERED, 103.0)
    assert claim(other, 103.0).alert.source_id == source(2)


def test_the_oldest_is_claimed_first(ledger: Ledger) -> None:
    for number, now in ((1, 300.0), (2, 100.0), (3, 200.0)):
        opened(ledger, number=number, now=now)
    order = []
    for _ in range(3):
        task = claim(ledger, 1000.0)
        order.append(task.opened_at)
        close(ledger, task, DELIVERED, 1000.0)
    assert order == [100.0, 200.0, 300.0]


def test_a_clock_that_steps_back_mutes_nobody(ledger: Ledger) -> None:
    opened(ledger, now=10_000.0)
    assert ledger.claim(OWNER, 10_000.0 - CLOCK_STEP_S / 2) is None
    assert claim(ledger, 10_000.0 - 3600.0).attempt == 1
    assert ledger.claim(OWNER, 10_000.0 - 3600.0) is None


def test_many_claimants_get_each_delivery_once(engine: Engine) -> None:
    for number in range(20):
        opened(Ledger(engine, "opener"), number=number, now=1.0)
    got: list[Task] = []
    done = threading.Event()

    def work(holder: str) -> None:
        while not done.is_set():
            with suppress(TransientError):  # a deadlock was ended: again, as a duty does
                got.extend(claimed_and_closed(Ledger(engine, holder), done))

    threads = [threading.Thread(target=work, args=(f"holder-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 20
    assert len({task.delivery_id for task in got}) == 20


def claimed_and_closed(ledger: Ledger, done: threading.Event) -> list[Task]:
    task = ledger.claim(OWNER, 100.0)
    if task is None:
        if ledger.next_due(OWNER) is None:
            done.set()
        return []
    close(ledger, task, DELIVERED, 100.0)
    return [task]


def test_an_attempt_stays_in_the_outbox_until_it_is_acknowledged(
    ledger: Ledger, engine: Engine
) -> None:
    opened(ledger)
    close(ledger, claim(ledger), DELIVERED, 101.0)
    outbox = Outbox(engine, "one")
    (report,) = outbox.unsent(10, 101.0)
    assert report.message.outcome == "delivered"
    assert report.trace == "00-trace-01"
    outbox.remove([report])
    assert outbox.unsent(10, 101.0) == []


def test_what_a_dead_holder_left_in_the_outbox_is_sent_by_another(
    ledger: Ledger, engine: Engine
) -> None:
    opened(ledger)
    close(ledger, claim(ledger), DELIVERED, 101.0)
    other = Outbox(engine, "two")
    assert other.unsent(10, 101.0 + ORPHANED_S - 1) == []
    assert len(other.unsent(10, 101.0 + ORPHANED_S + 1)) == 1


def test_a_removed_source_is_written_to_nobody(ledger: Ledger) -> None:
    opened(ledger, OWNER, HOOK, number=1)
    opened(ledger, OWNER, number=2, now=101.0)
    assert ledger.cancel(source(1)) == 2
    assert claim(ledger, 200.0).alert.source_id == source(2)
    assert ledger.next_due(HOOK) is None


@pytest.fixture
def queue(engine: Engine) -> EvidenceQueue:
    return EvidenceQueue(engine, "one", LEASE_S)


def claim_evidence(queue: EvidenceQueue, now: float = 100.0) -> EvidenceTask:
    task = queue.claim(now)
    assert task is not None
    return task


def test_what_was_made_is_remembered_and_replaced(queue: EvidenceQueue) -> None:
    identity = alert().alert_id
    assert queue.present(identity) is None
    assert queue.want(alert(), "1호점", 100.0)
    queue.close(claim_evidence(queue), Evidence(5.0, None, "x" * 900), "waiting", 200.0, 101.0)
    assert queue.claim(199.0) is None
    task = claim_evidence(queue, 200.0)
    assert (task.attempt, task.present.note) == (2, "x" * 500)
    queue.close(task, Evidence(5.0, Span(0, 11)), "done", None, 201.0)
    assert queue.present(identity) == Evidence(5.0, Span(0, 11))
    assert queue.next_due() is None


def test_evidence_at_work_is_nobody_elses_until_its_lease_ends(
    queue: EvidenceQueue, engine: Engine
) -> None:
    queue.want(alert(), "", 100.0)
    task = claim_evidence(queue)
    other = EvidenceQueue(engine, "two", LEASE_S)
    queue.renew([task], 120.0)
    assert other.claim(100.0 + LEASE_S) is None
    abandoned = other.claim(120.0 + LEASE_S)
    assert abandoned is not None
    assert abandoned.was_abandoned
    queue.close(task, Evidence(5.0), "done", None, 160.0)
    assert other.present(alert().alert_id) == Evidence()


def test_news_of_an_episode_comes_in_any_order(queue: EvidenceQueue) -> None:
    over = alert(AlertClosed, end_s=12.0)
    assert queue.want(over, "", 100.0)
    assert not queue.want(alert(), "", 101.0)
    assert claim_evidence(queue).alert == over


def test_removed_and_expired_evidence_is_claimed_for_removal(queue: EvidenceQueue) -> None:
    queue.want(alert(source_id=source(1)), "", 100.0)
    queue.want(alert(source_id=source(2)), "", 200.0)
    assert queue.remove(source(1), 300.0) == 1
    assert queue.expire(250.0, 300.0) == 1
    tasks = [claim_evidence(queue, 300.0), claim_evidence(queue, 300.0)]
    assert all(task.is_removal for task in tasks)
    assert not queue.want(alert(AlertClosed, source_id=source(1), end_s=99.0), "", 300.0)
    for task in tasks:
        queue.drop(task)
    assert queue.next_due() is None


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (due_to(OWNER, 5.0), "ix_alerts_deliveries_due"),
        (due_by(5.0), "ix_alerts_evidence_due"),
        (text("SELECT 1 FROM alerts_deliveries WHERE source_id = 'x'"), "_source"),
        (text("SELECT 1 FROM alerts_evidence WHERE source_id = 'x'"), "_source"),
    ],
)
def test_what_is_due_is_found_by_an_index(engine: Engine, query: Any, index: str) -> None:
    statement = query.compile(engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN FORMAT=JSON"
    with engine.connect() as connection:
        rows = connection.execute(text(f"{explain} {statement}"))
        plan = " ".join(str(column) for row in rows for column in row)
    assert index in plan


def test_a_database_that_is_away_is_transient() -> None:
    engine = database.connect("mysql+pymysql://root@127.0.0.1:1/none")
    with pytest.raises(TransientError, match="database"):
        Ledger(engine, "one").next_due(OWNER)


def test_the_age_of_a_delivery_is_the_same_in_both_databases(ledger: Ledger) -> None:
    moment = (alert().cut_at + timedelta(microseconds=123_456)).timestamp()
    opened(ledger, now=moment)
    assert claim(ledger, moment).opened_at == moment
