"""Bringing a file into the register: upload, columns, dry run, all or nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.acting import actor_of, may_open, signed_in
from partners.importing import matching, shown, storing, writing
from partners.importing.all_kinds import KINDS
from partners.importing.reading import LARGEST, MEBIBYTE, Unreadable, read_table
from partners.importing.sheets import fates_as_csv
from partners.models import Import, ImportRow, Person
from partners.stepping_up import fresh
from portal.api.parsing import drain
from portal.pages import refuse, ticket_lapsed
from portal.tenancy.freshness import AGAIN, is_fresh
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

ENVELOPE = MEBIBYTE // 4  # what a form adds to its file
LISTED = 20


@csrf_exempt  # asked below: by then we know how long the body is
@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def import_list(request: HttpRequest) -> HttpResponse:
    """The form for a file, and the files so far. A body that is too long is refused before anything of it is kept."""
    if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST + ENVELOPE:
        drain(request)
        return refuse(request, 413, _("The file is larger than %(n)s MB. Split it.") % {"n": LARGEST // MEBIBYTE})
    return _checked(request)


@csrf_protect
def _checked(request: HttpRequest) -> HttpResponse:
    ticket = request.visitor.ticket  # type: ignore[attr-defined]
    try:
        with organisation_scope(ticket):
            if not is_fresh():
                return _step_up(request)
            if request.method != "POST":
                return _list_page(request)
        kind, trouble, table, at = request.POST.get("kind", ""), "", None, "file"
        if kind not in KINDS:
            at, trouble = "kind", _("Choose what the rows of the file are.")
        elif (sent := _sent(request)) is None:
            trouble = _("Choose a file.")
        else:
            try:
                table = read_table(sent.read(LARGEST + 1), kind=kind)
            except Unreadable as unreadable:
                trouble = str(unreadable)
        with organisation_scope(ticket):
            if table is not None:
                try:
                    return _kept(request, table, kind)
                except storing.TooMany:
                    trouble = _("Your organisation keeps %(n)s files. Throw one away first.") % {"n": storing.MOST_KEPT}
            return _list_page(request, chosen=kind, trouble=trouble, at=at, status=422)
    except DatabaseError:  # cut off since the door looked
        return ticket_lapsed(request)


def _step_up(request: HttpRequest) -> HttpResponse:
    again = f"{AGAIN}?{urlencode({'next': request.path})}"
    if request.method != "POST":
        return redirect(again)
    return HttpResponse(render_to_string("errors/step_up.html", {"again": again}), status=403)


def _kept(request: HttpRequest, table: Any, kind: str) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    file = storing.keep_file(
        table,
        kind=kind,
        file_name=_file_name(request),
        organisation_id=visitor.organisation_id,
        person_id=visitor.person_id,
    )
    return redirect("import-detail", file_id=file.pk)


def _sent(request: HttpRequest) -> UploadedFile[Any] | None:
    sent = request.FILES.get("file")
    return sent if isinstance(sent, UploadedFile) else None


def _file_name(request: HttpRequest) -> str:
    sent = _sent(request)
    said = str(sent.name or "") if sent else ""
    return "".join(each if each.isprintable() else "�" for each in said)[:200]


def _list_page(
    request: HttpRequest, *, chosen: str = "", trouble: str = "", at: str = "", status: int = 200
) -> HttpResponse:
    files = list(Import.objects.all()[:LISTED])
    people = dict(Person.objects.filter(pk__in=[each.uploaded_by for each in files]).values_list("pk", "name"))
    context = {
        "kinds": [
            {
                "value": name,
                "words": kind.words,
                "columns": ", ".join(str(each.words) for each in kind.fields),
                "wanted": ", ".join(str(each.words) for each in kind.fields if each.required),
            }
            for name, kind in KINDS.items()
        ],
        "chosen": chosen,
        "trouble": {"at": at, "words": trouble},
        "files": [
            {
                "href": f"{request.path}{each.pk}/",
                "name": each.file_name or _("sent by a key"),
                "kind": KINDS[each.kind].words,
                "at": each.uploaded_at,
                "who": people.get(each.uploaded_by, _("a key")) if each.uploaded_by else _("a key"),
                "rows": f"{each.row_count:,}",
                "state": each.get_state_display(),
            }
            for each in files
        ],
        "most_rows": "20,000",
        "largest": LARGEST // MEBIBYTE,
    }
    return render(request, "partners/import_list.html", context, status=status)


def file_or_404(file_id: UUID) -> Import:
    file = Import.objects.filter(pk=file_id).first()
    if file is None:
        raise Http404
    return file


@require_safe
@signed_in(may=may_open)
def import_detail(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The file at the step where it stands."""
    file = file_or_404(file_id)
    if file.state == Import.State.MATCHING or ("columns" in request.GET and _may_match(file)):
        return _columns_page(request, file, _first_mapping(file))
    return _fates_page(request, file)


