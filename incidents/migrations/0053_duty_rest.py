"""What duties, data notices, sharing and planned cuts lacked. Functions of earlier migrations are changed where they stand.

What a follow-up follows goes to the note, which stays at home: that there is a first report is not the reader's to know.
"""

import django.db.models.deletion
from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
COMMISSIONERS = "('ico_72h', 'enforcement_72h')"


def changed(signature, *pairs):
    """A function with one text instead of another; it fails where it does not have that text."""

    def made(swaps):
        steps = "".join(
            f"ASSERT position($was${was}$was$ IN made) > 0, made; made := replace(made, $was${was}$was$, $now${to}$now$);\n"
            for was, to in swaps
        )
        found = f"pg_get_functiondef('{signature}'::regprocedure)"
        return f"DO $do$ DECLARE made text := {found}; BEGIN\n{steps}EXECUTE made; END $do$;"

    return migrations.RunSQL(made(pairs), made([(to, was) for was, to in reversed(pairs)]))


# STANDARDS 7.1: what goes to the Commissioner is judged by the data protection officer; of a vacant role `sec.judges_duty`
# says who stands in.
CATALOGUE = changed(
    "sec.keep_duty_entry(uuid, text, text, text, integer, text, text, boolean)",
    (
        "made uuid := gen_random_uuid(); BEGIN",
        "made uuid := gen_random_uuid(); was jsonb; becomes jsonb; BEGIN",
    ),
    (
        "(me IS NOT NULL AND sec.role() = 'administrator') IS NOT TRUE",
        "(me IS NOT NULL AND sec.role() IN ('administrator', 'data_protection_officer') AND sec.fresh()) IS NOT TRUE",
    ),
    (
        "'an administrator keeps the catalogue'",
        "'an administrator or the data protection officer keeps the catalogue, with a passkey used just now'",
    ),
    (
        "        made := e.id;\n    END IF;",
        (
            "        made := e.id;\n        was := to_jsonb(e) - '{id,organisation_id,key,standard,position,note}'::text[];\n"
            "    END IF;\n"
            f"    IF e.key IN {COMMISSIONERS} AND said_judge <> 'data_protection_officer' THEN\n"
            "        RAISE EXCEPTION 'your data protection officer judges this; while nobody has that role, an administrator "
            "does' USING ERRCODE = '23514';\n    END IF;"
        ),
    ),
    (
        "    INSERT INTO public.ledger_event (",
        (
            "    SELECT to_jsonb(x) - '{id,organisation_id,key,standard,position,note}'::text[] INTO becomes\n"
            "      FROM public.partners_dutyentry x WHERE x.id = made;\n    INSERT INTO public.ledger_event ("
        ),
    ),
    ("'on', said_on)", "'on', said_on, 'was', was, 'now', becomes)"),
)
JUDGES = f"""
UPDATE partners_dutyentry SET judge = 'data_protection_officer' WHERE key IN {COMMISSIONERS} AND standard;
SET CONSTRAINTS ALL IMMEDIATE;
"""

