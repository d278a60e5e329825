"""Where sealed values stand. Rotation finds them through this list, so nothing is sealed for a column outside it."""

from __future__ import annotations

from dataclasses import dataclass

from portal.vault.master import VaultError


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values (`bytea`; null or empty where there is none).

    `organisation_sql` is an SQL expression over the row `t` that gives the organisation it belongs to. All four are
    written into statements as they are: they come from code, never from anybody's input.
    """

    table: str
    id_column: str
    column: str
    organisation_sql: str

    @property
    def field(self) -> str:
        """The name that `seal` and `open_sealed` take."""
        return f"{self.table}.{self.column}"


_columns: dict[str, SealedColumn] = {}


def register(column: SealedColumn) -> None:
    """Have a column's values sealed and rotated. The table need not exist yet. Safe to repeat."""
    if _columns.setdefault(column.field, column) != column:
        raise VaultError(f"{column.field} is registered as a sealed column already, and otherwise.")


def sealed_columns() -> list[SealedColumn]:
    return list(_columns.values())


def is_registered(field: str) -> bool:
    return field in _columns


register(
    SealedColumn(
        "partners_authenticator",
        "id",
        "secret",
        "(SELECT p.organisation_id FROM partners_person p WHERE p.id = t.person_id)",
    )
)
register(SealedColumn("partners_identityprovider", "organisation_id", "client_secret", "t.organisation_id"))
register(SealedColumn("partners_privatenumber", "contact_point_id", "sealed", "t.organisation_id"))
register(SealedColumn("partners_sealedaddress", "contact_point_id", "sealed", "t.organisation_id"))
register(SealedColumn("notifications_webhooksecret", "id", "sealed", "t.organisation_id"))
register(SealedColumn("incidents_signingsecret", "key_id", "sealed", "t.organisation_id"))
