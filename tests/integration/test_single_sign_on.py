"""Single sign-on on a real MariaDB: cases of the unit suite."""

import pytest

from tests.integration.tables import make_api, migrated
from tests.unit.api.signon import conftest as signon
from tests.unit.api.signon import test_faults as faults
from tests.unit.api.signon import test_setting_up as setting_up
from tests.unit.api.signon import test_signing_on as signing_on
from tests.unit.api.signon.provider import DEPRECATIONS

__all__ = ["make_api", "migrated"]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings(DEPRECATIONS),
    pytest.mark.usefixtures("owner"),
]


running, provider, api, owner = signon.running, signon.provider, signon.api, signon.owner
client = faults.client

test_whoever_has_an_account_gets_in = signing_on.test_whoever_has_an_account_gets_in
test_an_invitation_makes_the_account = signing_on.test_an_invitation_makes_the_account
test_the_subject_counts = signing_on.test_once_linked_the_subject_counts_and_not_the_address
test_a_sign_on_comes_back_once = faults.test_a_sign_on_comes_back_once
test_ways_tell_nobody = setting_up.test_the_ways_in_tell_nobody_who_has_an_account
test_it_is_taken_away = setting_up.test_without_it_everybody_uses_passwords_again
