"""Row security as reversible migration operations. `protect()` is the only way a table becomes reachable.

Facts behind the shape: owners walk past policies without FORCE, and with FORCE see nothing without a policy of their
own; PUBLIC gets nothing; a policy that is granted to no role is a table that nobody reaches.
Source: PostgreSQL manual, "Row Security Policies" and "CREATE POLICY".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.migrations.operations.special import RunSQL

ME = "(SELECT sec.me())"
MINE = "(SELECT sec.mine())"  # also for whoever is limited to own tasks
Command = Literal["select", "insert", "update", "delete"]


@dataclass(frozen=True)
class Allow:
    """One role's right to one command: the rows it may touch, and the columns (all when empty).

    `using` is the condition on rows read or changed, `check` the one on rows written; for an update `check` is
    `using` unless it is said.
    """

    role: str
    command: Command
    using: str = ""
    check: str = ""
    columns: Sequence[str] = ()

    def statements(self, table: str) -> list[str]:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        using = f" USING ({self.using})" if self.using and self.command != "insert" else ""
        check = self.check or (self.using if self.command == "insert" else "")
        with_check = f" WITH CHECK ({check})" if check else ""
        return [
            f"GRANT {self.command.upper()}{columns} ON {table} TO {self.role}",
            f"CREATE POLICY {self.name} ON {table} FOR {self.command.upper()} TO {self.role}{using}{with_check}",
        ]

    @property
    def name(self) -> str:
        return f"{self.role}_{self.command}"


def protect(table: str, *allowed: Allow) -> RunSQL:
    """ENABLE and FORCE row security on a table, let its owner through, and open exactly what `allowed` names."""
    forward = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY owner_all ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
    ]
    backward = [f"DROP POLICY owner_all ON {table}"]
    for allow in allowed:
        forward += allow.statements(table)
        backward += [f"DROP POLICY {allow.name} ON {table}", f"REVOKE ALL ON {table} FROM {allow.role}"]
    backward += [
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]
    return RunSQL(";\n".join(forward), ";\n".join(backward))


def everything(role: str, condition: str = "true") -> tuple[Allow, ...]:
    """All four commands for one role on the rows that meet the condition."""
    return (
        Allow(role, "select", condition),
        Allow(role, "insert", condition),
        Allow(role, "update", condition, condition),
        Allow(role, "delete", condition),
    )


def keep_history(table: str, kind: str, told: str, hidden: Sequence[str] = ()) -> RunSQL:
    """Write every row added, changed or removed into the register's history (`partners_change`) and into the ledger.

    `told` names a function `sec.<told>(row jsonb) RETURNS uuid[]`: whose history it is. Of `hidden` columns the history
    says that they changed, and not what they held. The table's key must be called `id`.
    """
    arguments = ", ".join(f"'{each}'" for each in (kind, told, *hidden))
    new, old = "NEW TABLE AS new_rows", "OLD TABLE AS old_rows"
    tables = {"insert": new, "update": f"{old} {new}", "delete": old}
    return RunSQL(
        ";\n".join(
            f"CREATE TRIGGER kept_{command} AFTER {command.upper()} ON {table} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION sec.history_kept({arguments})"
            for command, rows in tables.items()
        ),
        ";\n".join(f"DROP TRIGGER kept_{command} ON {table}" for command in tables),
    )