def _may_match(file: Import) -> bool:
    return file.emptied_at is None and file.state in {Import.State.CHECKED, Import.State.FAILED}


def _first_mapping(file: Import) -> dict[str, int]:
    kind = KINDS[file.kind]
    return file.mapping or matching.remembered(file.headers, kind) or matching.guessed(file.headers, kind)


def _columns_page(request: HttpRequest, file: Import, mapping: dict[str, int], *, trouble: str = "") -> HttpResponse:
    kind = KINDS[file.kind]
    rows = list(ImportRow.objects.filter(file=file).order_by("number")[:20])
    samples = [shown.samples_of(rows, column) for column in range(len(file.headers))]
    used = set(mapping.values())
    context = {
        "file": _said(file),
        "remembered": not file.mapping and matching.remembered(file.headers, kind) is not None,
        "trouble": trouble,
        "columns": list(enumerate(file.headers)),
        "fields": [
            {
                "name": each.name,
                "words": each.words,
                "hint": each.reader.hint,
                "required": each.required,
                "column": mapping.get(each.name),
                "sample": samples[mapping[each.name]] if each.name in mapping else "",
                "missing": bool(trouble) and each.required and each.name not in mapping,
            }
            for each in kind.fields
        ],
        "left": [header for nth, header in enumerate(file.headers) if nth not in used],
    }
    return render(request, "partners/import_columns.html", context, status=422 if trouble else 200)


