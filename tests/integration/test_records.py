"""Erasure, rotation and idempotency on MariaDB: cases of the unit suite, on its locks and types."""

from collections.abc import Callable

import pytest

from tests.integration.tables import make_api, migrated
from tests.unit.api import test_erasure, test_rotation
from tests.unit.api.conftest import Api
from tests.unit.api.security import test_idempotency

__all__ = ["make_api", "migrated"]
pytestmark = pytest.mark.integration
Case = Callable[[Callable[..., Api]], None]


def keyed(case: Callable[[Api], None]) -> Case:
    return lambda make_api: case(make_api(secret_key="long and random"))


def with_a_past(case: Callable[[Api], None]) -> Case:
    def run(make_api: Callable[..., Api]) -> None:
        api = make_api()
        test_erasure.camera_with_a_past(api)
        case(api)

    return run


def plain(case: Callable[[Api], None]) -> Case:
    return lambda make_api: case(make_api())


CASES: tuple[tuple[str, Case], ...] = (
    *(
        (case.__name__, with_a_past(case))
        for case in (
            test_erasure.test_all_of_the_stretch_goes_and_nothing_else,
            test_erasure.test_scores_of_the_stretch_are_shown_no_more,
            test_erasure.test_a_replay_of_the_topics_brings_nothing_back,
            test_erasure.test_what_comes_back_from_a_worker_is_swept_and_not_played,
            test_erasure.test_all_of_a_camera_that_goes_on,
            test_erasure.test_legal_hold_stops_it_and_is_named,
            test_erasure.test_a_changed_proof_is_found_out,
        )
    ),
    (
        "test_an_upload_goes_as_a_whole",
        plain(test_erasure.test_an_upload_goes_as_a_whole),
    ),
    *(
        (case.__name__, case)
        for case in (
            test_erasure.test_broken_off_anywhere_it_goes_on_and_keeps_the_digests,
            test_rotation.test_the_latter_key_opens_all_and_the_topic_is_told,
            test_rotation.test_again_it_changes_nothing,
            test_rotation.test_what_no_key_opens_is_named_and_left,
        )
    ),
    *(
        (case.__name__, keyed(case))
        for case in (
            test_idempotency.test_the_same_request_is_done_once_and_answered_alike,
            test_idempotency.test_the_same_key_for_another_request_is_refused,
            test_idempotency.test_keys_of_one_person_are_nothing_to_another,
            test_idempotency.test_what_was_refused_may_be_tried_again,
            test_idempotency.test_a_day_later_it_is_another_request,
            test_idempotency.test_while_the_first_is_at_work_the_second_is_told_so,
            test_idempotency.test_whoever_died_at_work_is_not_waited_for,
            test_idempotency.test_an_upload_is_handed_in_once,
            test_idempotency.test_secrets_of_answers_are_kept_sealed,
        )
    ),
)


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_it_holds_on_mariadb(case: Case, make_api: Callable[..., Api]) -> None:
    case(make_api)


def test_pages_of_sealed_rows_are_gone_through(
    make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    test_rotation.test_pages_are_gone_through(make_api, monkeypatch)
