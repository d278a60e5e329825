"""Fields that take one JSON type each and convert nothing, and serializers that refuse what they do not know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
OPTIONAL: Any = {"required": False, "allow_null": True}  # absent, null and not said are the same
PAGE_SIZE, LARGEST_PAGE = 100, 1000


class Text(serializers.CharField):
    """A string of at least one visible character; `allow_blank` lets an empty one through."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        super().__init__(trim_whitespace=True, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class WebAddress(Text):
    """An address that a person may safely press: http or https."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=2000, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            parts = urlsplit(value)
            plain = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            plain = False
        if not plain or any(each.isspace() for each in value):
            raise ValidationError("An address that begins with https:// or http://.")
        return value


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Instant(serializers.DateTimeField):
    """An RFC 3339 time that says its distance from UTC; becomes UTC."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            found = parse_datetime(value) if isinstance(value, str) and "T" in value.upper() else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise ValidationError("A time with its distance from UTC, such as 2026-05-03T09:40:00Z.")
        if not EARLIEST <= found < LATEST:
            raise ValidationError("Between 1990 and 2100.")
        return found.astimezone(UTC)


class Strict(serializers.Serializer):
    """A JSON object: unknown fields are refused, null in an optional field means that it was not said."""

    nulls_clear: ClassVar[bool] = False  # True: null reaches `validated_data`, to empty what is there

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        unknown = {key: ["Unknown field."] for key in data if key not in self.fields}
        said = {key: value for key, value in data.items() if value is not None or not self._may_be_absent(key)}
        try:
            value = super().to_internal_value(said)
        except ValidationError as error:
            raise ValidationError({**unknown, **_as_dict(error.detail)}) from None
        if unknown:
            raise ValidationError(unknown)
        return value

    def _may_be_absent(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is not None and not field.required and not self.nulls_clear


class Empty(Strict):
    """A body without any field, or none at all."""


class Query(Strict):
    """The query parameters of one method: text, so numbers and flags are read out of text."""


class PageQuery(Query):
    """How much of a list, and from where."""

    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_PAGE, default=PAGE_SIZE, help_text="How many at most."
    )
    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="Where to go on: from `next` or `previous` of another answer."
    )


def _as_dict(detail: Any) -> dict[str, Any]:
    return dict(detail) if isinstance(detail, Mapping) else {api_settings.NON_FIELD_ERRORS_KEY: detail}
