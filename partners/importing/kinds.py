"""What the four kinds of rows have in common: their fields, and how one row is compared with what is there.

A value stands here as an export writes it: organisations and systems by slug, dates as ISO text. What is a slug becomes
an id when it is written (`Kind.columns`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.importing.values import Reader, Value
from partners.models import Organisation

Values = dict[str, Value]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row. `empty` is what an empty cell means, and what a new object has of what is not said."""

    name: str
    words: str | Promise
    reader: Reader
    required: bool = False
    empty: Value = ""
    also: tuple[str, ...] = ()  # headers that usually mean it, besides its name and words
    names: str = ""  # "organisation", "system" or "person": the cell names one, by slug (person: address) or name


@dataclass(frozen=True, slots=True)
class There:
    """One object that is in the register already. `mine` is whether the organisation may write it."""

    id: UUID
    values: Values
    mine: bool


class Refusal(Exception):
    """A row cannot be taken: of which field, and why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field, self.words = field, words


UNKNOWN = {
    "organisation": lazy("No organisation of the partnership is called so."),
    "person": lazy("Nobody of your organisation has this address."),
}


def not_yours() -> str:
    """The same words for what others write and for what is not there: no file tells one from the other."""
    return _("This is not yours to write, or it is not there.")


class Kind(ABC):
    """One kind of rows, as the organisation of the open scope sees it. It asks the database when it is made.

    `there` has every object of this kind that the organisation may see, by its key.
    """

    name: ClassVar[str]
    one: ClassVar[str]  # the name of one of them, as addresses have it
    words: ClassVar[str | Promise]
    fields: ClassVar[tuple[Field, ...]]
    identity: ClassVar[frozenset[str]]  # the fields that `key_of` goes by; they are never changed
    shown_by: ClassVar[tuple[str, ...]]  # the fields by which people know an object
    model: ClassVar[type[models.Model]]

    def __init__(self, me: UUID) -> None:
        self.me = me
        self.there: dict[Key, There] = {}
        self.organisations = {each.pk: each for each in Organisation.objects.all()}
        self.my_slug = self.organisations[me].slug
        self.systems: dict[str, UUID] = {}  # those that a row can name, by slug
        self.called: dict[str, dict[str, str]] = {
            "organisation": {},
            "system": {},
            "person": {},
        }  # what is written -> slug
        for each in self.organisations.values():
            self.called["organisation"] |= {each.name.casefold(): each.slug}
        self.called["organisation"] |= {each.slug: each.slug for each in self.organisations.values()}
        self.look()

    @abstractmethod
    def look(self) -> None:
        """Fill `there` and whatever else rows are compared with. A handful of queries, whatever the number of rows."""

    def nameable(self, systems: Iterable[tuple[UUID, str, str]]) -> None:
        """Let rows name these systems (id, slug, name); a name that two of them have names neither."""
        listed = list(systems)
        often = Counter(name.casefold() for _pk, _slug, name in listed)
        self.systems = {slug: pk for pk, slug, _name in listed}
        self.called["system"] = {name.casefold(): slug for _pk, slug, name in listed if often[name.casefold()] == 1} | {
            slug: slug for slug in self.systems
        }

    def resolved(self, said: Values) -> Values:
        """The same with slugs for whatever names an organisation or a system.

        Raises:
            Refusal: no organisation of the partnership is called so, or no system that this one could write about.
        """
        for each in self.fields:
            written = said.get(each.name)
            if each.names and written:
                found = self.called[each.names].get(str(written).casefold())
                if found is None:
                    raise Refusal(each.name, str(UNKNOWN.get(each.names) or not_yours()))
                said = {**said, each.name: found}
        return said

    def organisation_id(self, slug: str | None) -> str | None:
        return next((str(each.pk) for each in self.organisations.values() if each.slug == slug), None)

    def slug_of(self, organisation_id: UUID | None) -> str:
        return self.organisations[organisation_id].slug if organisation_id else ""

    def prepare(self, rows: Sequence[Values]) -> None:  # noqa: B027 - most need nothing more
        """Ask the database what these rows need to be judged by; called once for a batch, with what each one says."""

    @abstractmethod
    def key_of(self, said: Mapping[str, Value]) -> Key:
        """What makes the row this object and no other.

        Raises:
            Refusal: it names something that is not the organisation's to write.
        """

    @abstractmethod
    def check_new(self, values: Values) -> None:
        """Whether the organisation may add this.

        Raises:
            Refusal: it may not, or it does not fit.
        """

    def check_changed(self, there: There, values: Values, changed: frozenset[str]) -> None:
        """Whether the organisation may make this of it; `there.mine` is asked already.

        Raises:
            Refusal: it may not, or it does not fit.
        """
        self.check_fits(values)

    def check_fits(self, values: Values) -> None:  # noqa: B027 - most have nothing to say
        """Whether the fields go together.

        Raises:
            Refusal: they do not.
        """

    @abstractmethod
    def columns(self, values: Values) -> dict[str, Any]:
        """The columns of the table that hold these values."""

    def finish(self, written: Sequence[tuple[UUID, Values]]) -> None:  # noqa: B027 - most have no such field
        """Write what only a function of the database may write: of each object its id and what was said of it."""

    @classmethod
    def field(cls, name: str) -> Field:
        return next(each for each in cls.fields if each.name == name)
