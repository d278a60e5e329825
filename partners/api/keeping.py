"""Writing in the register by API: the same fields, rules and words as a row of a file has (`partners.importing`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners.importing import writing
from partners.importing.fates import Fate, Judged, decided
from partners.importing.kinds import Field, Kind, There, Values
from partners.importing.values import MOST_ITEMS, Sort, Wrong
from partners.models import Change
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.etags import check_match, etag_of
from portal.api.fields import Flag, PageQuery, Strict, Text, Whole
from portal.api.paging import page_of
from portal.api.problems import Refusal
from portal.api.rendering import answer
from portal.documents import pointer

NAMED = {"organisation": "Slug of an organisation.", "system": "Slug of a system.", "person": "E-mail address."}


@cache
def form_of(kind: type[Kind], *, change: bool = False) -> type[Strict]:
    """The body that adds an object, or changes one: then all is optional, and what identifies it is not there."""
    fields = [each for each in kind.fields if not (change and each.name in kind.identity)]
    made = {each.name: _asked(each, required=each.required and not change) for each in fields}
    name = f"{kind.model.__name__}{'Change' if change else 'Form'}"
    return type(name, (Strict,), {"__module__": __name__, "__doc__": None, "nulls_clear": True, **made})


@cache
def shape_of(kind: type[Kind]) -> type[serializers.Serializer]:
    """One object as it is answered."""
    made = {each.name: _asked(each, required=True) for each in kind.fields}
    for each in kind.fields:
        if each.empty is None or each.names or (each.reader.codes and each.empty == ""):
            made[each.name].allow_null = True
    first = {"id": serializers.UUIDField(), "url": serializers.URLField()}
    return type(f"{kind.model.__name__}AsKept", (serializers.Serializer,), {"__module__": __name__, **first, **made})


def _asked(each: Field, *, required: bool) -> serializers.Field:
    reader = each.reader
    said: dict[str, Any] = {
        "required": required,
        "allow_null": not each.required,
        "help_text": NAMED.get(each.names) or str(each.words),
    }
    if reader.sort == Sort.NUMBER:
        return Whole(min_value=reader.least, max_value=reader.most, **said)
    if reader.sort == Sort.FLAG:
        return Flag(**said)
    if reader.sort == Sort.DAY:
        return serializers.DateField(**said)
    if reader.sort == Sort.CHOICE:
        return serializers.ChoiceField(list(reader.codes), **said)
    if reader.sort == Sort.SEVERAL:
        child = serializers.ChoiceField(list(reader.codes)) if reader.codes else Text(max_length=reader.longest)
        return serializers.ListField(child=child, max_length=MOST_ITEMS, **said)
    return Text(max_length=reader.longest, allow_blank=not each.required, **said)


def tag_of(kept: models.Model) -> str:
    """Changes whenever the object does."""
    version = getattr(kept, "version", None)
    values = {each.attname: getattr(kept, each.attname) for each in kept._meta.concrete_fields}
    return etag_of(str(kept.pk), values if version is None else version)


def keep_new(kind_of: type[Kind], data: Mapping[str, Any], *, me: UUID) -> UUID:
    """Add one object; its id.

    Raises:
        Refusal: 422 with pointers, or 409 when it is there already.
    """
    kind = kind_of(me)
    row = _judged(kind, said_of(kind_of, data))
    if row.fate != Fate.ADDED:
        raise Refusal(409, f"This is there already: {row.object_id}.")
    return writing.add([row], kind)[0]


def keep_changed(kind_of: type[Kind], kept_id: UUID, data: Mapping[str, Any], *, request: Request, me: UUID) -> None:
    """Change one object that has not changed since it was read.

    Raises:
        ObjectDoesNotExist: absent, or not to be seen.
        PermissionDenied: to be seen, and not one's own to write.
        Refusal: 412, 428, or 422 with pointers.
    """
    writing.lock([kept_id], kind_of.model)
    check_match(request, tag_of(kind_of.model._default_manager.get(pk=kept_id)), needed=True)
    kind = kind_of(me)
    there = there_of(kind, kept_id)
    if not there.mine:
        raise PermissionDenied("This is not yours to change.")
    row = _judged(kind, {name: there.values[name] for name in kind.identity} | said_of(kind_of, data))
    if row.fate == Fate.CHANGED:
        writing.change([row], kind)


def there_of(kind: Kind, kept_id: UUID) -> There:
    found = next((each for each in kind.there.values() if each.id == kept_id), None)
    if found is None:
        raise kind.model.DoesNotExist  # type: ignore[attr-defined]
    return found


def said_of(kind: type[Kind], data: Mapping[str, Any]) -> Values:
    """The body as a row would say it.

    Raises:
        Refusal: 422: a text that its field does not take.
    """
    said: Values = {}
    faults = []
    for name, value in data.items():
        each = kind.field(name)
        try:
            said[name] = _said(each, value)
        except Wrong as wrong:
            faults.append({"pointer": pointer(name), "detail": str(wrong)})
    if faults:
        raise Refusal(422, errors=faults)
    return said


def _said(each: Field, value: Any) -> Any:
    if value is None or value == "":
        return each.empty
    if isinstance(value, date):
        value = value.isoformat()
    # Texts pass the same reader as a cell: one line, a pattern, no item twice.
    is_text = each.reader.sort in {Sort.TEXT, Sort.DAY} or isinstance(value, list)
    return each.reader.read(each.reader.write(value)) if is_text and value else value


def _judged(kind: Kind, said: Values) -> Judged:
    kind.prepare([said])
    row = decided(Judged(0), said, kind=kind)
    if row.fate == Fate.REFUSED:
        faults = [
            {"pointer": pointer(each["field"]) if each["field"] else "", "detail": each["words"]}
            for each in row.troubles
        ]
        raise Refusal(422, errors=faults)
    return row


def shown(there: There, kind: type[Kind], request: Request) -> dict[str, Any]:
    values = {
        each.name: None if there.values[each.name] == "" and (each.names or each.reader.codes) else value
        for each in kind.fields
        for value in [there.values[each.name]]
    }
    address = reverse(f"api-{kind.one}", args=[there.id], request=request)
    return {"id": there.id, "url": address, **values}


class KeptList(Endpoint):
    """A list of one kind, and adding to it. A subclass documents both."""

    kind: ClassVar[type[Kind]]
    scopes = {"get": ("read",), "post": ("estate",)}
    queries = {"get": PageQuery}

    def listed(self, request: Request) -> HttpResponse:
        kind = self.kind(self.visitor.organisation_id)
        by_id = {each.id: each for each in kind.there.values()}
        page = page_of(request, self.kind.model._default_manager.all(), by=("id",), asked=self.asked)
        page.rows[:] = [row for row in page.rows if row.pk in by_id]
        return answer(page.shown(lambda each: shown(by_id[each.pk], self.kind, request)))

    def added(self, request: Request) -> HttpResponse:
        me = self.visitor.organisation_id
        kept_id = keep_new(self.kind, body_of(request, form_of(self.kind)), me=me)
        body = shown(there_of(self.kind(me), kept_id), self.kind, request)
        tag = tag_of(self.kind.model._default_manager.get(pk=kept_id))
        return answer(body, status=201, headers={"Location": body["url"], "ETag": tag})


class KeptOne(Endpoint):
    """One object of one kind, and changing it. A subclass documents both."""

    kind: ClassVar[type[Kind]]
    scopes = {"get": ("read",), "patch": ("estate",)}

    def one(self, request: Request, kept_id: UUID) -> HttpResponse:
        kept = self.kind.model._default_manager.get(pk=kept_id)
        body = shown(there_of(self.kind(self.visitor.organisation_id), kept_id), self.kind, request)
        return answer(body, headers={"ETag": tag_of(kept)})

    def changed(self, request: Request, kept_id: UUID) -> HttpResponse:
        me = self.visitor.organisation_id
        self.kind.model._default_manager.get(pk=kept_id)  # 404 before anything is said of the body
        data = body_of(request, form_of(self.kind, change=True))
        keep_changed(self.kind, kept_id, data, request=request, me=me)
        return self.one(request, kept_id)


class ChangeShown(serializers.Serializer):
    at = serializers.DateTimeField()
    what = serializers.ChoiceField(Change.What.values)
    organisation = serializers.CharField(allow_null=True, help_text="Whose change it was; null: the operator's.")
    import_id = serializers.UUIDField(allow_null=True, help_text="The file of yours that it came with.")
    before = serializers.DictField(help_text="The fields that differ, as they were.")
    after = serializers.DictField(help_text="The same as they became.")


class KeptHistory(Endpoint):
    """What changed on one object, newest first."""

    model: ClassVar[type[models.Model]]
    queries = {"get": PageQuery}

    def history(self, request: Request, **named: Any) -> HttpResponse:
        kept = self.model._default_manager.get(**named)
        rows = Change.objects.filter(object_id=kept.pk).select_related("organisation")
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(lambda each: _change(each, self.visitor.organisation_id)))


CHANGES = page_of_shape(ChangeShown)


def _change(each: Change, me: UUID) -> dict[str, Any]:
    return {
        "at": each.at,
        "what": each.what,
        "organisation": each.organisation.slug if each.organisation else None,
        "import_id": each.import_id if each.organisation_id == me else None,
        "before": each.before,
        "after": each.after,
    }
