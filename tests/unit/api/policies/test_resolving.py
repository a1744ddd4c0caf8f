"""Inheritance: whatever is said of a rule nearest to the source counts, against a plain oracle."""

from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.hours import StoreHours, WeeklyHours
from schemas.policies import PersistenceRule, PresenceRule
from schemas.sources import Zone
from services.api.policies.entry import EMPTY, EXAMPLE, Policy
from services.api.policies.resolving import SCOPES, Place, Scope, faults, policy_set, resolve
from services.rules.folders import default_rules
from tests.unit.api.conftest import NOW

SOURCE = UUID(int=7)
NAMES = ("fight", "fall", "night", "offline")


def score_rule(name: str, high: float = 0.9) -> PersistenceRule:
    return PersistenceRule(name=name, label=name, high=high, low=0.5, k=2, n=3, m=2)


def presence_rule(name: str, **more: object) -> PresenceRule:
    return PresenceRule.model_validate({"name": name, "label": name, **more})


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    names = draw(st.permutations(NAMES))
    cut = draw(st.integers(0, len(names)))
    highs = st.sampled_from([0.6, 0.8, 0.95])
    rules = [score_rule(name, draw(highs)) for name in names[:cut] if draw(st.booleans())]
    presence = [
        presence_rule(name, more_than=draw(st.integers(0, 3)))
        for name in names[cut:]
        if draw(st.booleans())
    ]
    muted = [name for name in NAMES if draw(st.booleans())]
    unmuted = [name for name in NAMES if name not in muted and draw(st.booleans())]
    return Policy(
        rules=tuple(rules), presence=tuple(presence), muted=tuple(muted), unmuted=tuple(unmuted)
    )


layers = st.lists(policies(), min_size=3, max_size=3).map(
    lambda found: list(zip(SCOPES, found, strict=True))
)
DEFAULTS = (score_rule("fight"), score_rule("theft"))


def mentions(policy: Policy, name: str) -> bool:
    defined = {rule.name for rule in (*policy.rules, *policy.presence)}
    return name in defined | set(policy.muted) | set(policy.unmuted)


@given(layers)
def test_the_nearest_word_on_a_rule_counts(found: list[tuple[Scope, Policy]]) -> None:
    effective = resolve(DEFAULTS, found)
    nearest_first = found[::-1]
    for name in (*NAMES, "theft"):
        rules = [
            (rule, scope)
            for scope, policy in nearest_first
            for rule in policy.rules
            if rule.name == name
        ]
        default = [(rule, "default") for rule in DEFAULTS if rule.name == name]
        assert effective.rules.get(name) == next(iter([*rules, *default]), None)
        watches = [
            (rule, scope)
            for scope, policy in nearest_first
            for rule in policy.presence
            if rule.name == name
        ]
        assert effective.presence.get(name) == next(iter(watches), None)
        spoken = next(((s, p) for s, p in nearest_first if mentions(p, name)), None)
        muted_by = spoken[0] if spoken and name in spoken[1].muted else None
        assert effective.muted.get(name) == muted_by


@given(layers, st.integers(0, 3))
def test_a_policy_that_says_nothing_changes_nothing(
    found: list[tuple[Scope, Policy]], place: int
) -> None:
    with_empty = [*found[:place], ("store", EMPTY), *found[place:]]
    assert resolve(DEFAULTS, with_empty) == resolve(DEFAULTS, found)


@given(policies(), st.randoms())
def test_the_order_within_a_policy_does_not_matter(policy: Policy, chance: Random) -> None:
    mixed = {name: list(getattr(policy, name)) for name in type(policy).model_fields}
    for items in mixed.values():
        chance.shuffle(items)
    again = resolve(DEFAULTS, [("tenant", Policy(**mixed))])
    assert again == resolve(DEFAULTS, [("tenant", policy)])


@given(layers)
def test_what_is_announced_says_no_more_than_what_is_not_default(
    found: list[tuple[Scope, Policy]],
) -> None:
    effective = resolve((), found)
    message = policy_set(SOURCE, effective, Place(), NOW)
    if message is None:
        assert effective.is_default
        return
    assert {rule.name for rule in message.rules} == effective.rules.keys()
    assert {rule.name for rule in message.presence} == effective.presence.keys() - set(
        message.muted
    )
    assert list(message.muted) == sorted(effective.muted)


def test_without_policies_or_hours_there_is_nothing_to_announce_but_a_snooze() -> None:
    effective = resolve(DEFAULTS, [("tenant", EMPTY)])
    assert policy_set(SOURCE, effective, Place(), NOW) is None
    snoozed = policy_set(SOURCE, effective, Place(snoozed_until=NOW), NOW)
    assert snoozed is not None
    assert (snoozed.snoozed_until, snoozed.rules) == (NOW, ())


def test_the_hours_of_a_store_are_announced_without_policies_too() -> None:
    """Heads' own rules and hours of targets go by its clock."""
    hours = StoreHours(time_zone="Asia/Seoul")
    message = policy_set(SOURCE, resolve(DEFAULTS, []), Place(hours), NOW)
    assert message is not None
    assert (message.hours, message.rules) == (hours, ())


@pytest.mark.parametrize(
    ("rule", "place", "sentence"),
    [
        ({"zone": "till"}, Place(), "no zone 'till'"),
        ({"joined": "brawl"}, Place(), "no head is known"),
        ({"joined": "theft"}, Place(), "'theft' is muted"),
        ({"during": "closed"}, Place(), "it never closes"),
    ],
)
def test_what_cannot_work_is_said(rule: dict[str, str], place: Place, sentence: str) -> None:
    policy = Policy(presence=(presence_rule("night", **rule),), muted=("theft",))
    assert any(sentence in fault for fault in faults(resolve(DEFAULTS, [("store", policy)]), place))


def test_what_can_work_is_not_complained_of() -> None:
    rule = presence_rule("night", zone="till", joined="fight", during="closed")
    zone = Zone(name="till", polygon=((0, 0), (1, 0), (1, 1)))
    place = Place(StoreHours(open=WeeklyHours()), (zone,))
    assert faults(resolve(DEFAULTS, [("store", Policy(presence=(rule,)))]), place) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": [score_rule("a"), score_rule("a")]},
        {"rules": [score_rule("a")], "presence": [presence_rule("a")]},
        {"muted": ["a"], "unmuted": ["a"]},
        {"rules": [score_rule(str(n)) for n in range(51)]},
        {"color": "red"},
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)


def test_the_example_of_the_documentation_is_a_policy() -> None:
    assert Policy.model_validate(EXAMPLE) != EMPTY


def test_the_heads_that_come_with_the_product_have_rules() -> None:
    assert {rule.name for rule in default_rules("")} == {"fight", "fall", "theft"}
