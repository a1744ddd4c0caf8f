"""Logins by password, and policies that two people enter at once, on a real MariaDB: cases of the
unit suite.
"""

from collections.abc import Callable

import pytest

from tests.integration.tables import make_api, migrated
from tests.unit.api import test_login as logins
from tests.unit.api.conftest import Api
from tests.unit.api.policies import test_policy_tags as policies

__all__ = ["make_api", "migrated"]
pytestmark = pytest.mark.integration


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="long and random")


stored, owner = logins.stored, logins.owner

test_a_password_opens = logins.test_a_password_opens
test_capitals_do_not_count = logins.test_capitals_of_the_address_do_not_count
test_the_wrong_are_answered_alike = logins.test_wrong_unknown_and_deactivated_are_answered_alike
test_a_former_cookie_opens_nothing = (
    logins.test_a_cookie_that_was_there_before_opens_nothing_afterwards
)
test_ones_own_logins = logins.test_one_sees_and_ends_ones_own_logins_alone
test_another_password_ends_others = logins.test_another_password_ends_all_other_logins

test_a_policy_is_locked = policies.test_a_policy_that_is_not_there_yet_is_locked
test_of_two_first_policies_one_wins = policies.test_of_two_first_policies_at_once_one_wins
test_nobody_overwrites_the_unseen = policies.test_nobody_overwrites_what_they_have_not_seen
