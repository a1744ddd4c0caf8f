"""Everything that is learned of one model at one camera: quiet scores, its days, people's verdicts.

The stream, replays and simulations call the same functions. Of another model all begins anew, since
it is kept under its name. Pure (ADR 0033, 0052).
"""

from datetime import datetime
from typing import NamedTuple

from schemas.policies import PersistenceRule
from services.rules import budget, diary
from services.rules.budget import BLOCK_S, DAY_S, Quiet
from services.rules.diary import LATE_DAYS, Diary
from services.rules.verdicts import STEP, Verdict, Verdicts, furthest, moved, take, unexpired


class Calibrated(NamedTuple):
    """What is kept."""

    quiet: Quiet = Quiet()
    diary: Diary = Diary()
    verdicts: Verdicts = ()

    @property
    def day(self) -> int:
        """Since 1970; that of the latest clip or verdict."""
        seen = self.quiet.block * BLOCK_S // DAY_S if self.quiet.block >= 0 else -1
        return max((verdict.day for verdict in self.verdicts), default=seen) if seen < 0 else seen


NOTHING = Calibrated()
Stamp = tuple[float, Verdicts, int]


def stamp(kept: Calibrated) -> Stamp:
    """What the mark in force depends on beside the rule that was entered."""
    return kept.quiet.mark, kept.verdicts, kept.day if kept.verdicts else 0


def mark(kept: Calibrated, rule: PersistenceRule) -> float:
    """The mark in force. Days ask for one only where the rule has a budget."""
    by_days = kept.quiet.mark if rule.budget_per_day is not None else rule.high
    return moved(rule, by_days, kept.verdicts, kept.day)


def in_force(kept: Calibrated, rule: PersistenceRule) -> PersistenceRule:
    """The rule with the mark in force."""
    return rule if kept == NOTHING else budget.raised(rule, mark(kept, rule))


def learn(kept: Calibrated, rule: PersistenceRule, at: datetime, level: float) -> Calibrated:
    """Take the level of a clip. Within a block the highest level is all that counts; the same
    object comes back where nothing changed.
    """
    quiet = budget.learn(kept.quiet, rule, at, level)
    if quiet is kept.quiet:
        return kept
    if kept.quiet.block in (-1, quiet.block):
        return kept._replace(quiet=quiet)
    return _end_block(kept, quiet, rule)


def count_alarm(kept: Calibrated) -> Calibrated:
    """An alarm opened, on the day of the latest clip."""
    return kept._replace(diary=kept.diary._replace(alarms=kept.diary.alarms + 1))


def hear(kept: Calibrated, verdict: Verdict) -> Calibrated:
    """Take a verdict. The same object where it changes nothing; what nobody said cannot be
    withdrawn.
    """
    is_new = all(verdict.subject != said.subject for said in kept.verdicts)
    if verdict.kind == "withdrawn" and is_new:
        return kept
    verdicts = take(kept.verdicts, verdict)
    return kept if verdicts is kept.verdicts else kept._replace(verdicts=verdicts)


def _end_block(kept: Calibrated, quiet: Quiet, rule: PersistenceRule) -> Calibrated:
    written = diary.note_block(kept.diary, kept.quiet.top)
    today, day = kept.day, quiet.block * BLOCK_S // DAY_S
    kept_then = kept._replace(quiet=quiet, diary=written)
    return kept_then if day == today else _end_day(kept_then, today, kept.quiet, rule)


def _end_day(kept: Calibrated, day: int, before: Quiet, rule: PersistenceRule) -> Calibrated:
    """Write the day that is over, and look whether days are what they were."""
    quiet, is_learned = kept.quiet, kept.quiet.days is not before.days
    high = moved(rule, quiet.mark, kept.verdicts, day)
    written = diary.end_day(kept.diary, day, quiet.days[-1] if is_learned else -1.0, high)
    recent = [verdict for verdict in kept.verdicts if day - LATE_DAYS < verdict.day <= day]
    true_alarms = sum(verdict.kind == "true" for verdict in recent)
    is_highest = high > furthest(rule) - STEP
    watched = diary.watch(written, rule.budget_per_day, is_highest, true_alarms)
    if watched.settled != written.settled:
        quiet = budget.only_latest(quiet, rule, LATE_DAYS)
    return Calibrated(quiet, watched, unexpired(kept.verdicts, kept.day))
