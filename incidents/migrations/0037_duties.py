"""Duties of an organisation: what an incident takes from its catalogue, and everything said of it.

Functions alone write them, with events for the organisation itself.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, MINE, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
NEW_DUTY = "id, incident_id, organisation_id, kind, hours, decision"
STATES = [
    ("assessing", "To assess"),
    ("running", "Running"),
    ("reported", "Reported"),
    ("followed_up", "Follow-up sent"),
    ("not_reportable", "No report needed"),
    ("closed", "Closed"),
]
STARTS = [
    ("aware", "When a person says that we are aware"),
    ("reached", "When an incident reaches us"),
    ("notice", "When somebody gives us notice about our data"),
]
RULES = [
    ("clock", "Every hour counts, also nights, weekends and bank holidays"),
    ("working", "Monday to Friday, 9 to 17 local time; bank holidays count as other days"),
]
JUDGES = [
    ("data_protection_officer", "Data protection officer"),
    ("incident_manager", "Incident manager"),
    ("administrator", "Administrator"),
]
ACTS = [
    ("assess", "To be assessed"),
    ("start", "Began by itself"),
    ("aware", "Aware"),
    ("correct", "Time of becoming aware corrected"),
    ("report", "Reported"),
    ("no_report", "No report needed"),
    ("follow_up", "Follow-up sent"),
    ("close", "Closed"),
    ("reopen", "Opened again"),
    ("share", "Shared"),
    ("unshare", "No longer shared"),
]

DUE = f"""
-- When so many hours are over. Clock hours are of the instant, so the change of the clocks moves nothing. Working hours
-- are Monday to Friday, 9 to 17 in London; no bank holiday is known, so such a due time errs to the early side.
CREATE FUNCTION sec.duty_due(begins timestamptz, hours integer, rule text) RETURNS timestamptz LANGUAGE plpgsql STABLE {DEFINER}
AS $$
DECLARE rest interval := make_interval(hours => hours); d date := (begins AT TIME ZONE 'Europe/London')::date;
    opens timestamptz; shuts timestamptz; BEGIN
    IF begins IS NULL OR hours = 0 THEN
        RETURN NULL;
    END IF;
    IF rule = 'clock' THEN
        RETURN begins + rest;
    END IF;
    LOOP
        IF extract(isodow FROM d) < 6 THEN
            opens := greatest(begins, (d + time '09:00') AT TIME ZONE 'Europe/London');
            shuts := (d + time '17:00') AT TIME ZONE 'Europe/London';
            IF shuts > opens THEN
                IF opens + rest <= shuts THEN
                    RETURN opens + rest;
                END IF;
                rest := rest - (shuts - opens);
            END IF;
        END IF;
        d := d + 1;
    END LOOP;
END $$;
-- One line of what was said, and its event: for the organisation alone, without a word of what was said.
CREATE FUNCTION sec.duty_said(d public.incidents_duty, what text, said_words text, made timestamptz) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.incidents_dutyrevision (id, duty_id, organisation_id, number, act, at, said_by, name, words, state,
                                               aware_at, due_at, moment, route, reference, delay)
    SELECT gen_random_uuid(), d.id, d.organisation_id, coalesce(max(r.number), 0) + 1, what, clock_timestamp(),
           CASE WHEN what <> 'start' THEN sec.who() END, CASE WHEN what <> 'start' THEN coalesce(sec.my_name(), '') ELSE '' END,
           coalesce(said_words, ''), d.state, d.aware_at, d.due_at, made, d.route, d.reference, d.delay
      FROM public.incidents_dutyrevision r WHERE r.duty_id = d.id;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'duty.changed', clock_timestamp(),
           CASE WHEN what <> 'start' THEN k.org_id END, CASE WHEN what <> 'start' THEN 'person' ELSE 'system' END,
           CASE WHEN what <> 'start' THEN k.person_id END, i.id, i.reference, d.id, ARRAY[d.organisation_id],
           jsonb_build_object('duty', d.kind, 'act', what, 'state', d.state)
      FROM public.incidents_incident i, sec.ticket() k WHERE i.id = d.incident_id
