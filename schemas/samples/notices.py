"""Examples of what people decide and hear: policies, alerts, reviews, deliveries."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import TypeVar

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.calibrations import LearnedDay, ModelCalibration, SourceCalibrated, VerdictTaken
from schemas.deliveries import DeliveryAttempted, DeliveryRequested
from schemas.hours import DaySpan, Holiday, StoreHours, WeeklyHours
from schemas.judgements import LIVE
from schemas.keeping import HeldStretch, KeepingConfigured
from schemas.mails import MailRequested
from schemas.policies import PersistenceRule, PolicySet, PresenceRule, SourceCalibration
from schemas.reviews import AlertReviewed, EventMissed, MissedLevel, ReviewedAlert
from schemas.samples.footage import clip_ref
from schemas.samples.world import CORNER, LATE, MODEL, NOON, OF_SOURCE, SOURCE, STORE, TARGET
from schemas.sources import Zone
from schemas.targets import AlertFilter, Pacing, TargetConfigured

A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)


def policy_set() -> PolicySet:
    return PolicySet(
        source_id=SOURCE,
        rules=(
            PersistenceRule(
                name="fight",
                label="Possible fight",
                high=0.75,
                low=0.5,
                k=4,
                n=6,
                m=4,
                alone=0.95,
                budget_per_day=0.5,
            ),
        ),
        presence=(
            PresenceRule(
                name="till",
                label="Somebody behind the till",
                zone="till",
                during="unstaffed",
                joined="fight",
            ),
        ),
        muted=("fall",),
        hours=StoreHours(
            time_zone="Asia/Seoul",
            open=WeeklyHours(monday=(LATE,)),
            staffed=WeeklyHours(monday=(DaySpan(start=time(9), end=time(18)),)),
            holidays=(Holiday(day=date(2026, 9, 25), open=(LATE,)),),
        ),
        zones=(Zone(name="till", polygon=CORNER),),
        calibrations=(SourceCalibration(model_id=MODEL, raw=(-4.0, 4.0), calibrated=(0.0, 1.0)),),
        snoozed_until=NOON + timedelta(hours=1),
        set_at=NOON,
    )


def raised(kind: Callable[..., A], **more: str) -> A:
    return kind(
        **OF_SOURCE,
        alert_id=ids.alert_id("live", MODEL, "fight", ids.clip_id(SOURCE, NOON, 2)),
        rule="fight",
        label="Possible fight",
        start_s=clip_ref(2).start_s,
        end_s=clip_ref(5).end_s,
        peak_s=clip_ref(4).start_s,
        peak_score=0.9375,
        peak_index=4,
        model_id=MODEL,
        **more,
    )


def alert_closed() -> AlertClosed:
    return raised(AlertClosed, reason="source_ended")


def delivery_attempted() -> DeliveryAttempted:
    alert = raised(AlertOpened)
    return DeliveryAttempted(
        delivery_id=ids.delivery_id(alert.alert_id, "webhook", "https://example.org/hook"),
        alert_id=alert.alert_id,
        source_id=SOURCE,
        target_id=TARGET,
        channel="webhook",
        target="https://example.org/…",
        attempt=2,
        outcome="delivered",
        detail="204 No Content",
        attempted_at=NOON,
        status=204,
        took_ms=31,
    )


def delivery_requested() -> DeliveryRequested:
    return DeliveryRequested(
        request_id=SOURCE,
        tenant_id=ids.DEFAULT_TENANT,
        target_id=TARGET,
        purpose="redelivery",
        alert_id=raised(AlertOpened).alert_id,
        requested_by="kim@example.org",
        requested_at=NOON,
    )


def target_configured() -> TargetConfigured:
    return TargetConfigured(
        target_id=TARGET,
        tenant_id=ids.DEFAULT_TENANT,
        channel="webhook",
        name="Guard",
        shown="https://example.org/…",
        address=b"sealed",
        secrets=b"sealed",
        language="ko",
        wants=AlertFilter(
            store_ids=(STORE,), severities=("critical",), hours=WeeklyHours(sunday=(LATE,))
        ),
        pacing=Pacing(digest_every_s=600.0),
        after_s=120.0,
        configured_at=NOON,
    )


def alert_reviewed() -> AlertReviewed:
    return AlertReviewed(
        alert_id=raised(AlertOpened).alert_id,
        source_id=SOURCE,
        tenant_id=ids.DEFAULT_TENANT,
        acknowledged_at=NOON,
        acknowledged_by="kim@example.org",
        assigned_to=TARGET,
        verdict="false",
        reason="two friends embraced",
        alert=ReviewedAlert(
            source_kind="camera",
            run=LIVE,
            kind="incident",
            rule="fight",
            model_id=MODEL,
            peak_score=0.81,
            started_at=NOON,
        ),
        reviewed_at=NOON,
    )


def event_missed() -> EventMissed:
    return EventMissed(
        event_id=TARGET,
        source_id=SOURCE,
        tenant_id=ids.DEFAULT_TENANT,
        since=NOON,
        until=NOON + timedelta(seconds=12),
        label="theft",
        levels=(MissedLevel(run=LIVE, model_id=MODEL, level=0.72),),
        is_withdrawn=True,
        reported_at=NOON,
    )


def source_calibrated() -> SourceCalibrated:
    day = date(2026, 5, 1)
    return SourceCalibrated(
        source_id=SOURCE,
        models=(
            ModelCalibration(
                run=LIVE,
                model_id=MODEL,
                rule="fight",
                label="Possible fight",
                budget_per_day=1.0,
                entered=0.75,
                by_days=0.78,
                in_force=0.8,
                furthest=0.875,
                since=day,
                days=(LearnedDay(day=day, level=0.77, usual=0.3, alarms=4, mark=0.78),),
                verdicts=(
                    VerdictTaken(subject_id=TARGET, kind="false", peak=0.81, reviewed_at=NOON),
                ),
                drift="alarms",
                drift_since=day,
            ),
        ),
        changed_at=NOON,
    )


def mail_requested() -> MailRequested:
    return MailRequested(
        mail_id=TARGET,
        tenant_id=ids.DEFAULT_TENANT,
        kind="invitation",
        language="ko",
        sealed=b"sealed",
        text="Kim",
        expires_at=NOON + timedelta(days=7),
        requested_at=NOON,
    )


def keeping_configured() -> KeepingConfigured:
    return KeepingConfigured(
        source_id=SOURCE,
        recordings_s=86_400.0,
        held=(HeldStretch(since_at=NOON, until_at=NOON + timedelta(hours=1)),),
        configured_at=NOON,
    )
