"""Cursors: where a list goes on, as a token. Pages stay right while rows come before them."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, or_


class BadCursor(ValueError):
    """The token is none of ours."""


@dataclass(frozen=True)
class Cursor:
    """The place of a row in a list ordered by time and id: the last of the page before."""

    moment: datetime
    name: str

    @classmethod
    def read(cls, token: str) -> "Cursor":
        """Raises BadCursor."""
        try:
            moment, name = json.loads(base64.urlsafe_b64decode(token.encode("ascii") + b"=="))
            return cls(datetime.fromisoformat(moment).astimezone(UTC), str(name))
        except (ValueError, TypeError, OverflowError, binascii.Error, AttributeError) as error:
            raise BadCursor("That cursor is none that this API gave.") from error

    def token(self) -> str:
        content = json.dumps([self.moment.isoformat(), self.name], separators=(",", ":"))
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    def older(
        self, moment: ColumnElement[datetime], name: ColumnElement[str]
    ) -> ColumnElement[bool]:
        """The condition of rows that come after this one, newest first."""
        return or_(moment < self.moment, and_(moment == self.moment, name < self.name))
