"""Parts of pages that are written once for each content: the same again for the same, and never another's."""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import engines
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override
from jinja2 import DictLoader, UndefinedError
from markupsafe import Markup, escape

from portal.pages import Pages
from portal.written import LONGEST, MOST_LETTERS, Written

BST = timezone(timedelta(hours=1))
TEMPLATES = Path(__file__).parents[2] / "templates"
# What would be old, or somebody else's, when it is shown again.
NOT_THERE = re.compile(
    r"\|\s*ago\b|\bcsrf|\bviewer\b(?!\.(role|reach)\b| %)|\brequest\b|\brandom\b|\bticking\(|\bnow\b\s*[()|]"
)


@pytest.fixture
def written() -> Written:
    loader = DictLoader({"a": "<p>{{ words }}</p>"})
    return Written(Pages(autoescape=True, auto_reload=False, loader=loader))


def test_the_same_is_written_once(written):
    assert written("a", words="one & two") == "<p>one &amp; two</p>"
    written.env.loader.mapping["a"] = "changed"
    written.env.cache.clear()
    assert written("a", words="one & two") == "<p>one &amp; two</p>", "kept"
    assert written("a", words="other") == "changed"
    assert isinstance(written("a", words="other"), Markup)


def test_what_is_to_be_escaped_never_stands_for_what_is_not(written):
    for safe in (Markup("<b>x</b>"), mark_safe("<b>x</b>")):
        assert written("a", words=safe) == "<p><b>x</b></p>"
    assert written("a", words="<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


def test_values_of_different_kinds_are_different_values(written):
    at = datetime(2026, 11, 27, 3, 5, tzinfo=UTC)
    assert written("a", words=1) == "<p>1</p>"
    assert written("a", words=True) == "<p>True</p>"
    assert written("a", words=at) == "<p>2026-11-27 03:05:00+00:00</p>"
    assert written("a", words={"b": [None]}) == "<p>{&#39;b&#39;: [None]}</p>"


def test_a_text_is_kept_for_each_language(written):
    words = gettext_lazy("Yes")  # one of Django's own
    assert written("a", words=words) == "<p>Yes</p>"
    with override("de"):
        assert written("a", words=words) == "<p>Ja</p>"
    assert written("a", words=words) == "<p>Yes</p>"


def test_what_cannot_be_compared_is_written_each_time(written):
    for safe, other in ((Markup("<b>x</b>"), "<b>x</b>"), (1, "1")):
        for made in (lambda value: OrderedDict(w=value), lambda value: {1: value}, lambda value: {"w": {value}}):
            assert written("a", words=made(safe)) == f"<p>{escape(str(made(safe)))}</p>"
            assert written("a", words=made(other)) == f"<p>{escape(str(made(other)))}</p>"
    assert written("a", words=2**70) == f"<p>{2**70}</p>"
    assert written("a", words="\ud800") == "<p>\ud800</p>"
    assert not written.kept
    summer, winter = (datetime(2026, 7, 1, 12, tzinfo=zone) for zone in (ZoneInfo("Europe/London"), BST))
    assert written("a", words=summer.tzinfo) != written("a", words=winter.tzinfo)


def test_it_has_nothing_but_what_it_is_given():
    page = engines["jinja2"].env.from_string("{{ written_once('_footer.html') }}")
    with pytest.raises(UndefinedError):
        page.render(viewer={"role": "x", "reach": "all"})


def test_it_keeps_so_many_letters_and_nothing_very_long(written):
    for number in range(MOST_LETTERS // 50_000 + 3):
        written("a", words=f"{number} ".ljust(50_000, "x"))
        assert sum(map(len, written.kept.values())) == written.letters <= MOST_LETTERS
    assert 0 < len(written.kept) < 10, "begun anew"
    before = dict(written.kept)
    assert written("a", words="x" * LONGEST).startswith("<p>xxx")
    assert written.kept == before


def test_whoever_works_on_a_template_sees_what_it_is_now(written):
    written.env.auto_reload = True
    assert written("a", words="w") == "<p>w</p>"
    written.env.loader = DictLoader({"a": "{{ words }}!"})
    written.env.cache.clear()
    assert written("a", words="w") == "w!"


def parts() -> list[str]:
    """Every template that is written so, and what it includes."""
    found, more = set(), [TEMPLATES / name for name in called()]
    while more:
        path = more.pop()
        if path in found:
            continue
        found.add(path)
        more += [TEMPLATES / each for each in re.findall(r'{% include "([^"]+)"', path.read_text())]
    return sorted(str(path.relative_to(TEMPLATES)) for path in found)


def called() -> list[str]:
    return [
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'\bwritten_once\("([^"]+)"', path.read_text())
    ]


def test_those_are_the_parts_that_are_written_so():
    assert sorted(called()) == [
        "_footer.html", "incidents/_feed.html", "incidents/_row.html", "incidents/_signed.html",
    ]  # fmt: skip


@pytest.mark.parametrize("part", parts())
def test_no_such_part_reads_a_clock_or_who_looks(part):
    text = re.sub(r"{#.*?#}", "", (TEMPLATES / part).read_text(), flags=re.DOTALL)
    assert not [found.group() for found in NOT_THERE.finditer(text)]


def test_a_dict_gives_its_own_and_what_it_can_do():
    page = Pages(autoescape=True).from_string(
        "{{ a.words }} {{ a.items()|length }} {{ a['items'] }} {{ a.get('x', 1) }}"
    )
    assert page.render(a={"words": "w", "items": 5}) == "w 2 5 1"
