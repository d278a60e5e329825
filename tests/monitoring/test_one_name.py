"""A domain, its realm and its short name are one name: nobody takes it from whoever has it as another kind of name."""

from __future__ import annotations

import pytest

from incidents.errors import Invalid
from monitoring.findings.sources import claim
from monitoring.models import Identifier

pytestmark = pytest.mark.django_db(transaction=True)


def claims(inside, cast, slug: str, kind: str, value: str) -> None:
    with inside(slug, role="administrator"):
        claim(kind=kind, value=value, whose=cast.id(slug), system=None)


@pytest.mark.parametrize("value", ["staff.riverside.example", "riverside"])
@pytest.mark.parametrize(
    ("had", "wanted"),
    [("domain", "realm"), ("realm", "domain"), ("domain", "netbios"), ("netbios", "domain"), ("netbios", "realm")],
)
def test_whoever_has_it_keeps_it_as_every_kind(inside, cast, had: str, wanted: str, value: str):
    claims(inside, cast, "ashbourne", had, value)
    with pytest.raises(Invalid, match="taken"):
        claims(inside, cast, "gravenhurst", wanted, value)
    claims(inside, cast, "ashbourne", wanted, value)
    with inside("gravenhurst"):
        assert not Identifier.objects.filter(value=value).exists()


def test_a_machine_may_be_called_what_somebody_calls_a_domain(inside, cast):
    claims(inside, cast, "ashbourne", "netbios", "riverside")
    claims(inside, cast, "gravenhurst", "host", "riverside")
    with pytest.raises(Invalid, match="taken"):
        claims(inside, cast, "gravenhurst", "host", "file-01.riverside")
