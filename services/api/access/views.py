"""What the API tells of tenants, stores, people and their logins."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from schemas.hours import StoreHours
from schemas.targets import Language
from services.api.principal import Right, Role
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example

NEXT = "ask again with `cursor` of this; null at the end"
_STORE = "7c9e6679-7425-50de-944b-e07fc1f90ae7"


class TenantView(View):
    """A chain of stores."""

    tenant_id: UUID
    name: str
    created_at: datetime
    setup_url: str | None = Field(
        description="where its first owner signs up; null once somebody did, and without a"
        " NIGHTCLERK_SECRET_KEY"
    )

    model_config = example(
        {
            "tenant_id": EXAMPLE_ID,
            "name": "Corner shops",
            "created_at": EXAMPLE_WHEN,
            "setup_url": "https://nightclerk.example/setup/gAAAA…",
        }
    )


class TenantPage(View):
    items: list[TenantView]
    next: str | None = Field(description=NEXT)


class StoreView(View):
    """A store, and when it is open and staffed."""

    store_id: UUID
    tenant_id: UUID
    name: str
    hours: StoreHours
    is_default: bool = Field(description="what names no store belongs to it; it stays")
    created_at: datetime
    changed_at: datetime

    model_config = example(
        {
            "store_id": _STORE,
            "tenant_id": EXAMPLE_ID,
            "name": "Station Road",
            "hours": {"time_zone": "Asia/Seoul"},
            "is_default": False,
            "created_at": EXAMPLE_WHEN,
            "changed_at": EXAMPLE_WHEN,
        }
    )


class StorePage(View):
    items: list[StoreView]
    next: str | None = Field(description=NEXT)


class StoreName(View):
    store_id: UUID
    name: str


class MeView(View):
    """Who asks, and what they may do and see."""

    kind: str = Field(description="user, key or machine")
    user_id: UUID | None
    name: str
    email: str | None
    role: Role | None
    language: Language
    rights: list[Right]
    tenant_id: UUID | None = Field(description="null: the machine, which sees all tenants")
    tenant: str | None
    sees_all_stores: bool
    stores: list[StoreName] = Field(description="those they see, of the machine the default's")

    model_config = example(
        {
            "kind": "user",
            "user_id": EXAMPLE_ID,
            "name": "Kim Minji",
            "email": "minji@shop.example",
            "role": "manager",
            "language": "ko",
            "rights": ["configure", "review", "upload", "view"],
            "tenant_id": EXAMPLE_ID,
            "tenant": "Corner shops",
            "sees_all_stores": False,
            "stores": [{"store_id": _STORE, "name": "Station Road"}],
        }
    )


class UserView(View):
    """A person of a tenant."""

    user_id: UUID
    tenant_id: UUID
    email: str
    name: str
    role: Role
    store_ids: list[UUID] | None = Field(description="null: all stores of the tenant")
    language: Language
    is_active: bool = Field(description="false: may not log in")
    has_password: bool
    created_at: datetime
    changed_at: datetime
    logged_in_at: datetime | None

    model_config = example(
        {
            "user_id": EXAMPLE_ID,
            "tenant_id": EXAMPLE_ID,
            "email": "minji@shop.example",
            "name": "Kim Minji",
            "role": "manager",
            "store_ids": [_STORE],
            "language": "ko",
            "is_active": True,
            "has_password": True,
            "created_at": EXAMPLE_WHEN,
            "changed_at": EXAMPLE_WHEN,
            "logged_in_at": EXAMPLE_WHEN,
        }
    )


class UserPage(View):
    items: list[UserView]
    next: str | None = Field(description=NEXT)


class InvitationView(View):
    """An invitation that nobody accepted yet."""

    invitation_id: UUID
    tenant_id: UUID
    email: str
    role: Role
    store_ids: list[UUID] | None = Field(description="null: all stores of the tenant")
    language: Language
    invited_by: str
    created_at: datetime
    expires_at: datetime
    url: str | None = Field(
        default=None,
        description="in the answer to whoever invites, where no mail server is set: to be sent by"
        " other means",
    )


class InvitedView(View):
    """What a link invites to."""

    email: str
    tenant: str
    role: Role
    invited_by: str
    language: Language


class ResetView(View):
    """A link to another password, on its way."""

    url: str | None = Field(description="where no mail server is set: to be sent by other means")


class InvitationPage(View):
    items: list[InvitationView]
    next: str | None = Field(description=NEXT)


class LoginView(View):
    """A login that is open."""

    session_id: UUID
    is_current: bool = Field(description="the one with which this was asked")
    opened_at: datetime
    seen_at: datetime = Field(description="to a minute or so")
    expires_at: datetime
    address: str
    user_agent: str


class LoginList(View):
    items: list[LoginView]


class SessionView(View):
    """Whether a login is asked for, and whether this browser has one."""

    required: bool
    open: bool
