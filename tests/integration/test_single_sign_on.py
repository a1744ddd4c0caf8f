"""Single sign-on on a real MariaDB: cases of the unit suite."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.api.access.tenants import ensure_default
from services.api.tables import metadata
from services.chassis.storage import database
from services.chassis.storage.migrations import upgrade
from tests.servers import MariaServer
from tests.unit.api.conftest import NOW, Api, apis
from tests.unit.api.signon import conftest as signon
from tests.unit.api.signon import test_faults as faults
from tests.unit.api.signon import test_setting_up as setting_up
from tests.unit.api.signon import test_signing_on as signing_on
from tests.unit.api.signon.provider import DEPRECATIONS

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings(DEPRECATIONS),
    pytest.mark.usefixtures("owner"),
]


@pytest.fixture(scope="module")
def tables_url(mariadb: MariaServer) -> str:
    """Tables are made once; a test empties what it finds."""
    url = mariadb.fresh_database("single_sign_on")
    upgrade(url)
    return url


@pytest.fixture
def engine(tables_url: str) -> Iterator[Engine]:
    engine = database.connect(tables_url)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    ensure_default(engine, NOW)
    yield engine
    engine.dispose()


@pytest.fixture
def make_api(engine: Engine, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    with apis(b"", tmp_path, str(engine.url)) as make:
        yield make


running, provider, api, owner = signon.running, signon.provider, signon.api, signon.owner
client = faults.client

test_whoever_has_an_account_gets_in = signing_on.test_whoever_has_an_account_gets_in
test_an_invitation_makes_the_account = signing_on.test_an_invitation_makes_the_account
test_the_subject_counts = signing_on.test_once_linked_the_subject_counts_and_not_the_address
test_a_sign_on_comes_back_once = faults.test_a_sign_on_comes_back_once
test_ways_tell_nobody = setting_up.test_the_ways_in_tell_nobody_who_has_an_account
test_it_is_taken_away = setting_up.test_without_it_everybody_uses_passwords_again
