"""Statements of pages that are asked again and again: composed once, and planned once a connection.

Django composes the SQL of a queryset anew for each request and writes the values into its text, so that PostgreSQL
parses and plans it anew, too. For a page of twenty small questions that is more than half of its time. Here the values
go beside the statement, and the server keeps its plan; row security is part of that plan and is asked at each run.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model

Kind = TypeVar("Kind", bound=Model)


@contextmanager
def prepared_cursor(using: str = "default") -> Iterator[CursorWrapper]:
    """A cursor of Django's connection, with its guards and counters, for a statement that is written out."""
    with cast(Any, connections[using]).prepared_cursor() as cursor:
        yield cursor


class Columns(Generic[Kind]):
    """The columns of one model in a statement, and objects made of them. `names`: attributes (`organisation_id`)."""

    def __init__(self, model: type[Kind], names: Sequence[str] = ()) -> None:
        self.model, self._wanted = model, names

    @cached_property
    def _fields(self) -> list[Field[Any, Any]]:
        fields = {field.attname: field for field in self.model._meta.concrete_fields}
        return [fields[name] for name in self._wanted] if self._wanted else list(fields.values())

    @cached_property
    def names(self) -> list[str]:
        return [field.attname for field in self._fields]

    def sql(self, table: str) -> str:
        return ", ".join(f'{table}."{field.column}"' for field in self._fields)

    @cached_property
    def _converters(self) -> list[tuple[int, Any, Any]]:
        """Of columns that do not come as they are used (JSON), as Django's compiler finds them."""
        return [
            (place, field.from_db_value, field.cached_col)
            for place, field in enumerate(self._fields)
            if hasattr(field, "from_db_value")
        ]

    def read(self, row: Sequence[Any], using: str) -> Sequence[Any]:
        """The values as Python has them."""
        if not self._converters:
            return row
        read = list(row)
        for place, convert, column in self._converters:
            read[place] = convert(read[place], column, connections[using])
        return read

    def made(self, row: Sequence[Any], using: str) -> Kind:
        return self.model.from_db(using, self.names, self.read(row, using))


class Prepared(Generic[Kind]):
    """The rows of one table that fit one condition, as a queryset gives them. Each call is one query.

    `where` and `order` are SQL of that table alone, with a `%s` for each parameter: ours, and never a visitor's.
    `columns`: those alone, by attribute; none: all. `limit` 0: every row.
    """

    def __init__(
        self,
        model: type[Kind],
        where: str,
        *,
        order: str = "",
        limit: int = 0,
        columns: Sequence[str] = (),
        using: str = "default",
    ) -> None:
        self.columns, self.using = Columns(model, columns), using
        self._after = where + (f" ORDER BY {order}" if order else "") + (f" LIMIT {limit}" if limit else "")

    def all(self, *params: Any) -> list[Kind]:
        return [self.columns.made(row, self.using) for row in self._rows(params)]

    def first(self, *params: Any) -> Kind | None:
        return next(iter(self.all(*params)), None)

    def values(self, *params: Any) -> list[dict[str, Any]]:
        names = self.columns.names
        return [dict(zip(names, self.columns.read(row, self.using), strict=True)) for row in self._rows(params)]

    def records(self, *params: Any) -> list[Any]:
        """As `all`, but what may be read of an object alone: a quarter of what it costs to make one."""
        make, read = self._record._make, self.columns.read
        return [make(read(row, self.using)) for row in self._rows(params)]

    @cached_property
    def _record(self) -> Any:
        return namedtuple(self.columns.model.__name__, self.columns.names)

    @cached_property
    def _statement(self) -> str:
        table = f'"{self.columns.model._meta.db_table}"'
        return f"SELECT {self.columns.sql(table)} FROM {table} WHERE {self._after}"  # noqa: S608 - ours

    def _rows(self, params: Sequence[Any]) -> list[Sequence[Any]]:
        with prepared_cursor(self.using) as cursor:
            cursor.execute(self._statement, params)
            return cast("list[Sequence[Any]]", cursor.fetchall())
