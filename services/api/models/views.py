"""What the API tells of detectors: what they are, how good, and where they look on."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.clips import ClipSpec
from schemas.policies import PersistenceRule
from services.api.tables import NAME_CHARS, SENTENCE_CHARS
from services.api.view import EXAMPLE_WHEN, STORE_EXAMPLE, View, example

Action = Literal["promoted", "rolled_back", "shadow_added", "shadow_removed"]
ModelState = Literal["candidate", "shadow", "active", "retired"]
RULE = PersistenceRule(name="fight", label="Possible fight", high=0.65, low=0.5, k=4, n=6, m=4)
SHA256 = "b2e49655940d517299d594079cb57200e833417f4295ab16be7498fdaebd041a"


HEAD = {
    "head": "linear",
    "model_id": "linear-1f0c8a52",
    "dim": 1024,
    "rule": RULE.model_dump(mode="json"),
    "weights_sha256": SHA256,
    "data": ["12 marked events and 40 quiet hours of Station Road"],
    "metrics": {"auc": 0.91},
}


class ModelHeadView(View):
    """One head of a detector, as its card describes it."""

    head: str = Field(description="of what kind")
    model_id: str = Field(description="over weights, calibration and rule; alerts name it")
    dim: int = Field(description="numbers it takes of each window")
    rule: PersistenceRule = Field(description="its own, where no policy says otherwise")
    weights_sha256: str
    data: tuple[str, ...] = Field(description="what it was taught with")
    metrics: dict[str, Any] = Field(description="what training measured; keys differ by kind")

    model_config = example(HEAD)


class DeployedPlace(View):
    """Where a detector looks on."""

    store_id: UUID | None = Field(description="null: in all stores of the tenant")
    store: str | None = Field(description="the store's name")
    run: str = Field(description="`live`, or that of a shadow")
    since: datetime | None = Field(description="null: as long as nothing else is live there")

    model_config = example({**STORE_EXAMPLE, "run": "live", "since": EXAMPLE_WHEN})


class DetectorView(View):
    """A detector: a head or several that judge the same clips."""

    detector: str = Field(description="its id, as judgements and scores name it")
    name: str
    version: int = Field(description="counted for each name; 0 where it is built in")
    state: ModelState
    is_built_in: bool = Field(description="the machine's settings name it: nobody registered it")
    backbone: str
    window: int = Field(description="clips that are looked at together")
    spec: ClipSpec
    heads: tuple[ModelHeadView, ...]
    places: tuple[DeployedPlace, ...] = Field(description="those one may see")
    sha256: str | None = Field(description="of the package; null where it is built in")
    size_bytes: int | None
    note: str
    registered_at: datetime | None
    registered_by: str
    retired_at: datetime | None

    model_config = example(
        {
            "detector": "linear-1f0c8a52",
            "name": "station-road",
            "version": 3,
            "state": "shadow",
            "is_built_in": False,
            "backbone": "i3d_k400",
            "window": 2,
            "spec": ClipSpec().model_dump(mode="json"),
            "heads": [HEAD],
            "places": [{**STORE_EXAMPLE, "run": "shadow-linear-1f0c8a52", "since": EXAMPLE_WHEN}],
            "sha256": SHA256,
            "size_bytes": 5123,
            "note": "taught with the marks of May",
            "registered_at": EXAMPLE_WHEN,
            "registered_by": "owner@shop.example",
            "retired_at": None,
        }
    )


class ModelPage(View):
    items: list[DetectorView] = Field(description="those that are built in come last")
    next: str | None


ModelName = Annotated[str, Field(min_length=1, max_length=NAME_CHARS, pattern=r"^[^\x00-\x1f]+$")]
Note = Annotated[str, Field(max_length=SENTENCE_CHARS)]


class ModelChange(BaseModel):
    """What is not given stays."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"note": "too nervous at the door"}]},
    )

    note: Note | None = None
    is_retired: bool | None = None
