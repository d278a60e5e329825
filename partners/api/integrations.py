"""/integrations/: one's own permissions, to read, and to propose one. No key approves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners import permissions, permitting
from partners.account_patterns import is_pattern
from partners.approvals import NotAllowed
from partners.models import Dependency, Integration, IntegrationVersion, Organisation
from partners.next_door import slugs_next_door
from partners.permissions import Permission, State
from partners.permitting import MOST_PATTERNS, Terms
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.problems import Refusal
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}
Direction, DataClass = IntegrationVersion.Direction, IntegrationVersion.DataClass
EXAMPLE = {
    "other": "coldharbour",
    "side": "grantee",
    "name": "Nightly backup to file-02",
    "purpose": "Second copy of shared drives",
    "accounts": ["svc-backup@ashbourne"],
    "direction": "to_grantor",
    "data_classes": ["personal"],
    "systems": ["file-services"],
    "starts_on": "2026-12-01",
    "review_on": "2027-05-01",
    "expires_on": "2027-11-30",
    "owner": "priya.nair@ashbourne.example",
    "kill_switch_name": "Night desk, head of shift",
    "kill_switch_how": "Ring 01632 960 077",
}


class IntegrationShown(serializers.Serializer):
    """A permission by the version that both sides approved last, or by the newest while there is none."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    name = serializers.CharField()
    grantor = serializers.CharField()
    grantee = serializers.CharField()
    state = serializers.ChoiceField([state.value for state in State], help_text="It excuses nothing, whatever it is.")
    version = serializers.IntegerField()
    latest_version = serializers.IntegerField()
    change_waits = serializers.BooleanField()
    purpose = serializers.CharField()
    accounts = serializers.ListField(child=serializers.CharField())
    systems = serializers.ListField(child=serializers.CharField())
    from_system = serializers.CharField(**NULL)
    resources = serializers.CharField()
    direction = serializers.ChoiceField(Direction.values)
    data_classes = serializers.ListField(child=serializers.ChoiceField(DataClass.values))
    starts_on = serializers.DateField()
    review_on = serializers.DateField()
    expires_on = serializers.DateField(help_text="The last day on which it is in force.")
    grantor_owner = serializers.CharField(help_text="Empty: not named yet.")
    grantee_owner = serializers.CharField()
    kill_switch_name = serializers.CharField()
    kill_switch_how = serializers.CharField()
    approved_at = serializers.DateTimeField(**NULL)
    lapsed_at = serializers.DateTimeField(help_text="When the lapse was written down.", **NULL)
    ended_at = serializers.DateTimeField(**NULL)
    ended_because = serializers.CharField()


class ProposalForm(Strict):
    """What a permission says. It waits for the other side; nobody but two persons puts it in force."""

    other = Text(max_length=100, help_text="Slug of the other organisation.")
    side = serializers.ChoiceField(["grantor", "grantee"], help_text="What your organisation is.")
    name = Text()
    purpose = Text(max_length=2000)
    accounts = serializers.ListField(
        child=Text(max_length=128), min_length=1, max_length=MOST_PATTERNS,
        help_text="Patterns: name@realm. A * stands for letters inside one part of the name.",
    )  # fmt: skip
    direction = serializers.ChoiceField(Direction.values)
    data_classes = serializers.ListField(
        child=serializers.ChoiceField(DataClass.values), min_length=1, max_length=len(DataClass)
    )
    systems = serializers.ListField(
        child=Text(max_length=100), max_length=20, help_text="Slugs of systems of the grantor.", **OPTIONAL
    )
    from_system = Text(max_length=100, help_text="Slug of the grantee's system that it comes from.", **OPTIONAL)
    resources = Text(max_length=2000, help_text="Which host, share or interface.", **OPTIONAL)
    starts_on = serializers.DateField()
    review_on = serializers.DateField()
    expires_on = serializers.DateField(help_text="At most 366 days from today.")
    owner = Text(max_length=254, help_text="E-mail of a person of yours; default: whoever is signed in.", **OPTIONAL)
    kill_switch_name = Text()
    kill_switch_how = Text(max_length=500)
    link_kind = serializers.ChoiceField(
        Dependency.Kind.values, help_text="Write the link into the register too, when both approve.", **OPTIONAL
    )

    def validate_accounts(self, said: list[str]) -> list[str]:
        if wrong := [each for each in said if not is_pattern(each)]:
            raise ValidationError([f"Not a pattern of accounts: {wrong[0]}."])
        return said


