"""The statements register: the list, writing one, another version, and the page where it is agreed and issued."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.models import Statement, StatementVersion
from incidents.personal_data.notices import addressees_of
from incidents.statements.agreeing import must_agree
from incidents.statements.forms import AUDIENCE_WORDS, AUDIENCES, ActForm, StatementForm, TextForm
from incidents.statements.page import list_page, statement_page
from incidents.statements.saying import (
    Says,
    answer_statement,
    ask_for_agreement,
    change_statement,
    issue_statement,
    withdraw_statement,
    write_statement,
)
from incidents.views.boards import header
from incidents.views.decision_log import REFUSED, failed
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, may_approve, signed_in
from portal.pages import refuse
from portal.tenancy.door import Visitor


@require_safe
@signed_in
def statement_list(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    context = {
        "incident": header(incident),
        "may_write": may_answer(visitor),
        **list_page(incident, me=visitor.organisation_id),
    }
    return render(request, "incidents/statements.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_answer)
def write(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    me = visitor.organisation_id
    whom = addressees_of(incident, me=me)
    form, status = StatementForm(whom=whom), 200
    if request.method == "POST":
        form, status = StatementForm(request.POST, whom=whom), 422
        if form.is_valid():
            try:
                made = write_statement(incident, form.draft(), me=me)
            except REFUSED as wrong:
                status = failed(form, wrong)
            else:
                messages.success(request, _("A draft: nobody else reads it before you ask them to agree."))
                return redirect("statement", statement_id=made.pk)
    context = {"incident": header(incident), "form": form, "statement": None, "audiences": AUDIENCES}
    return render(request, "incidents/statement_write.html", context, status=status)


def _found(statement_id: UUID) -> Statement:
    found = Statement.objects.select_related("incident", "organisation").filter(pk=statement_id).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_answer)
def change(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """Another version of one's own statement; of anybody else's there is no such page."""
    statement = _found(statement_id)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    me = visitor.organisation_id
    if statement.organisation_id != me:
        raise Http404
    whom = addressees_of(statement.incident, me=me)
    newest = StatementVersion.objects.filter(statement=statement).order_by("-number")[:1].get()
    standing = dict(
        statement.incident.standings.filter(organisation_id__in=must_agree(newest, newest.asks.all())).values_list(
            "slug", "name"
        )
    )
    form, status = TextForm(
        whom=whom, initial={"text": newest.text, "must_agree": list(standing), "hours": newest.hours}
    ), 200  # fmt: skip
    if request.method == "POST":
        form, status = TextForm(request.POST, whom=whom), 422
        if form.is_valid():
            try:
                new = change_statement(statement, **form.cleaned_data)
            except REFUSED as wrong:
                status = failed(form, wrong)
            else:
                words = _("A new version. Whoever must agree is asked again; what they said of the old one is kept.")
                draft = _("A new version of the draft.")
                said = draft if statement.status == Statement.Status.DRAFT else words
                messages.success(request, said if new else _("This was said already; nothing is different."))
                return redirect("statement", statement_id=statement_id)
    context = {"incident": header(statement.incident), "form": form, "statement": statement, "audiences": AUDIENCES}
    return render(request, "incidents/statement_write.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def detail(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    statement = _found(statement_id)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    form, status = ActForm(), 200
    if request.method == "POST":
        if not may_approve(visitor):
            return refuse(request, 403)
        form, status = ActForm(request.POST), 422
        if not form.is_valid() and not {"reason", "decision"} & set(form.errors):
            return refuse(request, 422, _("Choose what you want to say."))
        if form.is_valid():
            try:
                words = _acted(statement, form.cleaned_data)
            except REFUSED as wrong:
                status = failed(form, wrong)
            else:
                messages.success(request, words)
                return redirect("statement", statement_id=statement_id)
    context = {
        "incident": header(statement.incident),
        "statement": statement,
        "own": statement.organisation_id == visitor.organisation_id,
        "form": form,
        "audience": AUDIENCE_WORDS[statement.audience],
        **statement_page(
            statement,
            me=visitor.organisation_id,
            may_speak=may_approve(visitor),
            may_write=may_answer(visitor),
        ),
    }
    return render(request, "incidents/statement.html", context, status=status)


def _acted(statement: Statement, said: dict[str, Any]) -> str:
    """Do what was pressed; what to tell the person. A second press finds it done."""
    act, version, reason = said["act"], said["version"], said["reason"]
    if act == "ask":
        ask_for_agreement(statement, version=version)
        return _("They are told that something waits for them. Until each agrees, nobody has.")
    if act == "withdraw":
        withdraw_statement(statement, reason=reason)
        return _("Withdrawn. It stays readable as withdrawn.")
    if act == "issue":
        issue_statement(statement, version=version, decision=said["decision"])
        return _("Issued: everybody who takes part reads it now.")
    says = Says.AGREES if act == "agree" else Says.OBJECTS
    answer_statement(statement, version=version, says=says, reason=reason)
    return _("Written down: the author reads it.")
