"""What makes each head of the default detector: one row a head."""

from dataclasses import dataclass, field

from schemas.policies import PersistenceRule

VIEWS = ("plain", "flip", "shift")


@dataclass(frozen=True)
class Recipe:
    """What a head is to find, what it learns from, and when it speaks."""

    incident: str
    """Name of the rule, and of the kind of video that shows it."""
    beside: str
    """The kind that shows the same cameras when nothing happens."""
    rule: PersistenceRule
    folds: int
    """So many parts of those cameras' groups are held out in turn."""
    also: tuple[str, ...] = ()
    """Further kinds that show the incident."""
    other: tuple[str, ...] = ()
    """Kinds whose incidents are normal to this head; those of all further kinds are left out."""
    C: float = 5.0
    views: tuple[str, ...] = VIEWS
    domain_weight: float = 10.0
    """How many windows any kind but these cameras counts for, per label."""
    short: float = 0.1
    """Weight of windows with fewer than 16 real frames."""
    bags: int = 6000
    """Bags that a MIL head is shown."""
    seed: int = 0
    cameras: tuple[tuple[str, ...], ...] = field(
        default=(("fight", "calm"), ("fall", "daily"), ("theft", "shop"), ("street",), ("room",))
    )
    """Kinds that share cameras: what is not this head's own is held out as a whole."""

    @property
    def kinds(self) -> tuple[str, ...]:
        return (self.incident, *self.also)

    @property
    def own(self) -> tuple[str, str]:
        return (self.incident, self.beside)


def rule(incident: str, high: float, alone: float) -> PersistenceRule:
    """Four clips of six (two windows of three) at `high`, or one at `alone`."""
    return PersistenceRule(
        name=incident,
        label=f"Possible {incident}",
        high=high,
        low=0.5,
        k=4,
        n=6,
        m=4,
        alone=alone,
        cooldown_s=10,
    )


RECIPES = (
    Recipe(
        "fight",
        "calm",
        rule("fight", 0.65, 0.85),
        folds=11,
        also=("sim",),
        views=(*VIEWS, "infrared"),
    ),
    Recipe("fall", "daily", rule("fall", 0.75, 0.95), folds=2, other=("theft",)),
    Recipe("theft", "shop", rule("theft", 0.9, 0.97), folds=6),
)
