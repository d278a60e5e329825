"""The signatures that are kept beside a version: who adds which, how many, and which of two forms holds.

Nothing that is kept is overwritten. A signature that its signer takes back comes as a second form under the same
identifier; it holds when it is right, later, and by the same key, which is worked out each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from incidents.cacao.canonical import canonical
from incidents.cacao.notes import Notes
from incidents.cacao.objects import SIGNATURE
from incidents.cacao.parts import check_instant
from incidents.cacao.plan import Plan
from incidents.cacao.reading import PlaybookRefused
from incidents.cacao.signatures import MOST, Signed, Verdict
from incidents.models import Playbook, PlaybookSignature
from portal import clock
from portal.documents import Problem, pointer

OF_OTHERS = 10  # what an organisation adds to a version that another one keeps; `sec.signature_places` has the same
NO_SIGNATURE = Verdict("wrong", "It is no signature.")


@dataclass(frozen=True, slots=True)
class Judged:
    row: PlaybookSignature
    verdict: Verdict


def add_signatures(playbook: Playbook, plan: Plan, organisation_id: UUID) -> None:
    """Add those that are not kept yet. They were looked at when the document was read: none of them is wrong.

    Raises:
        PlaybookRefused: another signature is kept under the identifier of one of them, it is not for this organisation
            to add, or there would be too many.
    """
    brought = plan.document.get("signatures", [])
    if not brought:
        return
    rows = list(PlaybookSignature.objects.filter(playbook=playbook))
    signed = Signed(playbook.document)
    keeps = playbook.created_by_organisation_id == organisation_id
    now = clock.now()
    fresh = []
    for at, each in enumerate(brought):
        forms = [row for row in rows if row.signature_id == each["id"]]
        if any(canonical(row.document) == canonical(each) for row in forms):
            continue
        new = PlaybookSignature(
            playbook=playbook,
            signature_id=each["id"],
            document=each,
            organisation_id=organisation_id,
            added_at=now,
            position=at,
            takes_back=bool(forms),
        )
        judged = Judged(new, signed.verdict(each))
        if forms and not any(_took_back(Judged(row, _verdict(signed, row)), judged) for row in forms):
            if any(_took_back(judged, Judged(row, _verdict(signed, row))) for row in forms):
                continue  # as it was before it was taken back
            words = "Another signature of this version is kept under this identifier."
            raise PlaybookRefused([Problem(pointer("signatures", at, "id"), words)])
        if not keeps and judged.verdict.state != "right":
            words = "This signature cannot be checked here: only whoever keeps this version adds it."
            raise PlaybookRefused([Problem(pointer("signatures", at), words)])
        fresh.append(new)
    most = MOST if keeps else OF_OTHERS
    if fresh and len(fresh) + sum(row.organisation_id == organisation_id and not row.key_id for row in rows) > most:
        raise PlaybookRefused([Problem("/signatures", f"An organisation adds at most {most} signatures to a version.")])
    PlaybookSignature.objects.bulk_create(fresh, ignore_conflicts=True)  # the same document twice at once


def in_force(playbook: Playbook, rows: Iterable[PlaybookSignature]) -> list[Judged]:
    """Each signature once, in the order in which they came: taken back, where its signer has taken it back."""
    signed = Signed(playbook.document)
    judged = [Judged(row, _verdict(signed, row)) for row in rows]
    found: list[Judged] = []
    for each in (one for one in judged if not one.row.takes_back):
        later = (one for one in judged if one.row.takes_back and one.row.signature_id == each.row.signature_id)
        over = next((one for one in later if _took_back(each, one)), None)
        if over is not None:
            over.row.key, over.row.organisation_id = each.row.key, each.row.organisation_id  # whose it is
        found.append(over or each)
    return found


def handed_out(playbook: Playbook) -> list[dict[str, Any]]:
    """The signatures that go with the document: no more than a document may have. Those made here, and what its keeper
    brought in, come before what others added."""
    rows = list(PlaybookSignature.objects.filter(playbook=playbook))
    if any(row.takes_back for row in rows):
        rows = [each.row for each in in_force(playbook, rows)]
    return [row.document for row in _first(rows, playbook)]


def _first(rows: Sequence[PlaybookSignature], playbook: Playbook) -> Sequence[PlaybookSignature]:
    if len(rows) <= MOST:
        return rows

    def weight(row: PlaybookSignature) -> int:
        return 0 if row.key_id else 1 if row.organisation_id == playbook.created_by_organisation_id else 2

    chosen = {row.pk for row in sorted(rows, key=weight)[:MOST]}
    return [row for row in rows if row.pk in chosen]


def _verdict(signed: Signed, row: PlaybookSignature) -> Verdict:
    """A row that somebody wrote may be no signature at all: a page must not fall over it."""
    notes = Notes()
    SIGNATURE.check(row.document, (), notes)
    return NO_SIGNATURE if notes.errors else signed.verdict(row.document)


def _took_back(first: Judged, second: Judged) -> bool:
    """Whether the second form takes the first one back: later, and right by the key of the first."""
    if second.verdict.state != "right" or first.verdict.state != "right":
        return False
    was, now = first.row.document, second.row.document
    if was.get("revoked") or not now.get("revoked") or first.verdict.thumbprint != second.verdict.thumbprint:
        return False
    before, after = (check_instant(each["modified"], (), Notes()) for each in (was, now))
    return before is not None and after is not None and before < after
