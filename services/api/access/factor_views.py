"""What the API tells of second factors, and what requests say of them."""

from typing import Annotated

from pydantic import ConfigDict, Field

from services.api.access.entries import Entry
from services.api.view import View, example

CODES = ["abcd-efgh-jkmn-pqrs"]
SECRET = "JBSWY3DPEHPK3PXP"
Code = Annotated[str, Field(min_length=1, max_length=64)]


class CodeEntry(Entry):
    """A code of the authenticator app, or a recovery code where there is one."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"code": "123456"}]}
    )

    code: Code


class SecondFactorView(View):
    """Whether a login takes a code."""

    is_confirmed: bool
    is_required: bool = Field(description="nothing else may be done before there is one")
    recovery_codes_left: int

    model_config = example({"is_confirmed": True, "is_required": False, "recovery_codes_left": 10})


class SecondFactorBegun(View):
    """A secret for an authenticator app. It is told this once, and counts once it is confirmed."""

    secret: str
    uri: str = Field(description="otpauth://…, as apps read it")
    qr_svg: str = Field(description="the same as a picture")

    model_config = example(
        {
            "secret": SECRET,
            "uri": f"otpauth://totp/Nightclerk:owner%40example.org?secret={SECRET}",
            "qr_svg": "<svg/>",
        }
    )


class RecoveryCodes(View):
    """Each lets you in once, without the app. They are told this once."""

    codes: list[str]

    model_config = example({"codes": CODES})


class AccessRulesView(View):
    """What a tenant asks of its people."""

    owners_need_second_factor: bool
    only_owners_use_passwords: bool = Field(description="all others sign on by the provider")

    model_config = example({"owners_need_second_factor": True, "only_owners_use_passwords": False})


class AccessRulesChange(Entry):
    """What is not named stays."""

    owners_need_second_factor: bool | None = None
    only_owners_use_passwords: bool | None = None
