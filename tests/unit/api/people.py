"""People of several tenants, logged in, for tests of what each may see and do."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient

from schemas.hours import StoreHours
from schemas.ids import DEFAULT_TENANT
from services.api.access import invitations, sessions, stores, tenants, users
from services.api.access.links import INVITATION_LASTS
from services.api.access.sessions import Guest
from services.api.access.users import NewUser
from services.api.access.views import InvitationView, StoreView
from services.api.config import COOKIE
from services.api.principal import Role
from tests.unit.api.conftest import BASE, HERE, Api


def tenant(api: Api, name: str = "Other") -> UUID:
    """Another tenant with its default store."""
    tenant_id = uuid4()
    with api.engine.begin() as connection:
        tenants.add(connection, tenant_id, (name, "Main store"), api.clock.now())
    return tenant_id


def a_store(store_id: UUID, tenant_id: UUID, now: datetime, name: str = "Shop") -> StoreView:
    return StoreView(
        store_id=store_id,
        tenant_id=tenant_id,
        name=name,
        hours=StoreHours(),
        is_default=False,
        created_at=now,
        changed_at=now,
    )


def store(api: Api, tenant_id: UUID = DEFAULT_TENANT, name: str = "Station Road") -> UUID:
    made = a_store(uuid4(), tenant_id, api.clock.now(), name)
    with api.engine.begin() as connection:
        stores.add(connection, made)
    return made.store_id


def person(
    api: Api,
    role: Role = "owner",
    tenant_id: UUID = DEFAULT_TENANT,
    store_ids: frozenset[UUID] | None = None,
    password_hash: str | None = None,
) -> NewUser:
    """Somebody who may log in."""
    user_id = uuid4()
    email = f"{user_id.hex[:12]}@shop.example"
    made = NewUser(user_id, tenant_id, email, f"A {role}", role, store_ids, password_hash)
    with api.engine.begin() as connection:
        users.add(connection, made, api.clock.now())
    return made


def invitation(api: Api, tenant_id: UUID = DEFAULT_TENANT, **fields: Any) -> UUID:
    """An open one."""
    now = api.clock.now()
    content = {
        "invitation_id": uuid4(),
        "tenant_id": tenant_id,
        "email": f"{uuid4().hex[:12]}@shop.example",
        "role": "viewer",
        "store_ids": None,
        "language": "en",
        "invited_by": "somebody",
        "created_at": now,
        "expires_at": now + INVITATION_LASTS,
    }
    view = InvitationView.model_validate(content | fields)
    with api.engine.begin() as connection:
        invitations.add(connection, view)
    return view.invitation_id


def browser(api: Api, user: NewUser | None = None) -> TestClient:
    """A browser in which that person is logged in; without one it is a stranger's."""
    client = TestClient(
        api.client.app,
        BASE,
        raise_server_exceptions=False,
        headers={"Origin": BASE},
        client=HERE,
    )
    if user is not None:
        rules, now = api.tools.settings.logins, api.clock.now()
        with api.engine.begin() as connection:
            secret = sessions.open_session(connection, rules, user.user_id, Guest(), now)
        carry(client, secret)
    return client


def carry(client: TestClient, secret: str) -> None:
    """Put the cookie of a login into a browser, in the place of the one it has."""
    client.cookies.set(COOKIE, secret, domain="127.0.0.1", path="/")
