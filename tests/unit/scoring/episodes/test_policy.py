"""Terms: the card's own, or what the source's policies say instead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.policies import PolicySet, SourceCalibration
from services.rules.folders import DEFAULT
from services.scoring.calibration import Calibration
from services.scoring.cards import read_cards
from services.scoring.episodes.policy import Cards, Knots
from tests.builders import ORIGIN, SOURCE

CARDS = read_cards(DEFAULT)
FIGHT = next(card for card in CARDS if card.rule.name == "fight")


def policy(**more: object) -> PolicySet:
    return PolicySet.model_validate({"source_id": SOURCE, "set_at": ORIGIN, **more})


def test_without_policies_each_model_has_what_its_card_says() -> None:
    terms = Cards(CARDS).terms(None)
    assert terms.keys() == {card.model_id for card in CARDS}
    assert terms[FIGHT.model_id].rule == FIGHT.rule
    assert terms[FIGHT.model_id].high_mark == FIGHT.rule.high


@given(st.floats(-60, 60))
def test_the_calibration_is_that_of_the_card_to_the_last_digits(raw: float) -> None:
    calibration: Calibration = FIGHT.calibration
    knots = Knots(calibration.raw, calibration.calibrated)
    assert knots.apply(raw) == pytest.approx(calibration.apply(raw), abs=1e-12)
    assert knots.apply(raw) == pytest.approx(
        float(np.interp(raw, calibration.raw, calibration.calibrated)), abs=1e-12
    )


def test_a_rule_of_the_same_name_takes_the_place_of_the_cards() -> None:
    strict = FIGHT.rule.model_copy(update={"high": 0.99, "alone": None})
    terms = Cards(CARDS).terms(policy(rules=[strict.model_dump()]))
    assert terms[FIGHT.model_id].rule == strict
    others = [terms[card.model_id].rule for card in CARDS if card != FIGHT]
    assert others == [card.rule for card in CARDS if card != FIGHT]


def test_a_muted_rule_has_no_mark_in_force() -> None:
    terms = Cards(CARDS).terms(policy(muted=["fight"]))[FIGHT.model_id]
    assert (terms.is_muted, terms.high_mark) == (True, None)


def test_a_source_may_have_a_calibration_of_its_own() -> None:
    own = SourceCalibration(model_id=FIGHT.model_id, raw=(-4.0, 4.0), calibrated=(0.0, 1.0))
    terms = Cards(CARDS).terms(policy(calibrations=[own.model_dump()]))
    assert terms[FIGHT.model_id].knots.apply(0.0) == 0.5
