"""Shapes of answers that many addresses share, for the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers


@cache
def page_of_shape(shape: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The serializer of `{"results", "next", "previous"}` with this shape in `results`."""
    return type(
        f"PageOf{shape.__name__}",
        (serializers.Serializer,),
        {
            "__module__": shape.__module__,
            "__doc__": "One page of a list.",
            "results": shape(many=True),
            "next": serializers.URLField(allow_null=True, help_text="The address of the next page, or null."),
            "previous": serializers.URLField(allow_null=True, help_text="The address of the page before, or null."),
        },
    )


def example(**body: Any) -> list[OpenApiExample]:
    """A body that somebody could send as it stands."""
    return [OpenApiExample("Example", body, request_only=True)]
