"""Carries out one replay: reads, judges, puts out, notes how far it is, says so.

Everything put out is an upsert by what it is about, so a replay that is carried out twice, or goes
on from its latest checkpoint after kill -9, changes nothing twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Event

from schemas.alerts import AlertOpened
from schemas.replays import ReplayProgressed, ReplayRequested, ReplayState
from schemas.topics import REPLAY_PROGRESS
from services.chassis.clock import Clock, SystemClock
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.broker import Broker
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing
from services.scoring.judging.detector import Detector
from services.scoring.replay import planning
from services.scoring.replay.checkpoint import Checkpoint, Plan, Records, digest_of
from services.scoring.replay.core import Output, Replay
from services.scoring.replay.inputs import AT_ONCE, Batch, Input, LogInput
from services.scoring.replay.log import Log
from services.scoring.replay.states import restore, states_of

TELL_S = 1.0
PACE_S = 0.25
"""Where a rate is asked for, so much work is done at once at most."""


class NothingJudged(Exception):
    """No clip of the stretch has a score: that is not the same as a stretch in which nothing
    happened.
    """

    def __init__(self, refused: int) -> None:
        super().__init__(f"no clip of that stretch was scored, {refused} windows were refused")
        self.refused = refused


@dataclass(frozen=True)
class Surroundings:
    """What a replay reads from and writes to."""

    broker: Broker
    log: Log
    store: ObjectStore
    publisher: Publisher
    archive: Input | None = None
    """Of the request, where it names the archive."""
    clock: Clock = field(default_factory=SystemClock)


class Job:
    """One request. `run` returns once it is done and all is acknowledged."""

    def __init__(
        self,
        request: ReplayRequested,
        detector: Detector,
        around: Surroundings,
        checkpoint_s: float = 5.0,
    ) -> None:
        self._request, self._detector, self._around = request, detector, around
        self._checkpoint_s = checkpoint_s
        self._records = Records(around.store, request.run)
        self._input = self._input_of(request)
        self._alerts, self._elapsed_before_s = 0, 0.0
        self._began_s = self._told_s = self._noted_s = self._judging_since_s = self._now_s
        self._resumed_at = 0
        self._never = Event()

    def run(self) -> ReplayProgressed:
        """Raises TransientError where a server is away, and NothingJudged."""
        plan = self._records.plan(digest_of(self._request)) or self._planned()
        replay = Replay(self._detector, planning.stretch_of(self._request), plan.policies.get)
        batches = self._batches(plan, replay)
        self._judging_since_s, self._resumed_at = self._now_s, replay.windows
        self._tell("running", plan, replay)
        for batch in batches:
            self._put_out(replay.take(batch.rows))
            self._keep_pace(replay)
            self._note(plan, replay)
        self._put_out(replay.finish())
        self._around.publisher.flush()
        if not replay.clips:
            self._records.forget_plan()
            raise NothingJudged(replay.refused)
        progress = self._progress("done", plan, replay)
        self._records.save_outcome(self._request, progress)
        self._publish(progress)
        return progress

    def _planned(self) -> Plan:
        around = self._around
        plan = planning.plan(
            self._request, self._detector, around.broker, self._input, around.clock
        )
        self._records.save_plan(plan)
        self._publish(self._progress("planning", plan))
        return plan

    def _batches(self, plan: Plan, replay: Replay) -> Iterator[Batch]:
        """What is left to read, once the replay is as it was at its latest checkpoint."""
        checkpoint, place = self._records.checkpoint(), None
        if checkpoint is not None:
            place = checkpoint.place
            restore(replay, checkpoint.states)
            self._alerts = int(checkpoint.counts["alerts"])
            self._elapsed_before_s = checkpoint.counts["elapsed_s"]
        most, rate = AT_ONCE, self._request.windows_per_s
        if rate is not None:
            most = max(1, min(AT_ONCE, round(rate * PACE_S)))
        return self._input.batches(plan.span, replay, place, most)

    def _input_of(self, request: ReplayRequested) -> Input:
        around = self._around
        if request.input != "archive":
            return LogInput(request, self._detector, around.broker, around.log)
        if around.archive is None:
            raise ValueError("this worker has no archive to read from")
        return around.archive

    def _put_out(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            self._alerts += isinstance(output, AlertOpened)
            self._around.publisher.publish(planning.outgoing(output))

    def _note(self, plan: Plan, replay: Replay) -> None:
        now_s = self._now_s
        if now_s - self._told_s >= TELL_S:
            self._tell("running", plan, replay)
        if now_s - self._noted_s >= self._checkpoint_s:
            self.checkpoint(replay)
            took_s = self._now_s - now_s
            self._checkpoint_s = max(self._checkpoint_s, 20 * took_s)
            self._noted_s = self._now_s

    def checkpoint(self, replay: Replay) -> None:
        """What was read so far is done, whatever happens from here on."""
        self._put_out(replay.flush())
        self._around.publisher.flush()
        counts = {"alerts": self._alerts, "elapsed_s": self._elapsed_s}
        checkpoint = Checkpoint(self._input.place(), states_of(replay), counts)
        self._records.save_checkpoint(checkpoint)

    def _keep_pace(self, replay: Replay) -> None:
        """No faster than was asked for, counted from when this start had its plan."""
        rate = self._request.windows_per_s
        if rate is not None:
            done = replay.windows - self._resumed_at
            ahead_s = done / rate - (self._now_s - self._judging_since_s)
            if ahead_s > 0:
                self._around.clock.wait(ahead_s, self._never)

    @property
    def _now_s(self) -> float:
        return self._around.clock.monotonic()

    @property
    def _elapsed_s(self) -> float:
        return self._elapsed_before_s + self._now_s - self._began_s

    def _tell(self, state: ReplayState, plan: Plan, replay: Replay) -> None:
        self._publish(self._progress(state, plan, replay))
        self._told_s = self._now_s

    def _progress(
        self, state: ReplayState, plan: Plan | None = None, replay: Replay | None = None
    ) -> ReplayProgressed:
        return ReplayProgressed(
            run=self._request.run,
            state=state,
            windows_planned=plan.windows if plan else 0,
            windows=replay.windows if replay else 0,
            clips=replay.clips if replay else 0,
            alerts=self._alerts,
            refused=replay.refused if replay else 0,
            estimated_s=plan.estimated_s if plan else None,
            elapsed_s=self._elapsed_s,
            progressed_at=max(self._around.clock.now(), self._request.requested_at),
        )

    def _publish(self, progress: ReplayProgressed) -> None:
        self._around.publisher.publish(Outgoing(REPLAY_PROGRESS, progress))
        if progress.state != "running":
            self._around.publisher.flush()
