"""What pages with a reach picture share: how it stands in the address, its tables, and the file that is saved of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from incidents.picture import Picture, picture_of
from incidents.picture_tables import links_to_groups, organisation_tables, system_tables
from incidents.picture_text import fitted, lines_of, plain
from incidents.picture_view import View
from incidents.reach import radius_page, summary_of

Document = Mapping[str, Any]
KEY_TO_SIGNS = (
    "Solid line: a link in use. Dashed: a barrier is claimed or its test has lapsed. Dotted: a barrier stops it. "
    "Dashed box: the organisation could be reached. Dotted box: not reached. A box on a pile stands for several. "
    "✂ protects N: a cut there protects so many organisations."
)


def with_picture(document: Document, query: QueryDict, radius: dict[str, Any], *, picture_href: str) -> dict[str, Any]:
    """What `incidents/radius.html` wants beside `radius`, which is narrowed to what a focus leaves.

    Args:
        radius: `incidents.reach.radius_page` of the whole document.
        picture_href: the address of the same picture as a file; it is asked for with the same state.
    """
    picture = picture_of(document, View.of(query))
    if picture.focus is not None:
        kept = {each["slug"] for each in picture.document["organisations"]}
        radius = {
            **radius,
            "organisations": [each for each in radius["organisations"] if each["slug"] in kept],
            "outside": radius_page(picture.document, incident=None)["outside"],
        }
    return {
        "radius": radius,
        "picture": picture,
        "picture_href": f"{picture_href}{picture.view.query}",
        "organisation_tables": organisation_tables(picture, radius["organisations"]),
        "system_tables": system_tables(picture),
        "groups": links_to_groups(picture),
    }


def as_file(document: Document, query: QueryDict, *, title: str, name: str) -> HttpResponse:
    """The picture as it is shown, as an SVG that stands alone: no script, no address, nothing fetched."""
    picture = picture_of(document, View.of(query))
    names = {system["id"]: system["name"] for system in document["systems"]}
    starts = ", ".join(names[start] for start in document["starts"])
    summary = _("From %(starts)s: %(summary)s") % {"starts": starts, "summary": summary_of(document)}
    desc = plain(" ".join([summary, *shown(picture)]))
    title = plain(title)
    lines = [fitted(title, width=picture.width - 20, size=14, bold=True)]
    lines += lines_of(desc, width=picture.width - 20, size=14)
    lines += lines_of(_(KEY_TO_SIGNS), width=picture.width - 20, size=14)
    context = {"picture": picture, "linked": False, "told": {"title": title, "desc": desc, "lines": lines}}
    body = render_to_string("incidents/_picture.html", context).strip()
    return HttpResponse(
        body, content_type="image/svg+xml", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def shown(picture: Picture) -> list[str]:
    """Sentences on what is not all there."""
    said = []
    if picture.focus is not None:
        said.append(_("Only the paths of %(name)s are shown.") % {"name": picture.focus.name})
    if picture.folding.any:
        said.append(_("Boxes on a pile stand for several systems or organisations."))
    if picture.backward:
        said.append(_("%(n)s links that lead back or across between boxes are not drawn.") % {"n": picture.backward})
    return said