GOING_ON = f"""
-- Standing down ends no legal clock: each organisation that has one running hears that, once, in an event of its own.
CREATE FUNCTION sec.duties_go_on() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_id, incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'duty.goes_on', clock_timestamp(), 'system', NEW.id, NEW.reference, f.id, ARRAY[f.org],
           jsonb_build_object('organisation', f.slug)
      FROM (SELECT DISTINCT ON (d.organisation_id) d.id, d.organisation_id AS org, o.slug
              FROM public.incidents_duty d JOIN public.partners_organisation o ON o.id = d.organisation_id
             WHERE d.incident_id = NEW.id AND d.state = 'running' ORDER BY d.organisation_id, d.due_at, d.id) f;
    RETURN NULL;
END $$;
CREATE TRIGGER duties_go_on AFTER UPDATE OF status ON incidents_incident FOR EACH ROW
    WHEN (NEW.status = 'closed' AND OLD.status <> 'closed' AND NOT NEW.exercise) EXECUTE FUNCTION sec.duties_go_on();
-- The planner, inside the addressee: whether a message about a notice has found anybody there. Where it has not, its
-- sender learns that, with the number of the addressee's duty desk, and nothing of why.
CREATE FUNCTION sec.data_notice_reached(notice uuid, reached boolean) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE n public.incidents_datanotice; BEGIN
    UPDATE public.incidents_datanotice x SET unreached_at = CASE WHEN NOT reached THEN clock_timestamp() END,
           ring = CASE WHEN reached THEN '' ELSE coalesce((SELECT d.phone FROM public.partners_dutydesk d
                                                            WHERE d.organisation_id = x.addressee_id), '') END
     WHERE x.id = notice AND x.addressee_id = sec.me() AND x.acknowledged_at IS NULL AND reached IS NOT NULL
       AND (x.unreached_at IS NULL) <> reached RETURNING * INTO n;
    IF n.id IS NULL OR reached THEN
        RETURN;
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_id, incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'data_notice.unreached', clock_timestamp(), 'system', i.id, i.reference, n.id,
           ARRAY[n.sender_id, n.addressee_id], jsonb_build_object('organisation', o.slug)
      FROM public.incidents_incident i, public.partners_organisation o
     WHERE i.id = n.incident_id AND o.id = n.addressee_id;
END $$;
-- Who reads it from now on hears of it; who reads it no more hears that, and not who still does.
CREATE FUNCTION sec.data_lost(i public.incidents_incident, ended text, subject uuid, was text, whom text) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE loses uuid[] := ARRAY(SELECT x FROM unnest(sec.data_readers(i, was)) x WHERE x <> ALL (sec.data_readers(i, whom)));
BEGIN
    IF cardinality(loses) > 0 THEN
        PERFORM sec.data_told(i, ended, subject, loses, jsonb_build_object('shared', ''));
    END IF;
END $$;
CREATE FUNCTION sec.data_shared(i public.incidents_incident, begun text, ended text, subject uuid, was text, whom text)
RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF whom = '' THEN
        PERFORM sec.data_told(i, ended, subject, sec.data_readers(i, was), jsonb_build_object('shared', ''));
    ELSE
        PERFORM sec.data_told(i, begun, subject, sec.data_readers(i, whom), jsonb_build_object('shared', whom));
        PERFORM sec.data_lost(i, ended, subject, was, whom);
    END IF;
END $$;
REVOKE ALL ON FUNCTION sec.duties_go_on(), sec.data_notice_reached(uuid, boolean),
    sec.data_lost(public.incidents_incident, text, uuid, text, text),
    sec.data_shared(public.incidents_incident, text, text, uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.data_notice_reached(uuid, boolean) TO portal_worker;
"""
GONE = """
DROP TRIGGER duties_go_on ON incidents_incident;
DROP FUNCTION sec.duties_go_on(), sec.data_notice_reached(uuid, boolean),
    sec.data_shared(public.incidents_incident, text, text, uuid, text, text),
    sec.data_lost(public.incidents_incident, text, uuid, text, text);
"""


def sharing(signature, what, row):
    event = (
        f"    PERFORM sec.data_told(i, CASE whom WHEN '' THEN '{what}.unshared' ELSE '{what}.shared' END, {row}.id,\n"
        f"        sec.data_readers(i, CASE whom WHEN '' THEN {row}.shared ELSE whom END),"
        " jsonb_build_object('shared', whom));"
    )
    return changed(
        signature,
        (event, f"    PERFORM sec.data_shared(i, '{what}.shared', '{what}.unshared', {row}.id, {row}.shared, whom);"),
    )


SAID = "'data_position.said', made, sec.data_readers(i, whom), jsonb_build_object('shared', whom));"
RESUMED = "UPDATE public.incidents_runstep s SET due_at"
CUTS = """UPDATE public.incidents_plannedcut c SET starts_at = c.starts_at + lay, ends_at = c.ends_at + lay
     WHERE c.incident_id = i.id AND c.status IN ('planned', 'decided');
    """
