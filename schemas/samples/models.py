"""Examples of detectors that are deployed, and of the past judged again."""

from datetime import timedelta

from schemas.clips import ClipSpec
from schemas.ids import DEFAULT_TENANT
from schemas.models import DetectorPackage, HeadTerms, ModelsDeployed, Shadow
from schemas.policies import PersistenceRule
from schemas.replays import ExtractionProgressed, ReplayProgressed, ReplayRequested
from schemas.samples.world import MODEL, NOON, SOURCE, STORE

PACKAGE = DetectorPackage(
    detector=MODEL,
    backbone="i3d_k400",
    window=2,
    spec=ClipSpec(),
    object_key=f"models/{DEFAULT_TENANT}/{MODEL}.zip",
    sha256="0f" * 32,
    heads=(
        HeadTerms(
            model_id=MODEL,
            head="linear",
            raw=(-4.0, 0.0, 4.0),
            calibrated=(0.0, 0.5, 1.0),
            rule=PersistenceRule(
                name="fight", label="Possible fight", high=0.75, low=0.5, k=2, n=3, m=2
            ),
        ),
    ),
)
RUN = "replay-3f2a9c1d7e60"


def models_deployed() -> ModelsDeployed:
    return ModelsDeployed(
        scope_id=STORE,
        tenant_id=DEFAULT_TENANT,
        store_id=STORE,
        live=(PACKAGE,),
        shadows=(Shadow(run="shadow-linear", package=PACKAGE),),
        deployed_at=NOON,
    )


def replay_requested() -> ReplayRequested:
    return ReplayRequested(
        run=RUN,
        tenant_id=DEFAULT_TENANT,
        since=NOON - timedelta(days=1),
        until=NOON,
        sources=(SOURCE,),
        package=PACKAGE,
        backbone=PACKAGE.backbone,
        input="recordings",
        windows_per_s=5000.0,
        extracted_at=NOON + timedelta(minutes=10),
        requested_at=NOON,
    )


def replay_progressed() -> ReplayProgressed:
    return ReplayProgressed(
        run=RUN,
        state="failed",
        windows_planned=80_000,
        windows=40_000,
        clips=40_000,
        alerts=3,
        refused=1,
        estimated_s=4.0,
        elapsed_s=2.5,
        error="Kafka was away for too long.",
        progressed_at=NOON,
    )


def extraction_progressed() -> ExtractionProgressed:
    return ExtractionProgressed(
        run=RUN,
        requested_at=NOON,
        state="running",
        seconds_planned=86_400.0,
        seconds=3600.0,
        seconds_missing=12.5,
        clips=3363,
        elapsed_s=610.0,
        error="A segment could not be read.",
        progressed_at=NOON,
    )
