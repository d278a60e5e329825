"""Readiness by the register: each line says what is missing, and has one button to where it is mended."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.utils.html import escape

from partners import work
from partners.readiness_register import register_lines

pytestmark = pytest.mark.django_db(transaction=True)
ROW = re.compile(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", re.S)


def owner(url, sql, *parameters):
    with psycopg.connect(url) as connection:
        connection.execute(sql, parameters)


def lines_of(inside, cast, slug):
    with inside(slug, "administrator"):
        return {line.title: line for line in register_lines(cast.id(slug))}


def test_who_decides_and_what_people_fall_back_on(inside, cast, owner_url):
    lines = lines_of(inside, cast, "brackenfield")
    owners = lines["Somebody decides about every system that you stand on"]
    assert not owners.well
    assert "Backup vault" in owners.says
    fallback = lines["Every safety-critical service has a fallback"]
    assert (fallback.well, fallback.says, fallback.args) == (
        False, "Without one: Telecare alarms.", ("telecare-alarms",),
    )  # fmt: skip
    assert lines_of(inside, cast, "ashbourne")["Every safety-critical service has a fallback"].well


def test_links_that_one_runs_are_looked_at_within_a_year(inside, cast, owner_url):
    title = "Every link of the systems that you run was looked at within a year"
    owner(owner_url, "UPDATE partners_dependency SET reviewed_on = current_date, reviewed_by = 'x'")
    assert lines_of(inside, cast, "eastwick")[title].well
    owner(owner_url, "UPDATE partners_dependency SET reviewed_on = current_date - 366")
    line = lines_of(inside, cast, "eastwick")[title]
    assert (line.well, line.says) == (False, "Longer ago or never: Finance ledger → Housing.")
    assert lines_of(inside, cast, "gravenhurst")[title].well  # it runs nothing
    owner(owner_url, "UPDATE partners_dependency SET cut_source_at = now(), cut_target_at = now()")
    assert lines_of(inside, cast, "eastwick")[title].well


def test_work_and_cards_that_were_left_lying(inside, cast, owner_url):
    with inside("dunmere"):
        work.raise_own("x", "x", "Ring the alarm centre", due=datetime.now(UTC) - timedelta(minutes=1))
        work.raise_own("x", "y", "Later", due=datetime.now(UTC) + timedelta(days=1))
    put = (
        "INSERT INTO partners_reviewcard (id, organisation_id, person_id, month, place, kind, object_id, fact,"
        " dealt_at, state, words, work_raised) SELECT gen_random_uuid(), organisation_id, id, '2026-01-01', 1,"
        " 'contact', gen_random_uuid(), '{}', now() - %s * interval '1 day', 'open', '', false"
        " FROM partners_person WHERE name = %s"
    )
    owner(owner_url, put, 15, "Rhys Morgan")
    owner(owner_url, put, 13, "Alan Birtles")
    lines = lines_of(inside, cast, "dunmere")
    assert lines["No work is overdue"].says == "Overdue: Ring the alarm centre."
    assert lines["What was asked of your people is answered within two weeks"].says == "Not answered by: Rhys Morgan."
    others = lines_of(inside, cast, "gravenhurst")
    assert others["No work is overdue"].well
    assert others["What was asked of your people is answered within two weeks"].well


def test_each_red_line_has_one_button_that_opens_and_there_is_no_score(client_of):
    client = client_of("brackenfield", "administrator", fresh=True)
    page = client.get("/readiness/").content.decode()
    red = 0
    rows = ROW.findall(page)
    for title, cells in rows:
        buttons = re.findall(r'href="([^"]+)"', cells)
        if "✓" in cells:
            assert buttons == [], title
        else:
            red += 1
            assert len(buttons) == 1, title
            assert client.get(buttons[0]).status_code == 200, (title, buttons)
    assert red >= 4
    assert not re.search(r"\d\s*%", page.split("<main")[1].split("</main")[0])
    # What is missing comes first.
    states = ["✓" in cells for _, cells in rows]
    assert states == sorted(states)
    assert escape("There is no score") in page
