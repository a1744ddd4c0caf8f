"""What had to be dropped, counted until Kafka hears of it; a restart forgets none of it."""

import contextlib
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from schemas.clips import ClipRecorded
from schemas.health import SourceHealth

NAME = "dropped.json"


class Losses:
    """Clips of one source that were dropped since the latest report. Kept in the spool's folder as
    well as the disk allows.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._health = self._load()
        self._unplaced = 0

    @property
    def count(self) -> int:
        return self._unplaced + (self._health.count if self._health else 0)

    def add(self, clip: ClipRecorded | None, at: datetime) -> SourceHealth | None:
        """One more is lost; None for one that cannot be read. Returns the report on those before
        where this one begins a new life of the source.
        """
        if clip is None:
            self._unplaced += 1
            return None
        ended = None
        if self._health is not None and self._health.origin_at != clip.origin_at:
            ended = self.taken()
        before = self._health or _first(clip)
        self._health = before.model_copy(
            update={
                "count": before.count + 1 + self._unplaced,
                "at_s": max(before.at_s, clip.end_s),
                "cut_at": at,
            }
        )
        self._unplaced = 0
        self.save()
        return ended

    def taken(self) -> SourceHealth | None:
        """What to tell; None where nothing was dropped of which anything is to be told. It counts
        no more; `save` once it is put somewhere else.
        """
        if self._health is None:
            return None
        text = (
            f"{self._health.count} clips that waited for Kafka were dropped, the oldest first: "
            "there was no more room for them on the disk."
        )
        told, self._health = self._health.model_copy(update={"detail": text}), None
        return told

    def save(self) -> None:
        draft = self._path.with_suffix(".json.draft")
        with contextlib.suppress(OSError):
            if self._health is None:
                self._path.unlink(missing_ok=True)
                return
            draft.write_text(self._health.model_dump_json())
            draft.replace(self._path)

    def _load(self) -> SourceHealth | None:
        try:
            return SourceHealth.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None


def _first(clip: ClipRecorded) -> SourceHealth:
    return SourceHealth(
        **{**clip.provenance(), "is_late": False},
        condition="clips_dropped",
        is_over=True,
        start_s=clip.start_s,
        at_s=clip.end_s,
    )
