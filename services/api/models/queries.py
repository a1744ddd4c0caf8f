"""Detectors as a principal's tenant has them: one, a page of them, and where they look on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, select

from schemas.judgements import LIVE
from schemas.models import DetectorPackage
from services.api.access.paging import Order, page
from services.api.access.tables import stores
from services.api.cursors import Cursor
from services.api.models.builtin import BuiltIn
from services.api.models.tables import deployment_scopes, deployments, models
from services.api.models.views import (
    DeployedPlace,
    DetectorView,
    ModelHeadView,
    ModelPage,
    ModelState,
)
from services.api.principal import Principal
from services.rules.cards import HeadCard

Row = Mapping[Any, Any]
Places = Mapping[str, Sequence[tuple[DeployedPlace, bool]]]
"""Of each detector, and whether who asks may see that place."""


def model_row(connection: Connection, tenant_id: UUID, detector: str) -> Row | None:
    query = _of_tenant(tenant_id).where(models.c.detector == detector)
    return connection.execute(query).mappings().first()


def package_of(connection: Connection, tenant_id: UUID, detector: str) -> DetectorPackage | None:
    """What the tenant registered under that id; None for what is unknown or retired."""
    row = model_row(connection, tenant_id, detector)
    return package(row) if row is not None and row["retired_at"] is None else None


def package(row: Row) -> DetectorPackage:
    """As messages name what a row describes."""
    cards = cards_of(row)
    first = cards[0]
    return DetectorPackage(
        detector=row["detector"],
        backbone=first.backbone,
        window=first.window,
        spec=first.spec,
        object_key=row["object_key"],
        sha256=row["sha256"],
        heads=tuple(card.terms() for card in cards),
    )


def cards_of(row: Row) -> tuple[HeadCard, ...]:
    return tuple(HeadCard.model_validate(card) for card in row["cards"])


def model_page(
    connection: Connection,
    principal: Principal,
    builtins: Iterable[BuiltIn],
    limit: int,
    after: Cursor | None,
) -> ModelPage:
    """The latest registered first; after the last those that are built in."""
    order = Order(models.c.registered_at, models.c.detector)
    rows, token = page(connection, _of_tenant(principal.home), order, limit, after)
    places = places_of(connection, principal)
    items = [view(row, places) for row in rows]
    if token is None:
        items += [built_in_view(found, connection, principal) for found in builtins]
    return ModelPage(items=items, next=token)


def model(
    connection: Connection, principal: Principal, builtins: Iterable[BuiltIn], detector: str
) -> DetectorView | None:
    """What was registered goes before what is built in."""
    row = model_row(connection, principal.home, detector)
    if row is not None:
        return view(row, places_of(connection, principal))
    found = next((each for each in builtins if each.detector == detector), None)
    return built_in_view(found, connection, principal) if found else None


def places_of(connection: Connection, principal: Principal) -> Places:
    """Where each detector of the principal's tenant looks on."""
    found: dict[str, list[tuple[DeployedPlace, bool]]] = {}
    for row in connection.execute(_places(principal.home)).mappings():
        store_id = row["store_id"]
        is_visible = store_id is None or principal.may_see(row["tenant_id"], store_id)
        place = DeployedPlace(
            store_id=store_id, store=row["name"], run=row["run"], since=row["since_at"]
        )
        found.setdefault(row["detector"], []).append((place, is_visible))
    return found


def is_deployed(connection: Connection, tenant_id: UUID, detector: str) -> bool:
    """Anywhere, whoever asks."""
    here = deployments.c.tenant_id == str(tenant_id), deployments.c.detector == detector
    return connection.execute(select(deployments.c.run).where(*here).limit(1)).first() is not None


def view(row: Row, places: Places) -> DetectorView:
    cards, mine = cards_of(row), tuple(places.get(row["detector"], ()))
    plain = "detector name version sha256 size_bytes note registered_at registered_by retired_at"
    return DetectorView(
        **{name: row[name] for name in plain.split()},
        **_described(cards),
        state=_state([place for place, _ in mine], is_retired=row["retired_at"] is not None),
        is_built_in=False,
        places=tuple(place for place, is_visible in mine if is_visible),
    )


def built_in_view(found: BuiltIn, connection: Connection, principal: Principal) -> DetectorView:
    """It is active where the tenant has no live detector of that backbone."""
    mine = (
        deployments.c.scope_id == str(principal.home),
        deployments.c.run == LIVE,
        deployments.c.backbone == found.backbone,
    )
    is_replaced = connection.execute(select(deployments.c.run).where(*mine)).first() is not None
    everywhere = DeployedPlace(store_id=None, store=None, run=LIVE, since=None)
    return DetectorView(
        detector=found.detector,
        name=found.name,
        version=0,
        **_described(found.cards),
        state="candidate" if is_replaced else "active",
        is_built_in=True,
        places=() if is_replaced else (everywhere,),
        sha256=None,
        size_bytes=None,
        note="",
        registered_at=None,
        registered_by="",
        retired_at=None,
    )


def _described(cards: tuple[HeadCard, ...]) -> dict[str, Any]:
    first = cards[0]
    return {
        "backbone": first.backbone,
        "window": first.window,
        "spec": first.spec,
        "heads": tuple(_head(card) for card in cards),
    }


def _head(card: HeadCard) -> ModelHeadView:
    names = "head model_id dim rule weights_sha256 data metrics"
    return ModelHeadView(**{name: getattr(card, name) for name in names.split()})


def _state(places: Sequence[DeployedPlace], is_retired: bool) -> ModelState:
    if is_retired:
        return "retired"
    if any(place.run == LIVE for place in places):
        return "active"
    return "shadow" if places else "candidate"


def _of_tenant(tenant_id: UUID) -> Select[Any]:
    return select(models).where(models.c.tenant_id == str(tenant_id))


def _places(tenant_id: UUID) -> Select[Any]:
    scopes = deployment_scopes
    joined = deployments.join(
        scopes,
        and_(scopes.c.scope_id == deployments.c.scope_id, scopes.c.is_removed.is_(False)),
    ).outerjoin(stores, stores.c.store_id == scopes.c.store_id)
    columns = deployments.c.tenant_id, deployments.c.detector, deployments.c.run
    return (
        select(*columns, deployments.c.since_at, scopes.c.store_id, stores.c.name)
        .select_from(joined)
        .where(deployments.c.tenant_id == str(tenant_id))
        .order_by(stores.c.name)
    )
