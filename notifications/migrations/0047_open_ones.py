"""The head of every page asks once who asks, and finds one's own open incidents by an index of theirs, not among all
that one ever took part in: it takes as long as one has open ones. And three functions that each
board asks keep their plan, as the head does: in plain SQL it is made anew at each call."""

from importlib import import_module

from django.db import migrations

changed = import_module("notifications.migrations.0040_unseen").changed
HEAD = "sec.page_head()"
CHANGES = (
    # Whoever took part in thousands has few that are open, which no estimate of the planner's shows: LIMIT holds it to
    # them.
    (
        """FROM public.incidents_participant p JOIN public.incidents_incident i ON i.id = p.incident_id
             WHERE p.organisation_id = m.me AND i.status <> 'closed'""",
        """FROM public.incidents_incident i, LATERAL (SELECT 1 FROM public.incidents_participant p
             WHERE p.incident_id = i.id AND p.organisation_id = m.me LIMIT 1) mine
             WHERE i.status <> 'closed' AND i.participants @> ARRAY[m.me]""",
    ),
    ("AND i.status <> 'closed'\n", "AND i.status <> 'closed' AND i.participants @> ARRAY[m.me]\n"),
    # Pulled up, it would be asked for each of them.
    ("(SELECT sec.mine() AS me) m", "(SELECT sec.mine() AS me OFFSET 0) m"),
    ("WHERE sec.me() = ANY (a.audience)", "WHERE (SELECT sec.me()) = ANY (a.audience)"),
    ("a.requested_by <> sec.who()", "a.requested_by <> (SELECT sec.who())"),
    ("w.organisation_id = sec.me() AND", "w.organisation_id = (SELECT sec.me()) AND"),
    (
        "c.organisation_id = sec.me() AND c.person_id = sec.who()",
        "c.organisation_id = (SELECT sec.me()) AND c.person_id = (SELECT sec.who())",
    ),
)
KEPT = ("sec.not_trusted(uuid)", "sec.mail_distrust()", "sec.services_counted(uuid)")
TO_KEEP = """
DO $do$ DECLARE made text := pg_get_functiondef('{function}'::regprocedure); BEGIN
    ASSERT made ~ 'LANGUAGE sql', made;
    EXECUTE regexp_replace(replace(made, 'LANGUAGE sql', 'LANGUAGE plpgsql'), '(AS .function.)(.*?);?\\s*(.function.)\\s*$',
        E'\\\\1\\n    #variable_conflict use_column\\nBEGIN\\n    RETURN QUERY\\\\2;\\nEND\\n\\\\3');
END $do$;
"""
TO_MAKE_ANEW = """
DO $do$ DECLARE made text := pg_get_functiondef('{function}'::regprocedure); BEGIN
    ASSERT made ~ 'LANGUAGE plpgsql', made;
    EXECUTE regexp_replace(replace(made, 'LANGUAGE plpgsql', 'LANGUAGE sql'),
        '\\n    #variable_conflict use_column\\nBEGIN\\n    RETURN QUERY(.*);\\nEND\\n', E'\\\\1\\n');
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0046_tried_again"), ("incidents", "0056_open_of"),
        ("partners", "0017_mail_distrust"),
    ]  # fmt: skip
    operations = [
        *(migrations.RunSQL(changed(HEAD, was, to), changed(HEAD, to, was)) for was, to in CHANGES),
        *(migrations.RunSQL(TO_KEEP.format(function=each), TO_MAKE_ANEW.format(function=each)) for each in KEPT),
    ]
