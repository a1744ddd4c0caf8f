"""How far the footage of a run was embedded anew, kept as `replays/{run}/extraction.json`: who
removes the run removes it too.
"""

import io
import json
from dataclasses import dataclass, field

from schemas.replays import ReplayRequested
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.reextraction.core import State, Tally


@dataclass
class Progress:
    """Of one request: so many of its sources are through, in its order, with this tally."""

    sources_done: int = 0
    state: State = "running"
    tally: Tally = field(default_factory=Tally)


class ExtractionRecords:
    """All raise TransientError when the store is away."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def load(self, request: ReplayRequested) -> Progress:
        """Nothing is done of a request that is new, or was asked for anew: what was embedded before
        may lie on the log no more.
        """
        try:
            content = json.loads(self._store.get(_key(request)))
        except ObjectMissing:
            return Progress()
        if content["requested_at"] != request.requested_at.isoformat():
            return Progress()
        return Progress(content["sources_done"], content["state"], Tally(**content["tally"]))

    def save(self, request: ReplayRequested, progress: Progress) -> None:
        content = {
            "requested_at": request.requested_at.isoformat(),
            "sources_done": progress.sources_done,
            "state": progress.state,
            "tally": progress.tally.to_map(),
        }
        packed = json.dumps(content).encode()
        self._store.put(_key(request), io.BytesIO(packed), "application/json")


def _key(request: ReplayRequested) -> str:
    return f"replays/{request.run}/extraction.json"
