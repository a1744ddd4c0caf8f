"""By which detector the past is to be judged: one that the settings name, or a registered one."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from schemas.clips import ClipSpec
from schemas.models import DetectorPackage
from services.api.models.builtin import BuiltIn, builtins
from services.api.models.queries import package_of


class NoSuchDetector(Exception):
    """The text is one sentence."""


@dataclass(frozen=True)
class Judge:
    """A detector as a replay needs it. Of one that the settings name there is no package."""

    detector: str
    backbone: str
    window: int
    spec: ClipSpec
    package: DetectorPackage | None = None


def judge_of(connection: Connection, heads: str, tenant_id: UUID, detector: str | None) -> Judge:
    """That of the settings, where none is named: the first of several. What the tenant registered
    goes before. Raises NoSuchDetector.
    """
    if detector and (found := package_of(connection, tenant_id, detector)):
        return Judge(found.detector, found.backbone, found.window, found.spec, found)
    for each in builtins(heads):
        if detector in (None, each.detector):
            return _built_in(each)
    wanted = f"detector {detector}" if detector else "detector in the settings that can be read"
    raise NoSuchDetector(f"There is no {wanted}.")


def _built_in(found: BuiltIn) -> Judge:
    card = found.cards[0]
    return Judge(found.detector, card.backbone, card.window, card.spec)
