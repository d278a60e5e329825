"""What an organisation did by itself, and answers to tasks that were told by telephone. Functions alone write either.

Own actions: title, time and what they touch are for their organisation and the overseers; the rest stays at home. An
answer told by telephone is written down by the lead or the deputy lead, never over one that the organisation gave.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, MINE, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OVERSEEN = f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {{0}}.incident_id AND {ME} = ANY (i.overseers))"
# In that order: without a valid ticket it is refused, and not merely empty.
VOICE = (
    f"CASE WHEN reporter_id = {ME} OR organisation_id = {MINE}"
    " THEN (SELECT t.kind <> 'key' FROM sec.ticket() t) ELSE false END"
)
# The key behind the ticket; NULL: a person's.
KEY = (
    "(SELECT g.key_id FROM sec.grant_token g"
    " WHERE g.kind = 'key' AND g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8')))"
)

OWN = f"""
-- What the ticket's organisation knows by name of this incident: its systems, those on its own paths, and those links.
CREATE FUNCTION sec.touched_name(incident uuid, kind text, which uuid) RETURNS text LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE called text; why jsonb; BEGIN
    IF kind = 'system' THEN
        SELECT s.name INTO called FROM public.incidents_incidentsystem s
         WHERE s.incident_id = incident AND s.system_id = which;
    END IF;
    IF called IS NULL AND kind IN ('system', 'link') THEN
        why := sec.why_here(incident, sec.me());
        SELECT x INTO called FROM (
            SELECT s ->> 'name' FROM jsonb_array_elements(why -> 'systems') s
             WHERE kind = 'system' AND (s ->> 'id')::uuid = which
            UNION ALL SELECT (e ->> 'source') || ' to ' || (e ->> 'target') FROM jsonb_array_elements(why -> 'edges') e
             WHERE kind = 'link' AND (e ->> 'id')::uuid = which) y(x) LIMIT 1;
    END IF;
    RETURN called;
END $$;
-- The same again is the one that stands, and is not fresh: also of two that come at once.
CREATE FUNCTION sec.did_ourselves(incident uuid, what text, at_time timestamptz, kind text, which uuid, which_stops text,
    said_words text, OUT made uuid, OUT fresh boolean) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; named text := ''; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND me = ANY (x.participants) FOR SHARE;
    IF i.id IS NULL OR EXISTS (SELECT 1 FROM public.incidents_participant p
                                WHERE p.incident_id = i.id AND p.organisation_id = me AND p.role = 'observer') THEN
        RAISE EXCEPTION 'no incident that you take part in' USING ERRCODE = '42501';
    END IF;
    IF (SELECT t.kind <> 'key' FROM sec.ticket() t) AND sec.role() IN ('', 'observer') THEN
        RAISE EXCEPTION 'a person whose role allows it writes down what was done' USING ERRCODE = '42501';
    END IF;
    IF i.status = 'closed' OR i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the incident is closed or put aside' USING ERRCODE = '23514';
    END IF;
    IF (length(btrim(what)) BETWEEN 1 AND 200 AND length(which_stops) <= 600 AND length(said_words) <= 2000
        AND kind IN ('', 'system', 'link') AND (kind = '') = (which IS NULL)
        AND at_time BETWEEN i.opened_at - interval '90 days' AND clock_timestamp() + interval '5 minutes') IS NOT TRUE THEN
        RAISE EXCEPTION 'what was done, and when: not in the future' USING ERRCODE = '23514';
    END IF;
    IF kind <> '' THEN
        named := sec.touched_name(i.id, kind, which);
    END IF;
    IF named IS NULL THEN
        RAISE EXCEPTION 'no system or link of this incident that you know' USING ERRCODE = '42501';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('own action ' || i.id || me, 0));
    SELECT a.id, false INTO made, fresh FROM public.incidents_ownaction a
     WHERE a.incident_id = i.id AND a.organisation_id = me AND a.title = btrim(what) AND a.done_at = at_time
       AND a.about = kind AND a.about_id IS NOT DISTINCT FROM which AND a.taken_back_at IS NULL LIMIT 1;
    IF made IS NOT NULL THEN
        RETURN;
    END IF;
    IF 200 <= (SELECT count(*) FROM public.incidents_ownaction a WHERE a.incident_id = i.id AND a.organisation_id = me) THEN
        RAISE EXCEPTION 'there are 200 here already, and no room for more' USING ERRCODE = '23514';
    END IF;
    made := gen_random_uuid();
    fresh := true;
    INSERT INTO public.incidents_ownaction (id, incident_id, organisation_id, title, done_at, about, about_id, touches,
        written_at) VALUES (made, i.id, me, btrim(what), at_time, kind, which, named, clock_timestamp());
    INSERT INTO public.incidents_ownactionnote (action_id, organisation_id, stops, words, written_by, written_key)
    VALUES (made, me, btrim(which_stops), btrim(said_words), sec.who(), {KEY});
