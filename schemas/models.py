"""Models: which detectors judge the footage of a tenant or a store, and which look on."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.base import Id, Message, Unit, UtcTime
from schemas.clips import ClipSpec
from schemas.judgements import LIVE, Run
from schemas.policies import PersistenceRule

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class HeadTerms(BaseModel):
    """What episodes need of a head: the map of its raw scores into [0, 1], piecewise linear and
    increasing, and its default rule.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    model_id: str
    head: str
    raw: Annotated[tuple[float, ...], Field(min_length=2)]
    calibrated: Annotated[tuple[Unit, ...], Field(min_length=2)]
    rule: PersistenceRule


class DetectorPackage(BaseModel):
    """A detector in the object store: a zip of the folder that `nightclerk train` writes (a
    checkpoint, or a folder whose subfolders are checkpoints).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    detector: str = Field(description="its id, as judgements and scores name it")
    backbone: str
    window: Annotated[int, Field(ge=1)]
    spec: ClipSpec
    object_key: str
    sha256: Sha256
    heads: Annotated[tuple[HeadTerms, ...], Field(min_length=1)]


class Shadow(BaseModel):
    """A detector that looks at the live stream, is stored under a run of its own and alerts
    nobody.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    run: Run
    package: DetectorPackage


class ModelsDeployed(Message):
    """The detectors of a scope: a tenant, or one of its stores.

    Of each backbone the nearest scope that names a live detector counts (store, tenant, then what
    the machine's settings say); shadows of both scopes look on. A tombstone: the scope says nothing
    any more.
    """

    KEY: ClassVar[str] = "scope_id"

    type: Literal["nightclerk.models.deployed.v1"] = "nightclerk.models.deployed.v1"
    scope_id: Id = Field(description="of the store, or of the tenant")
    tenant_id: Id
    store_id: Id | None = Field(default=None, description="absent: all stores of the tenant")
    live: tuple[DetectorPackage, ...] = Field(default=(), description="one a backbone at most")
    shadows: tuple[Shadow, ...] = ()
    deployed_at: UtcTime

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        backbones = [package.backbone for package in self.live]
        if len(set(backbones)) < len(backbones):
            raise ValueError("a scope has one live detector a backbone")
        runs = [shadow.run for shadow in self.shadows]
        if LIVE in runs or len(set(runs)) < len(runs):
            raise ValueError("shadows need names of their own")
        return self