class Integrations(Endpoint):
    scopes = {"get": ("read",), "post": ("estate",)}
    queries = {"get": PageQuery}

    @extend_schema(summary="The permissions that you are a side of", responses=page_of_shape(IntegrationShown))
    def get(self, request: Request) -> HttpResponse:
        rows = Integration.objects.select_related("grantor", "grantee", "ended_for")
        page = page_of(request, rows, by=("id",), asked=self.asked)
        shown = {each.id: each for each in permissions.of_rows(page.rows)}
        slugs = _slugs()
        return answer(page.shown(lambda row: _integration(shown[row.pk], slugs, request)))

    @extend_schema(
        summary="Propose a permission",
        description="Both sides name an owner and approve it as persons, on their pages; no key approves. "
        "It excuses nothing: no radius is shorter for it.",
        request=ProposalForm,
        responses={201: IntegrationShown},
        examples=example(**EXAMPLE),
    )
    def post(self, request: Request) -> HttpResponse:
        said = body_of(request, ProposalForm)
        other = Organisation.objects.filter(slug=said["other"]).exclude(pk=self.visitor.organisation_id).first()
        if other is None:
            raise ValidationError({"other": ["There is no other organisation of this name."]})
        try:
            made = permitting.propose(self._terms(said), other=other.pk, side=said["side"])
        except NotAllowed as refused:
            raise Refusal(422, str(refused)) from None
        each = permissions.own_one(made)
        assert each is not None
        shown = _integration(each, _slugs(), request)
        return answer(shown, status=201, headers={"Location": shown["url"]})

    def _terms(self, said: dict[str, Any]) -> Terms:
        known = {slug: pk for pk, slug in slugs_next_door().items()}
        wanted = [*said.get("systems", []), *filter(None, [said.get("from_system")])]
        if unknown := [slug for slug in wanted if slug not in known]:
            raise ValidationError({"systems": [f"No system of this name that you can name: {unknown[0]}."]})
        plainly = (
            "name", "purpose", "direction", "starts_on", "review_on", "expires_on", "kill_switch_name",
            "kill_switch_how",
        )  # fmt: skip
        return Terms(
            **{name: said[name] for name in plainly},
            data_classes=tuple(dict.fromkeys(said["data_classes"])),
            accounts=tuple(dict.fromkeys(said["accounts"])),
            systems=tuple(known[slug] for slug in dict.fromkeys(said.get("systems", []))),
            from_system=known[said["from_system"]] if said.get("from_system") else None,
            resources=said.get("resources", ""),
            owner=self._owner(said.get("owner")),
            link_kind=said.get("link_kind", ""),
        )

    def _owner(self, email: str | None) -> UUID:
        people = permitting.may_own(self.visitor.organisation_id)
        if email is None:
            found = [each.pk for each in people if each.pk == self.visitor.person_id]
        else:
            found = [each.pk for each in people if each.email.casefold() == email.casefold()]
        if not found:
            raise ValidationError({"owner": ["Name a person of your own organisation by e-mail."]})
        return found[0]


class OneIntegration(Endpoint):
    @extend_schema(summary="One permission", responses=IntegrationShown)
    def get(self, request: Request, permission_id: UUID) -> HttpResponse:
        each = permissions.own_one(permission_id)
        if each is None:
            raise Http404
        return answer(_integration(each, _slugs(), request))


def _slugs() -> dict[UUID, str]:
    return permissions.system_slugs()


def _integration(each: Permission, slugs: dict[UUID, str], request: Request) -> dict[str, Any]:
    row, latest, version = each.row, each.latest, each.counts or each.latest
    assert row is not None
    assert latest is not None
    assert version is not None
    plainly = (
        "purpose", "resources", "direction", "data_classes", "starts_on", "review_on", "expires_on", "kill_switch_name",
        "kill_switch_how",
    )  # fmt: skip
    return {
        "id": each.id,
        "url": reverse("api-integration", args=[each.id], request=request),
        "name": each.name,
        "grantor": each.grantor.slug,
        "grantee": each.grantee.slug,
        "state": each.state.value,
        "version": version.number,
        "latest_version": latest.number,
        "change_waits": each.change_waits,
        "accounts": list(each.accounts),
        "systems": [slugs[pk] for pk in each.systems if pk in slugs],
        "from_system": slugs.get(version.from_system_id) if version.from_system_id else None,
        "grantor_owner": version.grantor_owner_name,
        "grantee_owner": version.grantee_owner_name,
        "approved_at": version.permitted_at,
        "lapsed_at": row.lapsed_at,
        "ended_at": row.ended_at,
        "ended_because": row.ended_because,
        **{name: getattr(version, name) for name in plainly},
    }
