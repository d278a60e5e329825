"""Bodies outside the partnership that are told of an incident: how to reach each, and what to know before. Pure facts.

Routes and numbers change: they stand here and nowhere else. Try them when you prepare an exercise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Body:
    """`route`: where to report, to be read aloud or typed. `know`: one or two sentences for a tired person."""

    name: Any
    route: Any
    know: Any


BODIES: dict[str, Body] = {
    "ncsc": Body(
        _("National Cyber Security Centre (NCSC)"),
        "report.ncsc.gov.uk",
        _("Takes reports round the clock. For councils a report is voluntary."),
    ),
    "mhclg": Body(
        _("MHCLG Local Digital, cyber incident response"),
        _("through NCSC's report, which it gets for councils"),
        _(
            "It decides on its cyber incident response service for English councils: containing and removing are paid"
            " for, recovery is at the council's cost. The provider calls within 30 minutes of being activated."
        ),
    ),
    "ico": Body(
        _("Information Commissioner (ICO)"),
        _("the form for personal data breaches at ico.org.uk"),
        _(
            "Within 72 hours of your own organisation becoming aware, unless a risk to people is unlikely. NCSC and"
            " police do not pass their reports on to it."
        ),
    ),
    "report_fraud": Body(
        _("Report Fraud and the police"),
        _("0300 123 2040 while an attack goes on; else reportfraud.police.uk"),
        _("The telephone is answered round the clock for organisations."),
    ),
    "warp": Body(
        _("Regional warning, advice and reporting point (WARP)"),
        _("your region's own address"),
        _("Shares what is seen with the other councils of the region."),
    ),
    "rocu": Body(
        _("Regional organised crime unit (ROCU)"), _("your region's own address"), _("The police's cyber team nearby.")
    ),
    "networks": Body(
        _("Connected networks, for example PSN, HSCN or Janet"),
        _("each network's service desk"),
        _("Tell each network that you connect to; each has its own agreed time."),
    ),
    "sharing_partners": Body(
        _("Partners who share data, for example DWP, HMRC, NHS"),
        _("as the data-sharing agreement says"),
        _("The times are in the agreement, and some are short."),
    ),
    "dspt": Body(
        _("Data Security and Protection Toolkit (adult social care, public health)"),
        _("the incident report within the Toolkit"),
        _("Where health or care data is involved. Tell your Caldicott Guardian."),
    ),
    "insurer": Body(
        _("Insurer"),
        _("the number on your policy"),
        _("Often first: a policy can ask for consent before work is paid."),
    ),
    "bank": Body(
        _("Bank or card acquirer"), _("as the contract says"), _("Where card or bank data may have been read.")
    ),
    "suppliers": Body(
        _("Key suppliers"), _("as the contract says"), _("Those whose systems stand beside what is attacked.")
    ),
    "ombudsman": Body(
        _("Local Government and Social Care Ombudsman"),
        _("your usual contact there"),
        _("Can put complaints on hold while you cannot answer."),
    ),
    "resilience": Body(
        _("Local resilience forum"), _("your emergency planning officer knows it"), _("By your own emergency plan.")
    ),
    "members": Body(_("Elected members"), _("by your own plan"), _("By your own plan.")),
}


def name_of(body: str, own_name: str = "") -> str:
    """How a report names its body: own words where it stands in no list, the id where a later list had it."""
    known = BODIES.get(body)
    return str(known.name) if known else own_name or body
