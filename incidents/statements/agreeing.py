"""Who must agree to a statement and whether all do: for its author alone, who reads every answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from incidents.models import Statement, StatementAsk, StatementVersion
from incidents.not_trusted import Suspicion, suspected_since
from incidents.statements.saying import Says, Status

AGREED = "agreed"  # shown to the author in place of `asked`; no row says it
SHOWN = {*Status.values, AGREED}


def must_agree(version: StatementVersion, asks: Collection[StatementAsk]) -> list[UUID]:
    """Of a draft whom it names, afterwards whom it asked; of `asks` its author is given all, anybody else its own."""
    return list(version.asked) or [each.organisation_id for each in asks if each.version_id == version.pk]


def counts(ask: StatementAsk, found: Sequence[Suspicion]) -> bool:
    """Whether an answer counts: none does that was given while its organisation may have been somebody else."""
    if ask.answer == Says.NOTHING or ask.answered_at is None:
        return False
    return suspected_since(found, ask.organisation_id, ask.answered_at) is None


def objected_at(asks: Collection[StatementAsk], found: Sequence[Suspicion]) -> datetime | None:
    """When the newest objection was made: a decision of before has not looked at it."""
    made = (each.answered_at for each in asks if each.answer == Says.OBJECTS and counts(each, found))
    return max((each for each in made if each is not None), default=None)


def all_agree(statement: Statement, asks: Collection[StatementAsk], found: Sequence[Suspicion]) -> bool:
    """Of the newest version. `asks`: all of it, as its author reads them."""
    agree = (each.answer == Says.AGREES and counts(each, found) for each in asks)
    return statement.status == Status.ASKED and bool(asks) and all(agree)


def shown_status(statement: Statement, asks: Collection[StatementAsk], found: Sequence[Suspicion], *, me: UUID) -> str:
    """`agreed` for nobody but its author: of two who are asked each would know what the other said."""
    if statement.organisation_id == me and all_agree(statement, asks, found):
        return AGREED
    return statement.status


def status_words(status: str) -> str:
    return {
        Status.DRAFT: _("Draft"), Status.ASKED: _("Waits for agreement"), AGREED: _("Agreed, not issued"),
        Status.ISSUED: _("Issued"), Status.WITHDRAWN: _("Withdrawn"),
    }[status]  # fmt: skip
