"""Lists by keyset: a page begins after the last row of the one before, however deep it is.

Cursors are signed, so what comes back is what was given out, for the same address only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.db.models.fields import Field
from rest_framework.request import Request

from portal.api.problems import BadQuery


class Row(Func):
    """`(a, b) < (x, y)` or `>`: one comparison, which an index over (a, b) answers."""

    template = "(%(expressions)s)"
    output_field = BooleanField()

    def __init__(self, left: Sequence[Any], sign: str, right: Sequence[Any]) -> None:
        super().__init__(*left, *right)
        self.sign = sign

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts, parameters = [], []
        for each in self.source_expressions:
            sql, given = compiler.compile(each)
            parts.append(sql)
            parameters += given
        half = len(parts) // 2
        return f"(({', '.join(parts[:half])}) {self.sign} ({', '.join(parts[half:])}))", parameters


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and the addresses of its neighbours."""

    rows: list[Any]
    next: str | None
    previous: str | None

    def shown(self, show: Callable[[Any], Any]) -> dict[str, Any]:
        return {"results": [show(row) for row in self.rows], "next": self.next, "previous": self.previous}


def page_of(
    request: Request, rows: QuerySet, *, by: Sequence[str], asked: dict[str, Any], descending: bool = False
) -> Page:
    """A page of `rows` in the order of the columns `by`, which together are unique. One query.

    `asked` is a checked `PageQuery`.

    Raises:
        BadQuery: a cursor that was not given out for this address.
    """
    limit, cursor = asked["limit"], asked.get("cursor")
    backwards, values = _opened(cursor, request, rows, by) if cursor else (False, None)
    falling = descending != backwards
    if values is not None:
        rows = rows.filter(Row([F(name) for name in by], "<" if falling else ">", values))
    found = list(rows.order_by(*(f"-{name}" if falling else name for name in by))[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()

    def address(row: Any, *, back: bool) -> str:
        at = [_plain(row[name] if isinstance(row, dict) else getattr(row, name)) for name in by]
        token = signing.dumps([back, at], salt=_salt(request))
        query = {**request.query_params.dict(), "cursor": token}
        return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")

    has_next, has_previous = (bool(found), more) if backwards else (more, values is not None)
    return Page(
        rows=found,
        next=address(found[-1], back=False) if found and has_next else None,
        previous=address(found[0], back=True) if found and has_previous else None,
    )


def _opened(cursor: str, request: Request, rows: QuerySet, by: Sequence[str]) -> tuple[bool, list[Value]]:
    try:
        backwards, at = signing.loads(cursor, salt=_salt(request))
    except signing.BadSignature:
        raise BadQuery({"cursor": ["This cursor was not given out for this address."]}) from None
    fields = [_field(rows, name) for name in by]
    return backwards, [Value(f.to_python(each), output_field=f) for f, each in zip(fields, at, strict=True)]


def _field(rows: QuerySet[Model], name: str) -> Field:
    annotation = rows.query.annotations.get(name)
    return annotation.output_field if annotation is not None else rows.model._meta.get_field(name)  # type: ignore[return-value]


def _salt(request: Request) -> str:
    return f"cursor:{request.path}"


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) or value is None else str(value)
