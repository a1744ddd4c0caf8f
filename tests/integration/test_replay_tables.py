"""Replays and comparisons on MariaDB: cases of the unit suite, as they are."""

import pytest

from tests.integration.tables import make_api, migrated
from tests.unit.api.conftest import api
from tests.unit.api.test_comparisons import (
    compared,
    test_a_replay_is_compared_over_its_own_stretch,
    test_it_tells_what_was_gained_lost_and_moved,
    test_what_people_said_counts_for_both_runs,
)
from tests.unit.api.test_replay_removal import (
    test_what_is_removed_goes_with_its_results_and_stays_away,
    test_what_is_removed_is_found_by_indexes_and_a_bounded_number_of_rows_at_once,
)
from tests.unit.api.test_replays import (
    test_an_estimate_counts_windows_and_goes_by_what_was_measured,
    test_the_same_asked_for_again_is_the_same_replay,
)
from tests.unit.api.test_replays_under_way import (
    test_one_that_is_cancelled_stays_so_and_goes_on_when_it_is_asked_for_again,
    test_recordings_are_embedded_first_and_then_the_replay_is_told_again,
)

pytestmark = pytest.mark.integration
__all__ = [
    "api",
    "compared",
    "make_api",
    "migrated",
    "test_a_replay_is_compared_over_its_own_stretch",
    "test_an_estimate_counts_windows_and_goes_by_what_was_measured",
    "test_it_tells_what_was_gained_lost_and_moved",
    "test_one_that_is_cancelled_stays_so_and_goes_on_when_it_is_asked_for_again",
    "test_recordings_are_embedded_first_and_then_the_replay_is_told_again",
    "test_the_same_asked_for_again_is_the_same_replay",
    "test_what_is_removed_goes_with_its_results_and_stays_away",
    "test_what_is_removed_is_found_by_indexes_and_a_bounded_number_of_rows_at_once",
    "test_what_people_said_counts_for_both_runs",
]
