"""One advisory as every reader gives it, whatever feed it came from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

CLEAR = {"", "CLEAR", "WHITE"}


class Source(StrEnum):
    KEV = "kev"
    CSAF = "csaf"
    OSV = "osv"
    NVD = "nvd"
    STIX = "stix"


class Status(StrEnum):
    """What a document says of a product. `fixed` names the version in which it is mended."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    INVESTIGATED = "investigated"


class Refused(ValueError):
    """The document cannot be read. `problems` are sentences with a pointer, for whoever brought it."""

    def __init__(self, *problems: str) -> None:
        super().__init__(problems[0] if problems else "")
        self.problems = list(problems)


@dataclass(slots=True)
class Statement:
    """One product and what is said of it, by the strictest name there is: `purl`, else `cpe`, else the words.

    `purl` is without version and qualifiers. `ranges` are lists of events as OSV has them, `versions` explicit ones;
    neither: every version, unless `words` holds a version as text, which nothing interprets. `bounds` limit the version
    of `cpe`: `{"from", "from_excluded", "to", "to_excluded"}`.
    """

    status: str = Status.AFFECTED
    vendor: str = ""
    product: str = ""
    words: str = ""
    purl: str = ""
    qualifiers: dict[str, str] = field(default_factory=dict)
    ranges: list[list[dict[str, str]]] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    cpe: str = ""
    bounds: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Issue:
    """One vulnerability of a document. `label` is its CVE, or else the document's own id; by it feeds are joined.

    `configurations` are NVD's, as `platforms.fit_of_configurations` reads them. `organisations` are those that the
    document names as concerned themselves: `{"name", "domain"}`.
    """

    label: str
    severity: str = ""  # critical, high, medium, low or unknown
    exploited: bool = False
    ransomware: bool = False
    rejected: bool = False
    action: str = ""
    due_on: str = ""  # by whoever wrote it, for whom it binds
    statements: list[Statement] = field(default_factory=list)
    configurations: list[dict[str, Any]] = field(default_factory=list)
    organisations: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Advisory:
    """A document. `(source, namespace, ident)` is the same for all its versions; a later `modified_at` replaces."""

    source: str
    namespace: str
    ident: str
    title: str
    modified_at: datetime
    version: str = ""
    published_at: datetime | None = None
    withdrawn_at: datetime | None = None
    summary: str = ""
    url: str = ""
    tlp: str = ""
    aliases: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        return self.tlp in CLEAR

    def issues_as_json(self) -> list[dict[str, Any]]:
        return [asdict(issue) for issue in self.issues]


def severity_of(score: float | None) -> str:
    """The qualitative rating of CVSS 3.1, section 5."""
    if score is None or score <= 0:
        return ""
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


RANK = {"critical": 4, "high": 3, "medium": 2, "low": 1, "": 0}
WORDS = {"important": "high", "moderate": "medium", "critical": "critical", "high": "high", "medium": "medium",
         "low": "low"}  # fmt: skip
