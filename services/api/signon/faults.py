"""How a sign-on can end other than well: each with a sentence for whoever sits before it."""

from typing import Literal

Ending = Literal[
    "off", "expired", "used", "changed", "denied", "refused", "unreachable", "busy", "untrusted",
    "unverified", "domain", "uninvited", "another", "inactive", "throttled", "code",
]  # fmt: skip

STATUS: dict[Ending, int] = {
    "off": 404,
    "expired": 400,
    "used": 400,
    "changed": 409,
    "denied": 403,
    "refused": 502,
    "unreachable": 503,
    "busy": 503,
    "untrusted": 403,
    "unverified": 403,
    "domain": 403,
    "uninvited": 403,
    "another": 403,
    "inactive": 403,
    "throttled": 429,
    "code": 401,
}


class SignOnFault(Exception):
    """`detail` is for logs and for owners who set it up: one sentence, without secrets."""

    def __init__(self, ending: Ending, detail: str = "") -> None:
        super().__init__(detail or ending)
        self.ending = ending
