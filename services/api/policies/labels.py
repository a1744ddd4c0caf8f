"""What alerts may be called: by the rules in force anywhere of a tenant, and by conditions."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Select, and_, or_, select

from schemas.alerts import AlertKind
from schemas.policies import PersistenceRule
from services.api.policies.entry import Policy
from services.api.policies.tables import policies
from services.api.policies.views import LabelView
from services.api.principal import Principal, of_stores, of_tenant, visible
from services.api.tables import sources
from services.rules.conditions import KINDS


def labels(
    connection: Connection, principal: Principal, shipped: Iterable[PersistenceRule]
) -> list[LabelView]:
    """Each once, incidents first, by name. `shipped` are the rules that come with heads."""
    contents = connection.scalars(_theirs(principal))
    entered = [Policy.model_validate(content) for content in contents]
    found: dict[str, AlertKind] = {
        kind.label: "health" for kind in KINDS.values() if kind.severity is not None
    }
    found |= {label: _kind(name) for name, label in _of_rules(entered, shipped) if label}
    views = [LabelView(label=label, kind=kind) for label, kind in found.items()]
    return sorted(views, key=lambda view: (view.kind != "incident", view.label))


def _of_rules(
    entered: Iterable[Policy], shipped: Iterable[PersistenceRule]
) -> Iterator[tuple[str, str]]:
    yield from ((rule.name, rule.label) for rule in shipped)
    for policy in entered:
        yield from ((rule.name, rule.label) for rule in policy.rules)
        yield from ((watch.name, watch.label) for watch in policy.presence)


def _kind(name: str) -> AlertKind:
    """A rule that bears the name of a condition says how that is called."""
    return "health" if name in KINDS else "incident"


def _theirs(principal: Principal) -> Select[tuple[dict[str, object]]]:
    """Contents of the policies that may concern what they see."""
    seen = select(sources.c.source_id).where(visible(principal))
    of_store = and_(policies.c.scope == "store", of_stores(principal, policies.c.scope_id))
    of_source = and_(policies.c.scope == "source", policies.c.scope_id.in_(seen))
    concerned = or_(policies.c.scope == "tenant", of_store, of_source)
    return select(policies.c.content).where(of_tenant(principal, policies.c.tenant_id), concerned)