$$;
"""

BEGIN = f"""
-- What an incident takes from the catalogues of those whom it reaches: the lead's, or a job's inside the lead. Only what
-- starts by the incident itself has a clock from then on; everything else waits for a person or for a notice.
CREATE FUNCTION sec.begin_duties(incident uuid, organisations uuid[]) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d public.incidents_duty; t timestamptz := clock_timestamp(); BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = incident AND i.lead_id = sec.me()) THEN
        RAISE EXCEPTION 'the lead alone brings organisations in' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.incidents_duty (id, incident_id, organisation_id, kind, name, source, starts, hours, rule, judge,
                                       state, decision)
    SELECT gen_random_uuid(), p.incident_id, p.organisation_id, e.key, e.name, e.source, e.starts, e.hours, e.rule, e.judge,
           'assessing', ''
      FROM public.incidents_participant p JOIN public.partners_dutyentry e ON e.organisation_id = p.organisation_id
     WHERE p.incident_id = incident AND p.organisation_id = ANY (organisations) AND p.role <> 'observer'
       AND e.is_on AND e.starts <> 'notice'
        ON CONFLICT DO NOTHING;
    FOR d IN UPDATE public.incidents_duty x SET state = 'running', aware_at = t,
                    due_at = sec.duty_due(t, x.hours, x.rule)
              WHERE x.incident_id = incident AND x.organisation_id = ANY (organisations) AND x.starts = 'reached'
                AND x.state = 'assessing' AND x.aware_at IS NULL RETURNING x.* LOOP
        PERFORM sec.duty_said(d, 'start', '', NULL);
    END LOOP;
END $$;
-- One's own duty to tell the Commissioner is to be assessed, and what starts by a notice runs. Asked again it changes
-- nothing; one that was decided not to need a report is looked at once more, because something new is known.
CREATE FUNCTION sec.begin_assessment(incident uuid, organisation uuid, because text) RETURNS uuid
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); d public.incidents_duty; e public.partners_dutyentry; t timestamptz := clock_timestamp(); BEGIN
    IF (organisation = me AND sec.role() IN ('administrator', 'incident_manager', 'responder', 'approver',
            'data_protection_officer')) IS NOT TRUE
       OR NOT EXISTS (SELECT 1 FROM public.incidents_participant p WHERE p.incident_id = incident AND p.organisation_id = me
                         AND p.role <> 'observer') THEN
        RAISE EXCEPTION 'a person of an organisation that takes part begins its own assessment' USING ERRCODE = '42501';
    END IF;
    FOR e IN SELECT * FROM public.partners_dutyentry x WHERE x.organisation_id = me AND x.starts = 'notice' AND x.is_on LOOP
        INSERT INTO public.incidents_duty (id, incident_id, organisation_id, kind, name, source, starts, hours, rule, judge,
                                           state, decision, aware_at, due_at)
        VALUES (gen_random_uuid(), incident, me, e.key, e.name, e.source, e.starts, e.hours, e.rule, e.judge, 'running', '',
                t, sec.duty_due(t, e.hours, e.rule))
            ON CONFLICT DO NOTHING RETURNING * INTO d;
        IF FOUND THEN
            PERFORM sec.duty_said(d, 'start', '', NULL);
        END IF;
    END LOOP;
    d := NULL;
    INSERT INTO public.incidents_duty (id, incident_id, organisation_id, kind, name, source, starts, hours, rule, judge,
                                       state, decision)
    SELECT gen_random_uuid(), incident, me, x.key, x.name, x.source, x.starts, x.hours, x.rule, x.judge, 'assessing', ''
      FROM public.partners_dutyentry x WHERE x.organisation_id = me AND x.key = 'ico_72h'
        ON CONFLICT DO NOTHING RETURNING * INTO d;
    IF d.id IS NULL THEN
        SELECT * INTO d FROM public.incidents_duty x
         WHERE x.incident_id = incident AND x.organisation_id = me AND x.kind = 'ico_72h' FOR UPDATE;
        IF d.state = 'not_reportable' OR d.state = 'closed' AND d.reported_at IS NULL THEN
            UPDATE public.incidents_duty x SET state = CASE WHEN x.aware_at IS NULL THEN 'assessing' ELSE 'running' END,
                   settled_at = NULL, decision = '', reminded = 0 WHERE x.id = d.id RETURNING * INTO d;
        ELSIF d.state = 'closed' THEN
            UPDATE public.incidents_duty x SET state = 'reported' WHERE x.id = d.id RETURNING * INTO d;
        ELSIF EXISTS (SELECT 1 FROM public.incidents_dutyrevision r
                       WHERE r.duty_id = d.id AND r.act = 'assess' AND r.words = coalesce(left(because, 2000), '')) THEN
            RETURN d.id;
        END IF;
    END IF;
    PERFORM sec.duty_said(d, 'assess', left(because, 2000), NULL);
    RETURN d.id;
