"""`nightclerk train --from-reviews`: marks from the API, embeddings from the archive, a candidate.

It lives here because only this layer may see the API's client, the archive and the networks.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

from schemas.ids import DEFAULT_TENANT
from services.chassis.environment import read
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.cli.client import Client
from services.cli.models import packed, scope
from services.cli.reference import reference
from services.cli.screen import console, err, give_up
from services.cli.service import join_running_stack
from services.cli.videos import client_of
from services.features.config import FeaturesSettings
from services.features.weights.registry import FetchError
from services.scoring.archive.config import ArchiveSettings
from services.scoring.archive.reading import Archive
from services.scoring.archive.wanted import Wanted
from services.scoring.cards import Card, MismatchError
from services.scoring.heads.checkpoint import CheckpointError
from services.training.features import Features
from services.training.reviews.candidate import (
    Candidate,
    TooFewMarks,
    WorseThanBefore,
    require_enough,
    store,
    teach,
)
from services.training.reviews.marks import Mark, marks_of
from services.training.reviews.windows import MOST_QUIET, Windows, gather


@dataclass(frozen=True)
class Asked:
    """What a head is to find, for whom, and where it goes."""

    label: str
    store: str | None
    out: Path
    backbone: str = "i3d_k400"
    days: int = 30
    is_registered: bool = False


def run(asked: Asked, api: str, token: str, home: Path | None) -> None:
    """The whole command: says what came out, or ends with one sentence."""
    join_running_stack(home, "archive")
    objects = S3Objects.connect(read(ArchiveSettings))
    with client_of(api, token, home) as client:
        try:
            carry_out(asked, client, objects, datetime.now(UTC))
        except (TooFewMarks, WorseThanBefore, MismatchError, CheckpointError) as error:
            give_up(error)
        except FileExistsError:
            give_up(f"{asked.out} is there already; name another folder with --out")


def carry_out(asked: Asked, client: Client, objects: ObjectStore, now: datetime) -> None:
    """Raises what `teach` and `store` raise."""
    if asked.out.exists():
        raise FileExistsError
    place = scope(client, asked.store)
    span = now - timedelta(days=asked.days), now
    tell(f"reading what was marked, and what {asked.backbone} saw in the last {asked.days} days")
    windows = require_enough(seen(asked, client, objects, place["store_id"], span), asked.label)
    with tempfile.TemporaryDirectory() as folder:
        detector = live_detector(client, place, asked.backbone, Path(folder))
        scenes = quiet_scenes(asked.backbone)
        tell("teaching, and comparing with the head before")
        candidate = teach(windows, asked.label, detector, scenes)
        store(candidate, detector, asked.out)
        _tell_made(candidate, asked.out)
        if asked.is_registered:
            _register(client, candidate.card, asked.out, Path(folder))


def _tell_made(candidate: Candidate, out: Path) -> None:
    card = candidate.card
    for line in (*card.data, *(f"{each.name}: {each.figures}" for each in candidate.guards)):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    console.print(f"{card.model_id} is in {out}", highlight=False, soft_wrap=True, markup=False)


def _register(client: Client, card: Card, out: Path, folder: Path) -> None:
    note = f"taught from reviews: {card.data[0]}"
    package = packed(out, folder)
    found = client.send("/models", package, "application/zip", name=out.name, note=note)
    label = f"{found['name']} {found['version']}"
    console.print(
        f"registered {found['detector']} as {label}; "
        f"go on with: nightclerk replays start --detector {found['detector']}",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


def seen(
    asked: Asked,
    client: Client,
    objects: ObjectStore,
    store_id: str | None,
    span: tuple[datetime, datetime],
) -> Windows | None:
    """Windows of the scope's cameras, and of all that was marked in it, beside the marks."""
    where = {"store_id": store_id} if store_id else {}
    alerts = client.listed("/alerts", **where, since=span[0].isoformat())
    marks = marks_of(alerts, client.listed("/missed-events", **where), asked.label)
    counts = Counter(mark.meaning for mark in marks)
    tell(
        f"marked: {counts['event']} events of {asked.label}, {counts['normal']} moments without; "
        f"{counts['unclear']} alerts or events that say nothing of it are left out"
    )
    cameras = {UUID(each["source_id"]) for each in client.listed("/cameras", **where)}
    tenant_id = UUID(client.get("/me")["tenant_id"] or str(DEFAULT_TENANT))
    sources = sorted(cameras | {mark.source_id for mark in marks})
    return _gathered(Archive(objects), marks, _wanted(tenant_id, asked.backbone, sources, span))


def live_detector(client: Client, place: dict[str, Any], backbone: str, folder: Path) -> Path:
    """What is live there for a backbone, unpacked; the command ends where nothing is."""
    live = [each["detector"] for each in place["live"] if each["backbone"] == backbone]
    if not live:
        give_up(f"nothing is live there for {backbone}")
    package, found = folder / "before.zip", folder / "before"
    with package.open("wb") as file:
        client.download(f"/models/{live[0]}/package", {}, file)
    with ZipFile(package) as archive:
        archive.extractall(found)
    return found


def quiet_scenes(backbone: str) -> list[Features]:
    """None where the network cannot run here: the guard then says that it did not look."""
    try:
        return reference(backbone, read(FeaturesSettings).options, tell)
    except (FetchError, ValueError) as error:
        tell(f"no reference scenes: {error}")
        return []


def tell(text: str) -> None:
    """What goes on, beside what comes out."""
    err.print(text, highlight=False, soft_wrap=True, markup=False)


def _wanted(
    tenant_id: UUID, backbone: str, sources: Sequence[UUID], span: tuple[datetime, datetime]
) -> Wanted:
    return Wanted("embeddings", tenant_id, backbone, sources, *span)


def _gathered(archive: Archive, marks: Sequence[Mark], wanted: Wanted) -> Windows | None:
    """So many quiet windows that they fit into memory, however long the stretch."""
    share = min(1.0, MOST_QUIET / max(archive.plan(wanted).rows, 1))
    return gather(archive.embeddings(wanted), marks, wanted.tenant_id, share)