# A radius lets organisations in and says which links are walked: it holds what the register's own walk reaches, or what
# the newest version had. Of two walks at once the later one may still have a link that was cut meanwhile.
RADIUS = "    SELECT 1 + coalesce(max(v.number), 0) INTO nth"
HELD = """    IF EXISTS (SELECT 1 FROM jsonb_array_elements_text(whole -> 'reached_systems') s
                WHERE s <> ALL (sec.incident_walk(i.id)::text[])
                  AND (sec.current_radius(i.id) -> 'reached_systems' ? s) IS NOT TRUE)
       OR EXISTS (SELECT 1 FROM jsonb_array_elements(whole -> 'organisations') o
                   WHERE o ->> 'id' <> ALL (sec.reached_organisations(i.id)::text[])) THEN
        RAISE EXCEPTION 'no path of this incident reaches that' USING ERRCODE = '23514';
    END IF;
"""
REACHING = f"""
-- Whoever the register's own walk reaches from what an incident names, and whoever its newest radius has.
CREATE FUNCTION sec.reached_organisations(incident uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    WITH on_path AS (SELECT unnest(sec.incident_walk(incident)) AS id)
    SELECT coalesce(array_agg(x.org), '{{}}') FROM (
        SELECT p.organisation_id FROM on_path s JOIN public.partners_participation p ON p.system_id = s.id
        UNION SELECT r.org FROM on_path s JOIN public.partners_sharedsystem y ON y.id = s.id
                CROSS JOIN LATERAL unnest(ARRAY[y.owner_id, y.provider_id]) r(org)
        UNION SELECT (o ->> 'id')::uuid FROM jsonb_array_elements(sec.current_radius(incident) -> 'organisations') o) x(org)
     WHERE x.org IS NOT NULL
$$;
REVOKE ALL ON FUNCTION sec.reached_organisations(uuid) FROM PUBLIC;
"""
# A named link stands in the register, where everybody on either system reads it: while an incident is only suspected,
# that would tell them. `sec.name_link` asks this already, for whoever is left untold.
UNTOLD = "BEGIN\n    IF EXISTS (SELECT 1 FROM public.incidents_untold u"
SUSPECTED = """BEGIN
    IF EXISTS (SELECT 1 FROM public.incidents_incident i
                CROSS JOIN LATERAL (
                    SELECT organisation AS org
                    UNION SELECT unnest(sec.speakers(e)) FROM unnest(ends) e
                    UNION SELECT p.organisation_id FROM public.partners_participation p
                           WHERE p.system_id = ANY (ends) AND p.denied_at IS NULL) r
                WHERE i.id = incident AND i.status = 'suspected' AND r.org IS NOT NULL AND r.org <> ALL (i.participants)) THEN
        RAISE EXCEPTION 'the incident is only suspected, and others would read of this link in the register: open it first'
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_untold u"""
# Recorded for everybody that the preview shows: also whoever runs the end that is not reached, or loses what is carried.
READ = """    PERFORM sec.read_of_incident(incident, sec.stopped_with(off || ARRAY(SELECT d.target_id FROM public.partners_dependency d
                                                         WHERE d.id = ANY (edges))), 'what-if');
"""
READ_BY_ALL = """    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     audience, data)
    SELECT gen_random_uuid(), 'estate.read', clock_timestamp(), t.org_id,
           CASE WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, '', ARRAY[shown.org],
           jsonb_build_object('reason', 'what-if')
      FROM sec.ticket() t CROSS JOIN (SELECT sec.me() AS org UNION SELECT r.organisation_id FROM sec.cut_reach(edges, off) r) shown
     WHERE NOT sec.is_kept_from_somebody(i) OR shown.org = ANY (i.participants);
"""
BODY = "(id, incident_id, organisation_id, {}body, body_name, route,\n        reference, told_at, written_at, shared)\n"
NOTE = "(report_id, organisation_id, {}told_by, words, written_by)\n    VALUES (made, me, {}btrim(who_told)"
FOLLOWS = "follows_id IS NOT DISTINCT FROM after"
TO_NOTES = """
UPDATE incidents_outsidereportnote n SET follows_id = r.follows_id FROM incidents_outsidereport r
 WHERE r.id = n.report_id AND r.follows_id IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""
FROM_NOTES = """
UPDATE incidents_outsidereport r SET follows_id = n.follows_id FROM incidents_outsidereportnote n
 WHERE r.id = n.report_id AND n.follows_id IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""


def to_report(related_name, on_delete):
    return models.ForeignKey(null=True, on_delete=on_delete, related_name=related_name, to="incidents.outsidereport")


class Migration(migrations.Migration):
    dependencies = [("incidents", "0052_board_rest")]
    operations = [
        CATALOGUE,
        migrations.RunSQL(JUDGES, migrations.RunSQL.noop),
        migrations.AddField("datanotice", "unreached_at", models.DateTimeField(null=True)),
        migrations.AddField("datanotice", "ring", models.TextField(blank=True, db_default="", default="")),
        migrations.RunSQL(GOING_ON, GONE),
        changed("sec.resume_exercise(uuid)", (RESUMED, CUTS + RESUMED)),
        sharing("sec.share_data_position(uuid, text)", "data_position", "was"),
        sharing("sec.share_outside_report(uuid, text)", "outside_report", "r"),
        changed(
            "sec.say_data_position(uuid, text, text[], text, text, text[], text, text)",
            (SAID, f"{SAID}\n    PERFORM sec.data_lost(i, 'data_position.unshared', made, was.shared, whom);"),
        ),
        migrations.AddField("outsidereportnote", "follows", to_report("+", django.db.models.deletion.SET_NULL)),
        migrations.RunSQL(TO_NOTES, FROM_NOTES),
        migrations.RemoveField("outsidereport", "follows"),
        changed(
            "sec.put_outside_report(uuid, text, text, text, text, timestamptz, text, text, uuid, text)",
            (f"r.{FOLLOWS}", f"n.{FOLLOWS}"),
            (BODY.format("follows_id, "), BODY.format("")),
            ("VALUES (made, i.id, me, after, whom,", "VALUES (made, i.id, me, whom,"),
            (NOTE.format("", ""), NOTE.format("follows_id, ", "after, ")),
        ),
        changed("sec.no_untold_end(uuid, uuid[], uuid)", (UNTOLD, SUSPECTED)),
        migrations.RunSQL(REACHING, "DROP FUNCTION sec.reached_organisations(uuid)"),
        changed("sec.keep_radius(uuid, jsonb, jsonb, jsonb, jsonb)", (RADIUS, HELD + RADIUS)),
        changed("sec.cut_preview(uuid, uuid[], uuid[])", (READ, READ_BY_ALL)),
    ]
