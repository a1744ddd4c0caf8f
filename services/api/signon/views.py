"""What the API tells of single sign-on."""

from datetime import datetime

from pydantic import Field

from services.api.signon.entry import Newcomers
from services.api.view import EXAMPLE_ID, EXAMPLE_WHEN, View, example


class SingleSignOnView(View):
    """The provider by which people of a tenant sign on, if there is one."""

    is_on: bool
    issuer: str | None
    client_id: str | None
    has_client_secret: bool
    mail_domains: list[str]
    newcomers: Newcomers | None = Field(
        description="what becomes of somebody whom nobody invited; null: they may not sign on"
    )
    redirect_uri: str = Field(description="to be entered at the provider")
    start_url: str = Field(description="where a sign-on begins")
    changed_at: datetime | None

    model_config = example(
        {
            "is_on": True,
            "issuer": "https://login.shop.example/realms/staff",
            "client_id": "nightclerk",
            "has_client_secret": True,
            "mail_domains": ["shop.example"],
            "newcomers": None,
            "redirect_uri": "https://nightclerk.example/sign-on/callback",
            "start_url": f"https://nightclerk.example/sign-on/{EXAMPLE_ID}",
            "changed_at": EXAMPLE_WHEN,
        }
    )


class SignOnWay(View):
    """A provider to sign on with."""

    name: str = Field(description="of the tenant")
    url: str = Field(description="a path of this server, to be navigated to")


class LoginWays(View):
    """How one may log in. Nothing of it depends on whether there is an account."""

    password: bool = Field(description="false: there only owners log in by password")
    single_sign_on: list[SignOnWay]

    model_config = example(
        {
            "password": True,
            "single_sign_on": [{"name": "Corner shops", "url": f"/sign-on/{EXAMPLE_ID}"}],
        }
    )