END $$;
"""

SAY = f"""
-- Whether whoever asks judges this duty: the role that its line names, or an administrator while nobody has that role.
CREATE FUNCTION sec.judges_duty(d public.incidents_duty) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.who() IS NOT NULL AND (sec.role() = d.judge OR sec.role() = 'administrator' AND NOT EXISTS (
        SELECT 1 FROM public.partners_person p WHERE p.organisation_id = d.organisation_id AND p.role = d.judge
           AND p.is_active AND (p.access_ends_at IS NULL OR p.access_ends_at > now())))
$$;
-- For the pages: of which duties of an incident whoever asks may judge.
CREATE FUNCTION sec.duties_i_judge(incident uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(d.id), '{{}}') FROM public.incidents_duty d
     WHERE d.incident_id = incident AND d.organisation_id = sec.me() AND sec.judges_duty(d)
$$;
-- Say something of one's own duty. The line that says what was before stays; whether anything changed.
CREATE FUNCTION sec.say_duty(duty uuid, say text, moment timestamptz, said_words text, by_route text, ref text,
    why_late text, whom text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d public.incidents_duty; words text := btrim(coalesce(said_words, '')); due timestamptz; at timestamptz; BEGIN
    SELECT * INTO d FROM public.incidents_duty x WHERE x.id = duty AND x.organisation_id = sec.me() FOR UPDATE;
    IF d.id IS NULL OR sec.who() IS NULL THEN
        RAISE EXCEPTION 'no duty of your organisation, or no person' USING ERRCODE = '42501';
    END IF;
    IF say IN ('aware', 'correct', 'no_report', 'reopen') AND NOT sec.judges_duty(d) THEN
        RAISE EXCEPTION 'this is judged by your %', replace(d.judge, '_', ' ') USING ERRCODE = '42501';
    END IF;
    IF NOT sec.judges_duty(d) AND sec.role() NOT IN ('administrator', 'incident_manager', 'data_protection_officer') THEN
        RAISE EXCEPTION 'your role does not allow this' USING ERRCODE = '42501';
    END IF;
    -- What is shared can be taken back at any time.
    IF (say = 'share' AND whom = '') IS NOT TRUE AND EXISTS (
            SELECT 1 FROM public.incidents_incident i WHERE i.id = d.incident_id AND i.suspended_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the exercise is put aside: do nothing more in it' USING ERRCODE = '23514';
    END IF;
    IF length(words) > 2000 OR length(by_route) > 200 OR length(ref) > 100 OR length(why_late) > 2000 THEN
        RAISE EXCEPTION 'that is too long' USING ERRCODE = '23514';
    END IF;
    IF say IN ('aware', 'correct', 'report', 'follow_up') AND (moment <= clock_timestamp() + interval '1 minute'
            AND moment > clock_timestamp() - interval '5 years') IS NOT TRUE THEN
        RAISE EXCEPTION 'say when it was: not in the future' USING ERRCODE = '23514';
    END IF;
    IF words = '' AND say IN ('aware', 'correct', 'no_report', 'follow_up', 'reopen') THEN
        RAISE EXCEPTION 'say why, or on what evidence' USING ERRCODE = '23514';
    END IF;
    due := sec.duty_due(moment, d.hours, d.rule);
    at := moment;
    IF say = 'aware' AND d.state IN ('assessing', 'not_reportable') AND d.aware_at IS NULL THEN
        d.state := 'running'; d.aware_at := moment; d.due_at := due; d.settled_at := NULL; d.decision := ''; at := NULL;
    ELSIF say = 'correct' AND d.state <> 'closed' AND d.aware_at IS NOT NULL THEN
        IF d.aware_at = moment THEN RETURN false; END IF;
        IF d.reported_at < moment THEN
            RAISE EXCEPTION 'it was reported before that' USING ERRCODE = '23514';
        END IF;
        IF d.reported_at > due AND d.delay = '' THEN
            d.delay := btrim(coalesce(why_late, ''));
            IF d.delay = '' THEN
                RAISE EXCEPTION 'by that time the report was late: say why' USING ERRCODE = '23514';
            END IF;
        END IF;
        d.aware_at := moment; d.due_at := due; d.reminded := 0; at := NULL;
    ELSIF say = 'report' AND d.state = 'running' THEN
        IF btrim(coalesce(by_route, '')) = '' THEN
            RAISE EXCEPTION 'say by which route it was reported' USING ERRCODE = '23514';
        END IF;
        IF moment < d.aware_at THEN
            RAISE EXCEPTION 'it is reported after becoming aware: correct that time first' USING ERRCODE = '23514';
        END IF;
        d.delay := CASE WHEN moment > d.due_at THEN btrim(coalesce(why_late, '')) ELSE '' END;
        IF moment > d.due_at AND d.delay = '' THEN
            RAISE EXCEPTION 'it was reported after it was due: say why' USING ERRCODE = '23514';
        END IF;
        d.state := 'reported'; d.reported_at := moment; d.settled_at := clock_timestamp(); d.route := btrim(by_route);
        d.reference := btrim(coalesce(ref, ''));
    ELSIF say = 'no_report' AND d.state IN ('assessing', 'running') THEN
        d.state := 'not_reportable'; d.decision := words; d.settled_at := clock_timestamp(); at := NULL;
    ELSIF say = 'follow_up' AND d.state IN ('reported', 'followed_up') THEN
        IF moment < d.reported_at THEN
            RAISE EXCEPTION 'a follow-up comes after the report' USING ERRCODE = '23514';
        END IF;
        d.state := 'followed_up';
        d.reference := coalesce(nullif(btrim(coalesce(ref, '')), ''), d.reference);
    ELSIF say = 'close' AND d.state IN ('reported', 'followed_up', 'not_reportable') THEN
        d.state := 'closed'; at := NULL;
    ELSIF say = 'reopen' AND d.state IN ('closed', 'not_reportable') THEN
        d.state := CASE WHEN d.reported_at IS NOT NULL THEN 'reported' WHEN d.aware_at IS NOT NULL THEN 'running'
                        ELSE 'assessing' END;
        d.settled_at := CASE WHEN d.reported_at IS NOT NULL THEN d.settled_at END; d.decision := ''; at := NULL;
        d.reminded := 0;
    ELSIF say = 'share' AND whom IN ('', 'lead', 'all') THEN
        IF d.shared = whom THEN RETURN false; END IF;
        d.shared := whom; at := NULL;
        say := CASE WHEN whom = '' THEN 'unshare' ELSE 'share' END;
    ELSE
        RAISE EXCEPTION 'that cannot be said of it now' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_duty x SET state = d.state, aware_at = d.aware_at, due_at = d.due_at, reported_at = d.reported_at,
           settled_at = d.settled_at, route = d.route, reference = d.reference, delay = d.delay, decision = d.decision,
           shared = d.shared, reminded = d.reminded WHERE x.id = d.id;
    PERFORM sec.duty_said(d, say, words, at);
    RETURN true;
END $$;
CREATE POLICY duties_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'duty');
REVOKE ALL ON FUNCTION sec.duty_due(timestamptz, integer, text), sec.duty_said(public.incidents_duty, text, text, timestamptz),
    sec.begin_duties(uuid, uuid[]), sec.begin_assessment(uuid, uuid, text), sec.judges_duty(public.incidents_duty),
    sec.duties_i_judge(uuid), sec.say_duty(uuid, text, timestamptz, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.begin_duties(uuid, uuid[]) TO portal_app, portal_worker;
GRANT EXECUTE ON FUNCTION sec.begin_assessment(uuid, uuid, text), sec.duties_i_judge(uuid),
    sec.say_duty(uuid, text, timestamptz, text, text, text, text, text) TO portal_app;
"""
# What was there before has the words of its line, and the state that follows from its times.
BEFORE = """
UPDATE incidents_duty d SET name = e.name, source = e.source,
       state = CASE WHEN d.settled_at IS NOT NULL THEN 'closed' WHEN d.aware_at IS NOT NULL THEN 'running' ELSE 'assessing' END
  FROM partners_dutyentry e WHERE e.organisation_id = d.organisation_id AND e.key = d.kind
"""
BACKWARD = """
DROP POLICY duties_by_functions ON ledger_event;
DROP FUNCTION sec.say_duty(uuid, text, timestamptz, text, text, text, text, text), sec.duties_i_judge(uuid),
    sec.judges_duty(public.incidents_duty), sec.begin_assessment(uuid, uuid, text), sec.begin_duties(uuid, uuid[]),
    sec.duty_said(public.incidents_duty, text, text, timestamptz), sec.duty_due(timestamptz, integer, text);
"""
SHARED = (
    f"shared <> '' AND EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_duty.incident_id AND {ME} ="
    f" ANY (i.participants) AND (incidents_duty.shared = 'all' OR {ME} = i.lead_id))"
)
# From now on functions alone write it; its owner decides who else reads it.
NARROWED = f"""
DROP POLICY portal_app_insert ON incidents_duty;
DROP POLICY portal_app_update ON incidents_duty;
DROP POLICY portal_worker_insert ON incidents_duty;
REVOKE INSERT, UPDATE ON incidents_duty FROM portal_app, portal_worker;
REVOKE INSERT ({NEW_DUTY}) ON incidents_duty FROM portal_app, portal_worker;
REVOKE UPDATE (aware_at, due_at, settled_at, decision) ON incidents_duty FROM portal_app;
ALTER POLICY portal_app_select ON incidents_duty USING (organisation_id = {MINE} OR {SHARED});
"""
LED = (
    f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_duty.incident_id AND (i.lead_id = {ME} AND"
    " incidents_duty.organisation_id = ANY (i.participants))) AND decision = ''"
)
WIDENED = f"""
ALTER POLICY portal_app_select ON incidents_duty USING (organisation_id = {MINE});
GRANT INSERT ({NEW_DUTY}) ON incidents_duty TO portal_app, portal_worker;
GRANT UPDATE (aware_at, due_at, settled_at, decision) ON incidents_duty TO portal_app;
CREATE POLICY portal_app_insert ON incidents_duty FOR INSERT TO portal_app WITH CHECK ({LED});
CREATE POLICY portal_worker_insert ON incidents_duty FOR INSERT TO portal_worker WITH CHECK ({LED});
CREATE POLICY portal_app_update ON incidents_duty FOR UPDATE TO portal_app
    USING (organisation_id = {MINE}) WITH CHECK (organisation_id = {MINE});
"""


def words(default: str = "", choices: list[tuple[str, str]] | None = None) -> models.TextField:
    return models.TextField(blank=default == "", choices=choices, db_default=default, default=default)


def told(choices: list[tuple[str, str]] | None = None) -> models.TextField:
    return models.TextField(choices=choices) if choices else models.TextField(blank=True, default="")


class Migration(migrations.Migration):
    dependencies = [("incidents", "0036_audiences"), ("partners", "0022_duty_catalogue")]
    operations = [
        migrations.AlterField("duty", "kind", models.TextField()),
        *(
            migrations.AddField("duty", name, field)
            for name, field in (
                ("name", words()),
                ("source", words()),
                ("starts", models.TextField(choices=STARTS, db_default="aware", default="aware")),
                ("rule", models.TextField(choices=RULES, db_default="clock", default="clock")),
                (
                    "judge",
                    models.TextField(
                        choices=JUDGES, db_default="data_protection_officer", default="data_protection_officer"
                    ),
                ),
                ("state", models.TextField(choices=STATES, db_default="assessing", default="assessing")),
                ("reported_at", models.DateTimeField(blank=True, null=True)),
                ("route", words()),
                ("reference", words()),
                ("delay", words()),
                (
                    "shared",
                    words(choices=[("", "Nobody else"), ("lead", "The lead"), ("all", "Everybody who takes part")]),
                ),
                ("reminded", models.PositiveSmallIntegerField(db_default=0, default=0)),
            )
        ),
        migrations.CreateModel(
            name="DutyRevision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("act", told(ACTS)),
                ("at", models.DateTimeField()),
                ("said_by", models.UUIDField(null=True)),
                ("name", told()),
                ("words", told()),
                ("state", told(STATES)),
                ("aware_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("moment", models.DateTimeField(null=True)),
                ("route", told()),
                ("reference", told()),
                ("delay", told()),
                (
                    "duty",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="incidents.duty",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("duty", "number"), name="duty_revision_once")],
            },
        ),
        migrations.RunSQL(DUE + BEGIN + SAY, BACKWARD),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            "duty",
            models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["assessing", "running", "reported", "followed_up", "not_reportable", "closed"])
                ),
                name="duty_state",
            ),
        ),
        migrations.AddConstraint(
            "duty",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "not_reportable"), _negated=True),
                    models.Q(("decision", ""), _negated=True),
                    _connector="OR",
                ),
                name="duty_no_report_has_reason",
            ),
        ),
        migrations.AddConstraint(
            "duty", models.CheckConstraint(condition=models.Q(("shared__in", ["", "lead", "all"])), name="duty_shared")
        ),
        migrations.AddIndex(
            "duty",
            models.Index(
                condition=models.Q(("reminded__lt", 3), ("state", "running")), fields=["due_at"], name="duty_due"
            ),
        ),
        migrations.RunSQL(NARROWED, WIDENED),
        protect("incidents_dutyrevision", Allow("portal_app", "select", f"organisation_id = {ME}")),
    ]
