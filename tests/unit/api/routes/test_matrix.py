"""Role by route by tenant: every route, WebSocket and event stream, asked by everybody."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from services.api.auth import authenticated
from tests.unit.api.matrix import MATRIX, OPEN
from tests.unit.api.routes.world import ASKING, World, expected


def routes(web: FastAPI) -> Iterator[tuple[str, str, RouteContext]]:
    """Method, path and route of all there are; of pages' files, which are open, one each."""
    for route in iter_route_contexts(web.routes):
        path = route.path or ""
        methods = getattr(route, "methods", None) or {"WEBSOCKET"}
        for method in sorted(methods):
            is_twin = method == "HEAD" and "GET" in methods
            if not is_twin:
                yield method, path, route


def declared(route: RouteContext) -> str:
    """What a route takes, by its dependencies: a right, `login`, or `open`."""
    found = {_name(each) for each in _dependencies(getattr(route, "dependant", None))}
    rights = {name.removeprefix("requires_") for name in found if name.startswith("requires_")}
    if rights:
        return "+".join(sorted(rights))
    return "login" if authenticated.__name__ in found else "open"


def _dependencies(dependant: Any) -> Iterator[Any]:
    for each in dependant.dependencies if dependant else ():
        yield each.call
        yield from _dependencies(each)


def _name(call: Any) -> str:
    return getattr(call, "__name__", "")


def test_every_route_has_an_entry_and_takes_that_right(world: World) -> None:
    web = world.api.client.app
    assert isinstance(web, FastAPI)
    found = {(method, path): declared(route) for method, path, route in routes(web)}
    assert {place: entry.need for place, entry in MATRIX.items()} == found


@pytest.mark.parametrize(("method", "path"), [place for place in MATRIX if MATRIX[place] != OPEN])
def test_who_may_use_it(world: World, method: str, path: str) -> None:
    """Refusals first: they change nothing. Then all who may, the owner first."""
    entry = MATRIX[method, path]
    allowed = []
    for name, who in ASKING.items():
        status = expected(entry, path, name, who)
        if status is None:
            allowed.append((name, who))
        else:
            assert (name, world.ask(method, path, entry, who)) == (name, status)
    for number, (name, who) in enumerate(() if entry.is_stream else allowed):
        status = world.ask(method, path, entry, who)
        assert status not in (401, 403), name
        assert status != 422 or entry.is_refused, name
        assert status < 500 or status == 503, name
        assert status != 404 or number > 0 or entry.may_be_absent, name
