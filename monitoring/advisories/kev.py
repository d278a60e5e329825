"""CISA's catalogue of known exploited vulnerabilities. It has names and neither versions nor CPE.

Source: CISA, known_exploited_vulnerabilities_schema.json. `dueDate` binds authorities of the United States alone.
"""

from __future__ import annotations

import re
from typing import Any

from monitoring.advisories.fields import CVE, day, items, text, wanted_instant
from monitoring.advisories.normal import Advisory, Issue, Refused, Source, Statement

NAMESPACE = "https://www.cisa.gov"
_MANY = re.compile(r"multiple .*products?|multiple", re.IGNORECASE)


def read_kev(document: dict[str, Any]) -> list[Advisory]:
    """One advisory an entry.

    Raises:
        Refused: an entry is wrong, or their number is not what the catalogue says: half a catalogue is none.
    """
    entries = items(document, "vulnerabilities", "", wanted=True)
    version = text(document, "catalogVersion", "")
    released = wanted_instant(document, "dateReleased", "")
    if document.get("count") != len(entries):
        raise Refused(f"/count: it says {document.get('count')!r}, and there are {len(entries)} entries.")
    found = [_entry(entry, f"/vulnerabilities/{n}", version) for n, entry in enumerate(entries)]
    for advisory in found:
        advisory.modified_at = max(advisory.modified_at, released)
    if len({each.ident for each in found}) < len(found):
        raise Refused("/vulnerabilities: a vulnerability stands there twice.")
    return found


def _entry(entry: Any, where: str, version: str) -> Advisory:
    cve = text(entry, "cveID", where)
    if not CVE.fullmatch(cve):
        raise Refused(f"{where}/cveID: {cve[:40]} is no CVE.")
    ransomware = text(entry, "knownRansomwareCampaignUse", where, default="Unknown")
    if ransomware not in {"Known", "Unknown"}:
        raise Refused(f"{where}/knownRansomwareCampaignUse: Known or Unknown is wanted.")
    vendor, product = text(entry, "vendorProject", where), text(entry, "product", where)
    added = wanted_instant(entry, "dateAdded", where)
    issue = Issue(
        label=cve,
        exploited=True,
        ransomware=ransomware == "Known",
        action=text(entry, "requiredAction", where, default=""),
        due_on=day(entry, "dueDate", where),
        statements=[Statement(vendor=vendor, product="" if _MANY.fullmatch(product) else product, words="")],
    )
    return Advisory(
        source=Source.KEV,
        namespace=NAMESPACE,
        ident=cve,
        title=text(entry, "vulnerabilityName", where),
        modified_at=added,
        published_at=added,
        version=version,
        summary=text(entry, "shortDescription", where, default=""),
        url=f"https://nvd.nist.gov/vuln/detail/{cve}",
        aliases=[cve],
        issues=[issue],
    )