@require_POST
@signed_in(may=may_open)
def import_columns(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Keep which column is which, for this file and the next of its sort, and have the dry run made."""
    file = file_or_404(file_id)
    if file.state != Import.State.MATCHING and not _may_match(file):
        return refuse(request, 409, _("This file is not to be matched now."))
    kind = KINDS[file.kind]
    mapping = {}
    for each in kind.fields:
        said = request.POST.get(f"column-{each.name}", "")
        if said.isascii() and said.isdigit() and len(said) < 4 and int(said) < len(file.headers):
            mapping[each.name] = int(said)
    if absent := matching.missing(mapping, kind):
        names = ", ".join(str(each.words) for each in absent)
        return _columns_page(request, file, mapping, trouble=_("Choose a column for: %(names)s.") % {"names": names})
    matching.remember(file.headers, kind, mapping, organisation_id=file.organisation_id)
    storing.ask_for_dry_run(file, mapping)
    return redirect("import-detail", file_id=file.pk)


def _said(file: Import) -> dict[str, Any]:
    return {
        "id": file.pk,
        "name": file.file_name or _("sent by a key"),
        "kind": KINDS[file.kind].words,
        "read_as": file.read_as,
        "rows": file.row_count,
        "state": file.state,
        "at": file.uploaded_at,
    }


def _progress(file: Import) -> dict[str, Any]:
    return {"id": file.pk, "checked": file.checked_count, "rows": file.row_count}


def _fates_page(request: HttpRequest, file: Import) -> HttpResponse:
    fate = request.GET.get("fate", "")
    if fate not in {"", *shown.SHOWN}:
        raise Http404
    page = shown.rows_of(file, fate=fate, after=_number(request, "after"), before=_number(request, "before"))
    people = dict(Person.objects.filter(pk__in=[file.written_by]).values_list("pk", "name"))
    context = {
        "file": _said(file),
        "progress": _progress(file),
        "counts": shown.counted(file),
        "fate": fate,
        "rows": [
            {
                "number": row.number,
                "name": shown.named(row, file),
                "fate": row.fate,
                "words": shown.fate_words(row.fate, file),
                "why": shown.in_words(row, file),
            }
            for row in page.rows
        ],
        "next": _page_href(request, fate, "after", page.after),
        "previous": _page_href(request, fate, "before", page.before),
        "emptied": file.emptied_at,
        "to_write": shown.to_write(file),
        "write_words": shown.button_words(file),
        "effects": _effects(file),
        "checked_at": file.checked_at.isoformat() if file.checked_at else "",
        "written_at": file.written_at,
        "written_by": people.get(file.written_by, _("a key")) if file.written_by else _("a key"),
        "written": f"{file.written_count:,}",
    }
    return render(request, "partners/import_fates.html", context)


def _number(request: HttpRequest, name: str) -> int | None:
    said = request.GET.get(name, "")
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 9):
        raise Http404
    return int(said)


def _page_href(request: HttpRequest, fate: str, name: str, number: int | None) -> str:
    if number is None:
        return ""
    return f"{request.path}?{urlencode({'fate': fate, name: number} if fate else {name: number})}"


def _effects(file: Import) -> list[str]:
    added, changed = file.counts.get("added", 0), file.counts.get("changed", 0)
    out = file.counts.get("refused", 0) + file.counts.get("duplicate", 0)
    said = []
    if added:
        said.append(ngettext("%(n)s row is added.", "%(n)s rows are added.", added) % {"n": f"{added:,}"})
    if changed:
        said.append(ngettext("%(n)s object is changed.", "%(n)s objects are changed.", changed) % {"n": f"{changed:,}"})
    if out:
        said.append(ngettext("%(n)s row is left out.", "%(n)s rows are left out.", out) % {"n": f"{out:,}"})
    said.append(_("All of it is written at once, or nothing. Whoever may see these objects sees the change."))
    return said


@require_safe
@signed_in(may=may_open)
def import_progress(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """How far the dry run has come, alone; once it is done, the page loads again."""
    file = file_or_404(file_id)
    answer = render(request, "partners/_import_progress.html", {"progress": _progress(file)})
    if file.state != Import.State.CHECKING:
        answer["HX-Refresh"] = "true"
    return answer


@require_safe
@signed_in(may=may_open)
def import_fates(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """All fates as CSV, with the rows as they came."""
    file = file_or_404(file_id)
    if file.state not in {Import.State.CHECKED, Import.State.WRITTEN} or file.emptied_at:
        raise Http404
    return HttpResponse(
        fates_as_csv(file),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file.kind}-fates.csv"'},
    )


@require_POST
@signed_in(may=may_open)
@fresh
def import_write(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Write what the dry run showed; when it would be another now, nothing, and the dry run is made anew."""
    file = file_or_404(file_id)
    if not file.checked_at or request.POST.get("checked_at") != file.checked_at.isoformat():
        return refuse(request, 409, _("This is not the dry run that you saw. Go back and look at the new one."))
    try:
        file = writing.write_file(file_id, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    except writing.NotNow:
        return refuse(request, 409, _("This file cannot be written now: it is written, or no dry run stands."))
    except writing.Denied:
        return refuse(request, 409, _("The database refused a row. Nothing was written. Have the dry run made anew."))
    except writing.Stale:
        storing.ask_for_dry_run(file)
        messages.error(
            request, _("The register has changed since the dry run. Nothing was written; it is looked at anew.")
        )
        return redirect("import-detail", file_id=file_id)
    words = ngettext("%(n)s row is written.", "%(n)s rows are written.", file.written_count)
    messages.success(request, words % {"n": f"{file.written_count:,}"})
    return redirect("import-detail", file_id=file_id)


@require_POST
@signed_in(may=may_open)
def import_again(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_or_404(file_id)
    if not _may_match(file):
        return refuse(request, 409, _("This file is not to be looked at now."))
    storing.ask_for_dry_run(file)
    return redirect("import-detail", file_id=file_id)


@require_POST
@signed_in(may=may_open)
def import_discard(request: HttpRequest, file_id: UUID) -> HttpResponse:
    file = file_or_404(file_id)
    if file.emptied_at is None:
        storing.discard(file)
    messages.success(request, _("The rows of the file are thrown away. What was written stays."))
    return redirect("import-list")
