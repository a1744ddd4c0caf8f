"""What a replay keeps in the object store, below `replays/{run}/`: plan, checkpoint, outcome.

A plan is made once: which records are read and under which policies, so that a replay that was
killed goes on as it began. A checkpoint is written after what it stands for was acknowledged.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgpack

from schemas.codec import decode, encode
from schemas.policies import PolicySet
from schemas.replays import ReplayProgressed, ReplayRequested, ReplayState
from schemas.topics import POLICIES, REPLAY_PROGRESS
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.scoring.replay.log import Span

FORMAT = 3
CONTENT_TYPE = "application/msgpack"
UNASKED = {"is_cancelled", "requested_at", "extracted_at"}
"""Fields of a request that do not change what is replayed."""


def digest_of(request: ReplayRequested) -> str:
    """Equal for requests that ask for the same."""
    return hashlib.sha256(request.model_dump_json(exclude=UNASKED).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """What is read, and under what."""

    digest: str
    span: Span
    policies: Mapping[UUID, PolicySet] = field(default_factory=dict)
    windows: int = 0
    estimated_s: float = 0.0

    def to_map(self) -> dict[str, Any]:
        return {
            "digest": self.digest,
            "starts": dict(self.span.starts),
            "ends": dict(self.span.ends),
            "policies": [encode(policy) for policy in self.policies.values()],
            "windows": self.windows,
            "estimated_s": self.estimated_s,
        }

    @classmethod
    def from_map(cls, content: Mapping[str, Any]) -> Self:
        policies = [decode(POLICIES, packed) for packed in content["policies"]]
        return cls(
            content["digest"],
            Span(content["starts"], content["ends"]),
            {one.source_id: one for one in policies if isinstance(one, PolicySet)},
            content["windows"],
            content["estimated_s"],
        )


@dataclass(frozen=True)
class Checkpoint:
    """How far a replay is: the place in its input, and the states of all sources."""

    place: Mapping[str, Any]
    states: Mapping[str, Any]
    counts: Mapping[str, float]


class Records:
    """The objects of one run. Whatever another format wrote counts as absent."""

    def __init__(self, store: ObjectStore, run: str) -> None:
        self._store, self._folder = store, f"replays/{run}"

    def plan(self, digest: str) -> Plan | None:
        """None where there is none, or it is of another request."""
        content = self._load("plan")
        return Plan.from_map(content) if content and content["digest"] == digest else None

    def save_plan(self, plan: Plan) -> None:
        """What was noted of an earlier plan is gone."""
        self._delete("checkpoint")
        self._save("plan", plan.to_map())

    def forget_plan(self) -> None:
        """Asked for again the replay begins anew, with what there is by then."""
        self._delete("checkpoint", "plan")

    def checkpoint(self) -> Checkpoint | None:
        content = self._load("checkpoint")
        if content is None:
            return None
        return Checkpoint(content["place"], content["states"], content["counts"])

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        self._save("checkpoint", vars(checkpoint))

    def progress(
        self, request: ReplayRequested, state: ReplayState, at: datetime, error: str | None = None
    ) -> ReplayProgressed:
        """How far the replay is by its plan and latest checkpoint. Never earlier than it was asked
        for, however clocks differ: it would be of another life of the run.
        """
        plan = self.plan(digest_of(request))
        checkpoint = self.checkpoint() if plan else None
        states, counts = (checkpoint.states, checkpoint.counts) if checkpoint else ({}, {})
        return ReplayProgressed(
            run=request.run,
            state=state,
            windows_planned=plan.windows if plan else 0,
            windows=states.get("windows", 0),
            clips=states.get("clips", 0),
            alerts=int(counts.get("alerts", 0)),
            refused=states.get("refused", 0),
            estimated_s=plan.estimated_s if plan else None,
            elapsed_s=counts.get("elapsed_s", 0.0),
            error=error,
            progressed_at=max(at, request.requested_at),
        )

    def outcome(self, request: ReplayRequested) -> ReplayProgressed | None:
        """How the replay ended; None where it did not, or was asked for anew since it failed or was
        cancelled.
        """
        content = self._load("outcome")
        if content is None or content["digest"] != digest_of(request):
            return None
        message = decode(REPLAY_PROGRESS, content["progress"])
        assert isinstance(message, ReplayProgressed)
        is_of_this = content["requested_at"] >= request.requested_at.isoformat()
        return message if message.state == "done" or is_of_this else None

    def save_outcome(self, request: ReplayRequested, progress: ReplayProgressed) -> None:
        """One that failed or was cancelled goes on from its checkpoint, if it is asked for anew."""
        content = {
            "digest": digest_of(request),
            "requested_at": request.requested_at.isoformat(),
            "progress": encode(progress),
        }
        self._save("outcome", content)
        if progress.state == "done":
            self._delete("checkpoint")

    def remove(self) -> None:
        for one in list(self._store.list(f"{self._folder}/")):
            self._store.delete(one.key)

    def _delete(self, *names: str) -> None:
        for name in names:
            self._store.delete(f"{self._folder}/{name}")

    def _load(self, name: str) -> dict[str, Any] | None:
        try:
            packed = self._store.get(f"{self._folder}/{name}")
        except ObjectMissing:
            return None
        content: dict[str, Any] = msgpack.unpackb(packed, strict_map_key=False)
        return content if content.get("format") == FORMAT else None

    def _save(self, name: str, content: Mapping[str, Any]) -> None:
        packed = msgpack.packb({"format": FORMAT, **content})
        self._store.put(f"{self._folder}/{name}", io.BytesIO(packed), CONTENT_TYPE)
