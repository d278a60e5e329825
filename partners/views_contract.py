"""The contract record of one council with one provider: both read it, the council writes it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from partners import assurance, contracts
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_assurance import ContractForm
from partners.history import history_of
from partners.models import Contract, Organisation
from partners.views_assessments import GET_OR_POST
from partners.views_providers import provider_or_404
from portal import clock
from portal.pages import refuse


@require_http_methods(GET_OR_POST)
@signed_in
def contract(request: HttpRequest, slug: str, council: str) -> HttpResponse:
    provider = provider_or_404(slug)
    visitor = request.visitor  # type: ignore[attr-defined]
    found = (
        Contract.objects.filter(provider=provider, organisation__slug=council)
        .select_related("organisation", "provider")
        .first()
    )
    own = council == visitor.organisation_slug and visitor.organisation_id != provider.pk
    if found is None and not own:
        raise Http404
    me = Organisation(pk=visitor.organisation_id, slug=council, name=visitor.organisation_name)
    shown = found or Contract(organisation=me, provider=provider)
    may_write = own and may_open(visitor) and provider.pk in assurance.my_providers()
    names = contracts.names_of(shown)
    form = ContractForm(request.POST if request.method == "POST" else None, names=names, contract=found)
    if request.method == "POST":
        if not may_write:
            return refuse(request, 403, _("The council writes this record, by an administrator or incident manager."))
        if form.is_valid():
            try:
                version = assurance.write_contract(form.record(), provider=provider)
            except NotAllowed as refused:
                form.add_error(None, str(refused))
            else:
                said = _("Kept as version %(n)s; %(name)s reads it.")
                messages.success(request, said % {"n": version, "name": names["provider"]})
                return redirect("contract", slug=slug, council=council)
    context = _context(shown, found, names, me=visitor.organisation_id)
    context |= {"form": form if may_write else None}
    return render(request, "assurance/contract.html", context, status=422 if form.errors else 200)


def _context(shown: Contract, found: Contract | None, names: dict[str, str], *, me: Any) -> dict[str, Any]:
    today = clock.now().date()
    hours = shown.hours_to_notify
    days = [("insured_until", shown.insured_until), ("valid_until", shown.valid_until)]
    facts = [
        (
            _("Hours to notify"),
            ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours} if hours is not None else "",
        ),
        (_("Liability"), shown.liability),
        (_("Liability up to"), _pounds(shown.liability_cap)),
        (_("Insurance"), ", ".join(filter(None, (shown.insurer, _pounds(shown.insured_sum))))),
        (_("Insured until"), _day(shown.insured_until)),
        (_("In force"), " – ".join(filter(None, (_day(shown.valid_from), _day(shown.valid_until))))),
        (_("Exit"), shown.exit_terms),
    ]
    return {
        "council": names["council"],
        "provider": {"name": names["provider"], "slug": shown.provider.slug},
        "version": found.version if found else 0,
        "facts": [(words, value or _("not recorded")) for words, value in facts],
        "parts": [str(each) for each in contracts.PARTS.values()],
        "duties": contracts.duties(shown.responsibilities, names),
        "late": [str(contracts.FIELDS[field]) for field, day in days if day and day < today],
        "history": history_of(found.pk, me=me, fields=contracts.FIELDS, names=names) if found else None,
    }


def _day(day: Any) -> str:
    return f"{day:%-d %B %Y}" if day else ""


def _pounds(sum_: int | None) -> str:
    return f"£{sum_:,}" if sum_ is not None else ""
