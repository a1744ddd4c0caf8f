"""Whoever has a stream open is asked for again: all together, in a handful of queries."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from services.api.access import keys, sessions, users
from services.api.access.identity import Credentials, principals_of
from services.api.access.keys import NewKey
from services.api.access.sessions import Guest
from services.api.access.users import NewUser
from services.api.admission import Admission, ShutOut, Stay, Terms, Unsettled
from services.api.principal import Actor, Principal
from services.chassis.clock import ManualClock
from tests.unit.api.builders import configured
from tests.unit.api.conftest import Api
from tests.unit.api.people import person, store, tenant

VIEW = Terms("view")
MACHINE = Principal()


def cookie(api: Api, user: NewUser) -> Credentials:
    """Of somebody who is logged in."""
    with api.engine.begin() as connection:
        secret = sessions.open_session(
            connection, api.tools.settings.logins, user.user_id, Guest(), api.clock.now()
        )
    return Credentials(cookie=secret)


def bearer(api: Api, user: NewUser) -> Credentials:
    """Of a key that somebody made."""
    maker = Principal(user.tenant_id, actor=Actor("user", user.user_id, user.email))
    wanted = NewKey("Till", frozenset({"view"}))
    with api.engine.begin() as connection:
        return Credentials(bearer=keys.add(connection, maker, wanted, api.clock.now()))


@contextmanager
def queries(engine: Engine) -> Iterator[list[str]]:
    """Those that are made meanwhile."""
    made: list[str] = []

    def note(*given: Any) -> None:
        made.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    yield made
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def admission(api: Api) -> Admission:
    """It asks when a test says so."""
    return Admission(api.engine, api.tools.settings, api.clock, every_s=3600.0)


async def ended(stay: Stay) -> Exception | None:
    """Why, if it did."""
    try:
        await asyncio.wait_for(stay.until_over(), 0.01)
    except TimeoutError:
        return None
    except Exception as reason:  # noqa: BLE001 - which it was is what is asked
        return reason


def test_hundreds_of_streams_cost_no_more_queries_than_a_few(
    api: Api, admission: Admission
) -> None:
    """Of many people and keys of several tenants, each with cameras of their own."""
    others = [tenant(api), tenant(api)]
    places = [store(api, each) for each in others]
    cameras = [uuid4() for _ in range(12)]
    for number, camera in enumerate(cameras):
        at = number % 2
        api.project(configured(source_id=camera, tenant_id=others[at], store_id=places[at]))

    def shown(number: int) -> tuple[Credentials, Terms]:
        at = number % 2
        bound = None if number % 3 else frozenset({places[at]})
        role = "owner" if bound is None else "manager"
        somebody = person(api, role, others[at], bound)
        show = bearer if number % 5 == 0 else cookie
        theirs = frozenset(str(camera) for camera in cameras[at::2])
        return show(api, somebody), Terms("view", theirs)

    streams = [shown(number) for number in range(150)]

    async def counted(some: list[tuple[Credentials, Terms]]) -> int:
        with ExitStack() as stack:
            stays = [stack.enter_context(admission.stay(a, MACHINE, b)) for a, b in some]
            await asyncio.to_thread(admission.settle)
            with queries(api.engine) as made:
                await asyncio.to_thread(admission.settle)
            assert [await ended(stay) for stay in stays[:5]] == [None] * len(stays[:5])
            return len(made)

    few, many = asyncio.run(counted(streams[:12])), asyncio.run(counted(streams))
    assert many <= few <= 10


def time_out(api: Api, _user: NewUser) -> None:
    assert isinstance(api.clock, ManualClock)
    api.clock.step(api.tools.settings.logins.idle / timedelta(seconds=1) + 1)


def lock_out(api: Api, user: NewUser) -> None:
    with api.engine.begin() as connection:
        users.change(connection, user.user_id, {"is_active": False}, api.clock.now())


@pytest.mark.parametrize(
    ("show", "change", "is_over"),
    [
        (cookie, lock_out, True),
        (bearer, lock_out, True),
        (cookie, time_out, True),
        (bearer, time_out, False),
    ],
)
def test_a_stream_ends_with_what_opened_it(
    api: Api,
    admission: Admission,
    show: Callable[[Api, NewUser], Credentials],
    change: Callable[[Api, NewUser], None],
    is_over: bool,
) -> None:
    somebody = person(api)
    shown = show(api, somebody)

    async def stream() -> Exception | None:
        with admission.stay(shown, MACHINE, VIEW) as stay:
            await asyncio.to_thread(admission.settle)
            assert await ended(stay) is None
            change(api, somebody)
            await asyncio.to_thread(admission.settle)
            return await ended(stay)

    assert isinstance(asyncio.run(stream()), ShutOut) is is_over


def test_while_the_database_is_away_they_keep_what_they_had_and_a_bug_ends_all(api: Api) -> None:
    away = OperationalError("SELECT 1", {}, Exception("gone away"))
    faults: list[Exception] = [away, away, away, KeyError("a bug")]

    class Faulty(Admission):
        def settle(self) -> None:
            if faults:
                raise faults.pop(0)

    admission = Faulty(api.engine, api.tools.settings, api.clock, every_s=0.01)

    async def stream() -> None:
        with admission.stay(Credentials(), MACHINE, VIEW) as stay, pytest.raises(Unsettled):
            await asyncio.wait_for(stay.until_over(), 30)

    asyncio.run(stream())
    admission.stop()
    assert not faults


def test_one_login_does_not_speak_for_another(api: Api) -> None:
    """Asked for together, each is who they are."""
    somebody, other = person(api), person(api, "viewer", tenant(api), frozenset())
    shown = {
        cookie(api, somebody): somebody,
        bearer(api, somebody): somebody,
        cookie(api, other): other,
        Credentials(cookie="of nobody"): None,
        Credentials(bearer="nk_of_nobody", cookie=cookie(api, other).cookie): None,
    }
    found = principals_of(api.engine, api.tools.settings, list(shown), api.clock.now())
    for credentials, wanted in shown.items():
        principal = found.get(credentials)
        assert (principal and principal.tenant_id) == (wanted and wanted.tenant_id)
        if principal is not None and principal.actor.kind == "user" and wanted is not None:
            assert principal.actor.actor_id == wanted.user_id
    assert {each.store_ids for each in found.values()} == {None, frozenset()}
