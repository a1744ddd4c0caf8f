"""A policy as somebody enters it for a tenant, a store or a source. Pure."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.policies import PersistenceRule, PresenceRule, RuleName

MOST_RULES = 50
EXAMPLE: dict[str, Any] = {
    "rules": [
        {
            "name": "fight",
            "label": "Possible fight",
            "high": 0.9,
            "low": 0.6,
            "k": 4,
            "n": 6,
            "m": 4,
            "severity": "critical",
            "budget_per_day": 1.0,
        }
    ],
    "presence": [
        {
            "name": "after hours",
            "label": "Somebody in the closed store",
            "longer_than_s": 5.0,
            "during": "closed",
            "severity": "critical",
        }
    ],
    "muted": ["theft"],
    "unmuted": [],
}

Names = Annotated[tuple[RuleName, ...], Field(max_length=MOST_RULES)]


class Policy(BaseModel):
    """What is different here from what is inherited.

    A rule takes the place of the inherited one of its name, of the same kind. `muted` names rules
    (or health conditions, or `health` for all of them) that raise no alerts here, `unmuted` takes
    that back where it is inherited.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [EXAMPLE]}
    )

    rules: Annotated[tuple[PersistenceRule, ...], Field(max_length=MOST_RULES)] = ()
    presence: Annotated[tuple[PresenceRule, ...], Field(max_length=MOST_RULES)] = ()
    muted: Names = ()
    unmuted: Names = ()

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = self.defined
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two rules are called {name!r}")
        if both := set(self.muted) & set(self.unmuted):
            raise ValueError(f"{sorted(both)[0]!r} cannot be both muted and unmuted")
        return self

    @property
    def defined(self) -> list[str]:
        """The names of its rules of both kinds."""
        return [rule.name for rule in self.rules] + [rule.name for rule in self.presence]


EMPTY = Policy()