END $$;
-- Within a minute, by whoever wrote it; false: it is taken back already. The row stays, and counts no more.
CREATE FUNCTION sec.take_back_own_action(action uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.incidents_ownaction; i public.incidents_incident; BEGIN
    SELECT n.* INTO i FROM public.incidents_incident n WHERE n.id = (
        SELECT x.incident_id FROM public.incidents_ownaction x WHERE x.id = action AND x.organisation_id = sec.me()) FOR SHARE;
    SELECT x.* INTO a FROM public.incidents_ownaction x JOIN public.incidents_ownactionnote n ON n.action_id = x.id
     WHERE x.id = action AND x.organisation_id = sec.me() AND (n.written_by = sec.who() OR n.written_key = {KEY})
       FOR UPDATE OF x;
    -- A person whose role writes still, or a key that may answer still; a job is neither.
    IF a.id IS NULL OR NOT coalesce(CASE (SELECT t.kind FROM sec.ticket() t) WHEN 'key' THEN sec.key_has('answer')
                                    ELSE sec.role() NOT IN ('', 'observer') END, false) THEN
        RAISE EXCEPTION 'whoever wrote it down takes it back' USING ERRCODE = '42501';
    END IF;
    IF a.taken_back_at IS NOT NULL THEN
        RETURN false;
    END IF;
    IF i.status = 'closed' OR i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the incident is closed or put aside' USING ERRCODE = '23514';
    END IF;
    IF a.written_at < clock_timestamp() - interval '65 seconds' THEN
        RAISE EXCEPTION 'within 60 seconds' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_ownaction x SET taken_back_at = clock_timestamp() WHERE x.id = a.id;
    RETURN true;
END $$;
"""

# `reported_id` is written by these functions alone: such a change has its own rules, every other those of before.
REPORTING = f"""
DROP TRIGGER task_moves ON incidents_task;
CREATE TRIGGER task_moves BEFORE UPDATE OF status, reason, changed_by_id ON incidents_task FOR EACH ROW
    WHEN (NEW.reported_id IS NOT DISTINCT FROM OLD.reported_id) EXECUTE FUNCTION sec.task_moves();
-- Where an answer by telephone may lead. Over an answer of the organisation's own it only goes on in its direction.
CREATE FUNCTION sec.reported_arrows(was text, own boolean) RETURNS text[] LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN was = 'waiting' THEN ARRAY['acknowledged', 'in_progress', 'done', 'blocked', 'declined', 'not_affected']
        WHEN own THEN CASE was WHEN 'acknowledged' THEN ARRAY['in_progress', 'done', 'blocked']
            WHEN 'in_progress' THEN ARRAY['done', 'blocked'] WHEN 'blocked' THEN ARRAY['in_progress', 'done'] END
        ELSE CASE was WHEN 'acknowledged' THEN ARRAY['in_progress', 'done', 'blocked', 'declined', 'not_affected']
            WHEN 'in_progress' THEN ARRAY['done', 'blocked', 'declined', 'not_affected']
            WHEN 'blocked' THEN ARRAY['acknowledged', 'in_progress', 'done', 'declined', 'not_affected']
            WHEN 'declined' THEN ARRAY['acknowledged'] WHEN 'not_affected' THEN ARRAY['acknowledged'] END END
$$;
CREATE FUNCTION sec.reported_reason(becomes text, said text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN becomes IN ('blocked', 'declined', 'not_affected') THEN said ELSE '' END
$$;
CREATE FUNCTION sec.put_reported(t public.incidents_task, report uuid, becomes text, why text) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    UPDATE public.incidents_task x SET reported_id = report, status = becomes, reason = why, version = t.version + 1,
        changed_at = clock_timestamp(), changed_by_id = sec.who(), previous_status = '', previous_reason = '',
        acknowledged_at = CASE WHEN becomes <> 'waiting' THEN coalesce(t.acknowledged_at, clock_timestamp()) END,
        done_at = CASE WHEN becomes = 'done' THEN coalesce(t.done_at, clock_timestamp()) END
     WHERE x.id = t.id
$$;
-- The lead or the deputy lead writes down what an organisation said by telephone. The same again is the one that stands.
CREATE FUNCTION sec.report_task(task uuid, becomes text, who_said text, as_what text, rang text, said_words text,
    stopping text, said_answers jsonb) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); t public.incidents_task; i public.incidents_incident; r public.incidents_reportedanswer;
    s public.incidents_step; names text[]; made uuid := gen_random_uuid(); under uuid; moment timestamptz; BEGIN
    SELECT x.* INTO t FROM public.incidents_task x JOIN public.incidents_incident n ON n.id = x.incident_id
     WHERE x.id = task AND me IN (n.lead_id, n.deputy_lead_id) AND me <> x.organisation_id FOR NO KEY UPDATE OF x;
    IF t.id IS NULL OR sec.who() IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'an incident manager of the lead or its deputy writes this, for another organisation'
            USING ERRCODE = '42501';
    END IF;
    SELECT * INTO i FROM public.incidents_incident n WHERE n.id = t.incident_id;
    IF i.status = 'closed' OR i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the incident is closed or put aside' USING ERRCODE = '23514';
    END IF;
    IF (length(btrim(who_said)) BETWEEN 1 AND 200 AND length(btrim(as_what)) BETWEEN 1 AND 200
        AND length(btrim(rang)) BETWEEN 1 AND 60 AND length(said_words) <= 600) IS NOT TRUE
       OR becomes IN ('blocked', 'declined', 'not_affected') AND btrim(said_words) = '' THEN
        RAISE EXCEPTION 'who said it, in which role, on which number, and why' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO r FROM public.incidents_reportedanswer x
     WHERE x.id = t.reported_id AND x.version = t.version AND x.settled = '';
    IF t.status = becomes AND (r.said_role, r.words) = (btrim(as_what), btrim(said_words)) AND EXISTS (
            SELECT 1 FROM public.incidents_reportedvoice v
             WHERE v.report_id = r.id AND (v.said_by, v.number) = (btrim(who_said), btrim(rang))) THEN
        RETURN r.id;
    END IF;
    -- Its own word stays its own, however often somebody reports on top of it.
    IF (becomes = ANY (sec.reported_arrows(t.status, coalesce(r.was_status, t.status) <> 'waiting'))) IS NOT TRUE THEN
        RAISE EXCEPTION 'the organisation has answered this itself, or the answer does not lead there now'
            USING ERRCODE = '23514';
    END IF;
    IF becomes IN ('in_progress', 'done') AND NOT t.ready THEN
        RAISE EXCEPTION 'the steps before this one are not settled' USING ERRCODE = '23514';
    END IF;
    SELECT x.id INTO under FROM public.incidents_reportedanswer x WHERE x.id = t.reported_id AND x.version = t.version;
    SELECT * INTO s FROM public.incidents_step x WHERE x.id = t.step_id;
    -- By the report's id and its moment `settle_report` finds again what was written for it.
    moment := clock_timestamp();
    IF becomes = 'done' THEN
        names := CASE WHEN s.typed_confirmation THEN sec.unguarded_of(t.organisation_id, t.incident_id) ELSE '{{}}' END;
        IF cardinality(names) > 0 THEN
            IF sec.says_one_of(coalesce(stopping, ''), names) IS NOT TRUE THEN
                RAISE EXCEPTION 'this stops a service of theirs with no recorded fallback: ask for its name, and type it'
                    USING ERRCODE = '23514';
            END IF;
            INSERT INTO public.incidents_stopconfirmation (id, task_id, organisation_id, words, at, by_id)
            VALUES (made, t.id, t.organisation_id, left(stopping, 2000), moment, sec.who());
        END IF;
        INSERT INTO public.incidents_runanswer (id, incident_id, task_id, organisation_id, scope, name, kind, value, at)
        SELECT gen_random_uuid(), t.incident_id, t.id, t.organisation_id, t.path, a.name, a.kind, a.value, moment
          FROM jsonb_to_recordset(said_answers) AS a(name text, kind text, value text)
         WHERE EXISTS (SELECT 1 FROM jsonb_array_elements(s.answers) k WHERE k ->> 'name' = a.name
                          AND k ->> 'kind' = a.kind AND (k ->> 'deciding')::boolean)
        ON CONFLICT (task_id, name) DO UPDATE SET kind = excluded.kind, value = excluded.value, at = excluded.at;
    END IF;
    -- A correction goes back to what the organisation said itself, whatever was reported in between; taking it back goes
    -- to the report that stood until now (`over_id`), if there was one.
    INSERT INTO public.incidents_reportedanswer (id, incident_id, task_id, organisation_id, reporter_id, status, was_status,
        was_reason, over_id, said_role, words, written_by, written_by_name, at, version, settled)
    VALUES (made, t.incident_id, t.id, t.organisation_id, me, becomes, coalesce(r.was_status, t.status),
        coalesce(r.was_reason, t.reason), under, btrim(as_what), btrim(said_words), sec.who(), sec.my_name(), moment, t.version + 1, '');
    INSERT INTO public.incidents_reportedvoice (report_id, organisation_id, reporter_id, said_by, number)
    VALUES (made, t.organisation_id, me, btrim(who_said), btrim(rang));
    PERFORM sec.put_reported(t, made, becomes, sec.reported_reason(becomes, btrim(said_words)));
    RETURN made;
END $$;
-- Its organisation confirms or corrects what stands in its name, whoever wrote it takes it back within a minute. False:
-- it was said already. What a condition of the plan has made of it stands.
CREATE FUNCTION sec.settle_report(report uuid, how text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t public.incidents_task; r public.incidents_reportedanswer; under public.incidents_reportedanswer; mine boolean; BEGIN
    -- As `sec.hold_run_of` and a look at the run do it, and in their order: the incident first.
    PERFORM 1 FROM public.incidents_incident n WHERE n.id = (
        SELECT x.incident_id FROM public.incidents_reportedanswer x WHERE x.id = report
           AND (x.organisation_id = sec.mine() OR x.written_by = sec.who() AND x.reporter_id = sec.me()))
       FOR NO KEY UPDATE;
    SELECT k.* INTO t FROM public.incidents_task k JOIN public.incidents_reportedanswer x ON x.task_id = k.id
     WHERE x.id = report AND (x.organisation_id = sec.mine() OR x.written_by = sec.who() AND x.reporter_id = sec.me())
       FOR NO KEY UPDATE OF k;
    SELECT * INTO r FROM public.incidents_reportedanswer x WHERE x.id = report AND t.id IS NOT NULL;
    mine := r.organisation_id = sec.mine();
    IF r.id IS NULL OR sec.who() IS NULL OR sec.role() IN ('', 'observer')
       OR (how = ANY (CASE WHEN mine THEN ARRAY['confirmed', 'corrected'] ELSE ARRAY['taken_back'] END)) IS NOT TRUE THEN
        RAISE EXCEPTION 'a person of its own organisation says whether it is right' USING ERRCODE = '42501';
    END IF;
    IF r.settled = how THEN
        RETURN false;
    END IF;
    IF r.settled <> '' OR t.reported_id IS DISTINCT FROM r.id
       OR NOT (t.version = r.version OR t.status = 'verified' AND t.version = r.version + 1)
       OR EXISTS (SELECT 1 FROM public.incidents_incident n WHERE n.id = t.incident_id
                     AND (n.status = 'closed' OR n.suspended_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'this answer does not stand any more' USING ERRCODE = '23514';
    END IF;
    IF how = 'taken_back' AND r.at < clock_timestamp() - interval '65 seconds' THEN
        RAISE EXCEPTION 'within 60 seconds' USING ERRCODE = '23514';
    END IF;
    IF how <> 'confirmed' AND EXISTS (
            SELECT 1 FROM public.incidents_runstep n JOIN public.incidents_step s ON s.id = t.step_id
             WHERE n.incident_id = t.incident_id AND n.key = t.path || s.cacao_step_id AND n.turn = t.turn
               AND n.state IN ('ended', 'stopped') AND t.status IN ('done', 'verified')
               AND EXISTS (SELECT 1 FROM public.incidents_runanswer a WHERE a.task_id = t.id)) THEN
        RAISE EXCEPTION 'the plan has gone on by this answer: ring the lead' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_reportedanswer x SET settled = how, settled_at = clock_timestamp() WHERE x.id = r.id;
    IF how = 'confirmed' THEN
        RETURN true;
    END IF;
    -- What was typed and answered for it in the organisation's name goes with it.
    DELETE FROM public.incidents_stopconfirmation c WHERE c.id = r.id AND c.task_id = t.id;
    DELETE FROM public.incidents_runanswer a WHERE a.task_id = t.id AND a.at = r.at;
    SELECT * INTO under FROM public.incidents_reportedanswer x WHERE x.id = r.over_id AND how = 'taken_back';
    IF under.id IS NULL THEN
        PERFORM sec.put_reported(t, NULL, r.was_status, r.was_reason);
    ELSE
        PERFORM sec.put_reported(t, under.id, under.status, sec.reported_reason(under.status, under.words));
        UPDATE public.incidents_reportedanswer x SET version = t.version + 1 WHERE x.id = under.id;
    END IF;
    RETURN true;
END $$;
"""
NOBODY = (
    "sec.touched_name(uuid, text, uuid), sec.reported_arrows(text, boolean), sec.reported_reason(text, text),"
    " sec.put_reported(public.incidents_task, uuid, text, text)"
)
OPEN = (
    "sec.did_ourselves(uuid, text, timestamptz, text, uuid, text, text), sec.take_back_own_action(uuid),"
    " sec.report_task(uuid, text, text, text, text, text, text, jsonb), sec.settle_report(uuid, text)"
)
GRANTS = f"""
REVOKE ALL ON FUNCTION {NOBODY}, {OPEN} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {OPEN} TO portal_app;
"""
BACKWARD = f"""
DROP TRIGGER task_moves ON incidents_task;
CREATE TRIGGER task_moves BEFORE UPDATE OF status, reason, changed_by_id ON incidents_task
    FOR EACH ROW EXECUTE FUNCTION sec.task_moves();
DROP FUNCTION {OPEN}, {NOBODY};
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0039_decision_log")]

    operations = [
        migrations.CreateModel(
            name="OwnAction",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.TextField()),
                ("done_at", models.DateTimeField()),
                (
                    "about",
                    models.TextField(
                        blank=True,
                        choices=[("", "Not said"), ("system", "A system"), ("link", "A link between two systems")],
                        default="",
                    ),
                ),
                ("about_id", models.UUIDField(null=True)),
                ("touches", models.TextField(blank=True, default="")),
                ("written_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_actions",
                        to="incidents.incident",
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
                "ordering": ["-done_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="task",
            name="reported_id",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="ReportedAnswer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("status", models.TextField()),
                ("was_status", models.TextField()),
                ("was_reason", models.TextField(blank=True, default="")),
                ("over_id", models.UUIDField(editable=False, null=True)),
                ("said_role", models.TextField()),
                ("words", models.TextField(blank=True, default="")),
                ("written_by", models.UUIDField()),
                ("written_by_name", models.TextField()),
                ("at", models.DateTimeField()),
                ("version", models.PositiveIntegerField()),
                (
                    "settled",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Not yet"),
                            ("confirmed", "Confirmed by the organisation"),
                            ("corrected", "Not right, says the organisation"),
                            ("taken_back", "Taken back by whoever wrote it"),
                        ],
                        default="",
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
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
                (
                    "reporter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="incidents.task",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="OwnActionNote",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="note",
                        serialize=False,
                        to="incidents.ownaction",
                    ),
                ),
                ("stops", models.TextField(blank=True, default="")),
                ("words", models.TextField(blank=True, default="")),
                ("written_by", models.UUIDField(null=True)),
                ("written_key", models.UUIDField(null=True)),
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
        ),
        migrations.CreateModel(
            name="ReportedVoice",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="voice",
                        serialize=False,
                        to="incidents.reportedanswer",
                    ),
                ),
                ("said_by", models.TextField()),
                ("number", models.TextField()),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="ownaction",
            index=models.Index(fields=["incident", "organisation", "done_at"], name="own_action_of"),
        ),
        migrations.AddConstraint(
            model_name="ownaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("about__in", ["", "system", "link"])), name="own_action_about"
            ),
        ),
        migrations.AddConstraint(
            model_name="ownaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("about", ""), ("about_id", None), ("touches", "")),
                    models.Q(
                        models.Q(("about", ""), _negated=True),
                        models.Q(("about_id", None), _negated=True),
                        models.Q(("touches", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="own_action_touches",
            ),
        ),
        migrations.AddIndex(
            model_name="reportedanswer",
            index=models.Index(fields=["task", "-at"], name="reported_of_task"),
        ),
        migrations.AddIndex(
            model_name="reportedanswer",
            index=models.Index(
                condition=models.Q(("settled", "")), fields=["incident", "organisation"], name="reported_unsettled"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportedanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("settled__in", ["", "confirmed", "corrected", "taken_back"])),
                name="reported_settled",
            ),
        ),
        migrations.RunSQL(OWN + REPORTING + GRANTS, BACKWARD),
        protect(
            "incidents_ownaction",
            Allow("portal_app", "select", f"organisation_id = {ME} OR {OVERSEEN.format('incidents_ownaction')}"),
        ),
        protect("incidents_ownactionnote", Allow("portal_app", "select", f"organisation_id = {ME}")),
        protect(
            "incidents_reportedanswer",
            Allow("portal_app", "select", f"organisation_id = {MINE} OR {OVERSEEN.format('incidents_reportedanswer')}"),
        ),
        # Names of people and their numbers: no key reads them either.
        protect(
            "incidents_reportedvoice",
            Allow("portal_app", "select", VOICE),
        ),
    ]
