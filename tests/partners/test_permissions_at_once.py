"""Both sides at the same moment: one of two approvals counts, and what was ended stays ended."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from partners import permissions
from partners.permissions import State
from tests.partners.permitted import asked, proposed, seen
from tests.partners.raw import entered

pytestmark = pytest.mark.django_db(transaction=True)
AT_MOST = 20  # seconds, for what has to come


def both_at_once(cast, *acts):
    """Each act is (slug, statements); how each ended: '' or the SQLSTATE. Both have begun before either goes on."""
    ready = threading.Barrier(len(acts), timeout=AT_MOST)

    def one(act):
        slug, statements = act
        try:
            with entered(cast.visitor(slug, fresh=True).ticket, commits=True) as connection:
                connection.execute("SELECT sec.me()")
                ready.wait()
                for sql, values in statements:
                    connection.execute(sql, values)
        except psycopg.Error as error:
            return error.sqlstate
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts, timeout=AT_MOST))


def approves(approval):
    return [("SELECT sec.decide(%s, true, '')", [approval]), ("SELECT sec.permit_integration(%s)", [approval])]


def test_both_approve_what_the_other_asked_and_one_of_them_counts(inside, cast):
    made = proposed(inside, cast)
    theirs, ours = asked(inside, cast, made, "coldharbour"), asked(inside, cast, made, "ashbourne")
    came = both_at_once(cast, ("ashbourne", approves(theirs)), ("coldharbour", approves(ours)))
    assert sorted(came) == ["", "23514"]
    with inside("ashbourne"):
        assert seen(made).in_force


def test_ended_while_it_is_approved_it_is_ended(inside, cast):
    made = proposed(inside, cast)
    approval = asked(inside, cast, made, "coldharbour")
    ends = [("SELECT sec.end_permission(%s, 'Over')", [made])]
    came = both_at_once(cast, ("ashbourne", approves(approval)), ("coldharbour", ends))
    assert came[1] == ""
    assert came[0] in {"", "23514"}
    with inside("ashbourne"):
        assert permissions.own_one(made).state is State.ENDED


def test_changed_by_both_at_once_there_is_one_next_version(inside, cast):
    made = proposed(inside, cast)
    with inside("ashbourne"):
        version = seen(made).latest
        said = (
            '{"name": "x", "purpose": "x", "direction": "both", "data_classes": ["personal"], "accounts": ["svc@x"],'
            f' "systems": ["{version.system_ids[0]}"], "starts_on": "{version.starts_on}",'
            f' "review_on": "{version.review_on}", "expires_on": "{version.expires_on}", "kill_switch_name": "x",'
            ' "kill_switch_how": "x", "owner": "%s"}'
        )
    changes = "SELECT sec.propose_permission(%s, 1, NULL, NULL, %s::jsonb)"
    acts = [(slug, [(changes, [made, said % cast.visitor(slug).person_id])]) for slug in ("ashbourne", "coldharbour")]
    assert sorted(both_at_once(cast, *acts)) == ["", "23514"]
    with inside("ashbourne"):
        assert seen(made).latest.number == 2
