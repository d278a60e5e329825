"""CPE and package URLs: examples of the specifications, and what must not pass."""

from __future__ import annotations

import pytest

from partners.software_names import NotAName, cpe_of, purl_of


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        # NISTIR 7695, 6.2.2.3, examples 1 and 2 of the formatted string.
        (
            r"cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
            r"cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
        ),
        (
            r"cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*",
            r"cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*",
        ),
        (r"cpe:2.3:a:foo\\bar:big\$money:2010:*:*:*:special:ipod_touch:80gb:*",) * 2,
        (r"CPE:2.3:A:Acme:Colon\:Ware:1:*:*:*:*:*:*:*", r"cpe:2.3:a:acme:colon\:ware:1:*:*:*:*:*:*:*"),
        # 6.1.2.4: the same names as URIs, with wildcards and a packed edition.
        (
            "cpe:/a:microsoft:internet_explorer:8.0.6001:beta",
            "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
        ),
        (
            "cpe:/a:microsoft:internet_explorer:8.%02:sp%01",
            r"cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*",
        ),
        (
            "cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~",
            "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*",
        ),
        ("cpe:/a:foo%5cbar:big%24money:2010", r"cpe:2.3:a:foo\\bar:big\$money:2010:*:*:*:*:*:*:*"),
        ("cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:2.3:o:redhat:enterprise_linux:9:*:baseos:*:*:*:*:*"),
    ],
)
def test_a_cpe_is_kept_as_a_formatted_string(typed: str, kept: str) -> None:
    assert cpe_of(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "openldap", "cpe:2.3:a:acme", "cpe:2.3:x:acme:ware:1:*:*:*:*:*:*:*", "cpe:2.3:a:ac me:ware:1:*:*:*:*:*:*:*",
        "cpe:2.3:a::ware:1:*:*:*:*:*:*:*", "cpe:2.3:a:ac*me:ware:1:*:*:*:*:*:*:*", "cpe:/a:b:c:d:e:f:g:h",
        "cpe:/a:acme:ware:1::~x~y", "cpe:/a:ac%zzme:ware", "cpe:2.3:a:" + "x" * 1000, "cpe:/",
        "cpe:2.3:a:acm\u00e9:ware:1:*:*:*:*:*:*:*", "cpe:/a:acm%c3%a9:ware",
    ],
)  # fmt: skip
def test_what_is_no_cpe_is_refused(typed: str) -> None:
    with pytest.raises(NotAName):
        cpe_of(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("pkg:pypi/Django_Rest@5.2", "pkg:pypi/django-rest@5.2"),
        ("pkg://npm/@angular/core@12.3.1", "pkg:npm/%40angular/core@12.3.1"),
        ("pkg:npm/%40angular/core@12.3.1", "pkg:npm/%40angular/core@12.3.1"),
        ("PKG:Deb/debian/curl@7.50-1?distro=jessie&arch=i386", "pkg:deb/debian/curl@7.50-1?arch=i386&distro=jessie"),
        ("pkg:maven/org.Apache.xmlgraphics/batik@1.9.1?classifier=", "pkg:maven/org.Apache.xmlgraphics/batik@1.9.1"),
        ("pkg:golang/google.org/genproto#/googleapis/../api/", "pkg:golang/google.org/genproto#googleapis/api"),
        ("pkg:docker/cassandra@sha256:244fd47e", "pkg:docker/cassandra@sha256:244fd47e"),
    ],
)  # fmt: skip
def test_a_purl_is_kept_in_its_canonical_form(typed: str, kept: str) -> None:
    assert purl_of(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "django", "pkg:pypi", "pkg:/", "pkg:py pi/django", "pkg:pypi/", "pkg:pypi/a?x", "pkg:pypi/a?x=1&X=2",
        "pkg:pypi/%ff", "pkg:pypi/a%00b", "pkg:pypi/" + "x" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_purl_is_refused(typed: str) -> None:
    with pytest.raises(NotAName):
        purl_of(typed)
