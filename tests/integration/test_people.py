"""Logins, keys, second factors and invitations on a real MariaDB: cases of the unit suite."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from tests.integration.tables import make_api, migrated
from tests.unit.api import test_joining as joining
from tests.unit.api import test_users as users
from tests.unit.api.conftest import Api
from tests.unit.api.security import test_keys as keys
from tests.unit.api.security import test_second_factor as factors
from tests.unit.api.security import test_throttling as throttling

__all__ = ["make_api", "migrated"]
pytestmark = pytest.mark.integration


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api(secret_key="long and random")


@pytest.fixture
def engine(api: Api) -> Engine:
    return api.engine


owner, keyed = keys.owner, joining.keyed
hashed, user = factors.hashed, factors.user

test_a_key_does_what_its_scopes_say = keys.test_a_key_does_what_its_scopes_say
test_a_key_follows_its_maker = keys.test_a_key_follows_what_its_maker_may_now
test_a_key_runs_out = keys.test_a_key_runs_out
test_the_last_use_is_noted = keys.test_the_last_use_is_noted_once_a_minute

test_guesses_are_slowed_down = throttling.test_an_account_is_guessed_at_slower_and_slower
test_attempts_at_once_all_count = throttling.test_attempts_at_once_all_count
test_failures_are_forgotten = throttling.test_failures_are_forgotten_after_a_day

test_a_login_takes_a_code = factors.test_a_login_takes_a_code_once_it_is_set_up
test_of_two_logins_one_is_refused = factors.test_of_two_logins_by_the_same_code_one_is_refused
test_a_recovery_code_lets_in_once = factors.test_a_recovery_code_lets_in_once

test_an_invitation_is_accepted_once = joining.test_an_invitation_is_accepted_once
test_the_set_up_link_works_once = joining.test_the_set_up_link_works_once

test_the_last_owner_stays = users.test_two_owners_who_go_at_once_do_not_both_go
