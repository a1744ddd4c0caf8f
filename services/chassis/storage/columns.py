"""Column types that mean the same on SQLite and on MySQL/MariaDB."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CHAR, DateTime, Dialect, LargeBinary, String
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

INNODB: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}


def identifier() -> TypeEngine[str]:
    """A UUID as text; compared byte by byte."""
    exact = mysql.CHAR(36, charset="ascii", collation="ascii_bin")
    return CHAR(36).with_variant(exact, "mysql", "mariadb")


def exact_name(length: int) -> TypeEngine[str]:
    """A short ASCII name, compared byte by byte: of a run, or a state."""
    exact = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return String(length).with_variant(exact, "mysql", "mariadb")


def exact_text(length: int) -> TypeEngine[str]:
    """Text of any script, compared byte by byte: `e` is not `é`, as it is by MySQL's default."""
    exact = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return String(length).with_variant(exact, "mysql", "mariadb")


def object_key() -> TypeEngine[str]:
    """The key of an object, compared byte by byte."""
    return exact_text(512)


def blob() -> TypeEngine[bytes]:
    """Up to 16 MB of bytes; MySQL's own BLOB ends at 64 KB."""
    return LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def few_bytes(length: int) -> TypeEngine[bytes]:
    """At most so many bytes, kept within the row."""
    exact = mysql.VARBINARY(length)
    return LargeBinary(length).with_variant(exact, "mysql", "mariadb")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware UTC out, microseconds kept. Stored without a zone."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,
    ) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,
    ) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None
