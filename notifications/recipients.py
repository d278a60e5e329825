"""Whom to tell, and by which way. Pure: contact points in, choices out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from portal.reasons import reason

MOST_REASONS = 2  # that a board says in a line
# Channels that many read, and browsers that may be shut: they come beside a person's other ways, never in their place,
# and nobody counts as told by them.
BESIDE = ("teams", "slack", "push")
ONLY_BESIDE = reason("Only a channel or a browser could be told. Call the duty desk.")
NO_WAY = reason("No way to reach anybody here is recorded. Call the duty desk.")
NONE_CAN = reason("No recorded way can be used. %(why)s Call the duty desk.", "why")
THE_ONLY = reason("The only recorded way cannot be used. %(why)s Call the duty desk.", "why")
NONE_TRUSTED = reason("None of the recorded ways can be trusted at present. Call the duty desk.")


@dataclass(frozen=True, slots=True)
class Way:
    """One contact point of the organisation that is told. `person_id` None is the duty desk itself.

    `doubt` says why it is not trusted, '' that it is.
    """

    id: UUID
    person_id: UUID | None
    kind: str
    doubt: str = ""

    @property
    def is_beside(self) -> bool:
        return self.kind in BESIDE


@dataclass(slots=True)
class Choice:
    """The ways to use, and those passed over with the reason in words."""

    use: list[Way] = field(default_factory=list)
    skip: list[tuple[Way, str]] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether somebody will be told, and not only a channel or a browser."""
        return any(not way.is_beside for way in self.use)


def choose(
    ways: Sequence[Way],
    *,
    doubts: Mapping[UUID, str],
    people: Collection[UUID] | None = None,
    reached: Collection[UUID | None] = (),
    held: Collection[UUID] = (),
) -> Choice:
    """One way for each person, the first that is trusted, with all that comes beside it, and every trusted one of the
    duty desk.

    `ways` come in the order of preference, `doubts` are the reasons that this incident adds, `people` None is
    everybody, `reached` are people who have a message already, `held` those who are told from a worse severity on.
    """
    choice, told, served = Choice(), {*reached, *held}, {*reached, *held}
    for way in ways:
        if way.person_id is not None and (
            way.person_id in (told if way.is_beside else served) or (people is not None and way.person_id not in people)
        ):
            continue
        doubt = doubts.get(way.id) or way.doubt
        if doubt:
            choice.skip.append((way, doubt))
        else:
            choice.use.append(way)
            if way.person_id is not None and not way.is_beside:
                served.add(way.person_id)
    return choice


def duty_first(ways: Sequence[Way], on_duty: UUID | None) -> list[Way]:
    """The ways of whoever is on duty before all others, otherwise in the order that they had."""
    return sorted(ways, key=lambda way: on_duty is None or way.person_id != on_duty)


def why_nobody(choice: Choice) -> str:
    """Why nobody can be told, as the lead reads it on the board; '' when somebody can."""
    if choice.counts:
        return ""
    if choice.use:
        return ONLY_BESIDE
    if not choice.skip:
        return NO_WAY
    reasons = {reason for _, reason in choice.skip}
    if len(reasons) == 1 and len(choice.skip) > 1:
        return NONE_CAN % {"why": reasons.pop()}
    if len(choice.skip) == 1:
        return THE_ONLY % {"why": reasons.pop()}
    if len(reasons) <= MOST_REASONS:
        return NONE_CAN % {"why": " ".join(sorted(reasons))}
    return NONE_TRUSTED
