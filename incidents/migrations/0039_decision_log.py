"""The decision log of an incident; the card of what is known, believed and not known, which heads every update.

Functions alone write them, with events that say that there is something and never what.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
IN_IT = (
    f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {{0}}.incident_id AND {ME} = ANY (i.participants){{1}})"
)
READ_BY = f" AND (incidents_logentry.shared = 'all' OR {ME} = ANY (i.overseers))"
TO_THEM = "shared <> '' AND " + IN_IT.format("incidents_logentry", READ_BY)

DECISIONS = f"""
-- Whom a decision concerns, by whom it is shared with.
CREATE FUNCTION sec.decision_readers(i public.incidents_incident, whom text) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT ARRAY(SELECT DISTINCT x FROM unnest(sec.me() || CASE whom WHEN 'all' THEN i.participants
        WHEN 'lead' THEN i.overseers ELSE '{{}}'::uuid[] END) x WHERE x IS NOT NULL)
$$;
-- The newest revision of a decision that is one's own to correct and to share: of the lead's, whoever leads now.
CREATE FUNCTION sec.own_decision(i public.incidents_incident, entry uuid) RETURNS public.incidents_logentry
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE e public.incidents_logentry; BEGIN
    SELECT * INTO e FROM public.incidents_logentry x WHERE x.id = entry AND x.incident_id = i.id
       AND CASE WHEN x.as_lead THEN i.lead_id ELSE x.organisation_id END = sec.me();
    IF e.id IS NULL THEN
        RAISE EXCEPTION 'no decision of yours' USING ERRCODE = '42501';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('decision ' || e.root, 0));
    SELECT * INTO e FROM public.incidents_logentry x WHERE x.id = e.id;  -- as it is now that nobody else changes it
    RETURN e;
END $$;
-- A decision, or a revision of it. `share` NULL: as the one before. The same again is the entry that stands already.
CREATE FUNCTION sec.write_decision(incident uuid, for_all boolean, was_known text, choices text, choice text, reason text,
    against text, who text, whose_role text, at_time timestamptz, again timestamptz, former uuid, what_changes text,
    share text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; e public.incidents_logentry; made uuid := gen_random_uuid(); same uuid; whom text;
    judges boolean := sec.role() = ANY (sec.data_judges()); BEGIN
    i := sec.data_may(incident, CASE WHEN for_all THEN ARRAY['administrator', 'incident_manager'] ELSE sec.data_writers() END);
    IF for_all IS NULL OR for_all AND i.lead_id <> sec.me() THEN
        RAISE EXCEPTION 'whoever leads decides for the incident' USING ERRCODE = '42501';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('decisions ' || i.id || sec.me(), 0));
    IF former IS NOT NULL THEN
        e := sec.own_decision(i, former);
        IF e.as_lead <> for_all THEN
            RAISE EXCEPTION 'a decision of the lead stays one, and one of your own too' USING ERRCODE = '23514';
        END IF;
        IF e.shared <> '' AND judges IS NOT TRUE THEN
            RAISE EXCEPTION 'others read this decision: a person whose role judges what they read revises it'
                USING ERRCODE = '42501';
        END IF;
    END IF;
    whom := coalesce(share, e.shared, CASE WHEN for_all THEN 'lead' ELSE '' END);
    IF (whom IN ('', 'lead', 'all') AND NOT (for_all AND whom = '')) IS NOT TRUE THEN
        RAISE EXCEPTION 'for yourself, for lead and provider, or for all; of the lead never for itself alone'
            USING ERRCODE = '23514';
    END IF;
    IF former IS NOT NULL AND whom <> e.shared THEN
        RAISE EXCEPTION 'to share it is an act of its own' USING ERRCODE = '23514';
    END IF;
    IF former IS NULL AND whom <> '' AND judges IS NOT TRUE THEN
        RAISE EXCEPTION 'a person whose role judges it says who else reads it' USING ERRCODE = '42501';
    END IF;
    IF (length(btrim(was_known)) BETWEEN 1 AND 2000 AND length(btrim(choices)) BETWEEN 1 AND 2000
        AND length(btrim(choice)) BETWEEN 1 AND 2000 AND length(btrim(reason)) BETWEEN 1 AND 2000 AND length(against) <= 2000
        AND length(btrim(who)) BETWEEN 1 AND 200 AND length(btrim(whose_role)) BETWEEN 1 AND 200
        AND at_time <= clock_timestamp() + interval '5 minutes' AND length(what_changes) <= 500) IS NOT TRUE THEN
        RAISE EXCEPTION 'what was known, options, decision and why, by whom and when: not in the future'
            USING ERRCODE = '23514';
    END IF;
    IF again <= at_time OR (former IS NULL) <> (btrim(what_changes) = '') THEN
        RAISE EXCEPTION 'it is reviewed after it was decided; a revision, and it alone, says what changes'
            USING ERRCODE = '23514';
    END IF;
    SELECT x.id INTO same FROM public.incidents_logentry x
     WHERE x.incident_id = i.id AND x.organisation_id = sec.me() AND x.as_lead = for_all AND x.newest
       AND (x.known, x.options, x.decision, x.why, x.dissent, x.decided_by, x.decided_role, x.decided_at, x.change)
         = (btrim(was_known), btrim(choices), btrim(choice), btrim(reason), btrim(against), btrim(who), btrim(whose_role),
            at_time, btrim(what_changes))
       AND x.review_at IS NOT DISTINCT FROM again AND (former IS NULL OR x.root = e.root);
    IF EXISTS (SELECT 1 FROM public.incidents_logentry x WHERE x.id = same AND x.shared <> whom) THEN
        RAISE EXCEPTION 'it stands there already, and others read it than you say now: change that at the entry'
            USING ERRCODE = '23514';
    END IF;
    IF same IS NOT NULL THEN
        RETURN same;
    END IF;
    IF former IS NOT NULL AND NOT e.newest THEN
        RAISE EXCEPTION 'there is a newer revision: correct that one' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_logentry x SET newest = false WHERE x.id = e.id;
    INSERT INTO public.incidents_logentry (id, root, number, incident_id, organisation_id, as_lead, known, options, decision,
        why, dissent, decided_by, decided_role, decided_at, review_at, change, written_by, at, newest, shared)
    VALUES (made, coalesce(e.root, made), coalesce(e.number, 0) + 1, i.id, sec.me(), for_all, btrim(was_known),
        btrim(choices), btrim(choice), btrim(reason), btrim(against), btrim(who), btrim(whose_role), at_time, again,
        btrim(what_changes), sec.who(), clock_timestamp(), true, whom);
    PERFORM sec.data_told(i, CASE WHEN former IS NULL THEN 'decision.written' ELSE 'decision.revised' END, made,
        sec.decision_readers(i, whom), jsonb_build_object('shared', whom, 'as_lead', for_all));
    RETURN made;
END $$;
-- Who else reads the newest revision from now on; to fewer than before means every older one too.
CREATE FUNCTION sec.share_decision(entry uuid, whom text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; e public.incidents_logentry; narrows boolean; BEGIN
    SELECT x.* INTO e FROM public.incidents_logentry x WHERE x.id = entry;
    IF e.id IS NULL THEN
        RAISE EXCEPTION 'no decision of yours' USING ERRCODE = '42501';
    END IF;
    i := sec.data_may(e.incident_id, sec.data_judges());
    e := sec.own_decision(i, entry);
    IF (whom IN ('', 'lead', 'all') AND e.newest AND NOT (e.as_lead AND whom = '')) IS NOT TRUE THEN
        RAISE EXCEPTION 'the newest revision: for yourself, for lead and provider, or for all' USING ERRCODE = '23514';
    END IF;
    IF e.shared = whom THEN
        RETURN false;
    END IF;
    narrows := whom = '' OR e.shared = 'all';
    UPDATE public.incidents_logentry x SET shared = whom
     WHERE x.root = e.root AND (x.newest OR narrows AND (whom = '' OR x.shared = 'all'));
    PERFORM sec.data_told(i, CASE WHEN narrows THEN 'decision.unshared' ELSE 'decision.shared' END, e.id,
        sec.decision_readers(i, CASE WHEN narrows THEN e.shared ELSE whom END),
        jsonb_build_object('shared', whom, 'as_lead', e.as_lead));
    RETURN true;
END $$;
"""

KNOWN = f"""
CREATE FUNCTION sec.good_lines(lines text[]) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT cardinality(lines) <= 10 AND NOT EXISTS (
        SELECT 1 FROM unnest(lines) x WHERE (length(btrim(x)) BETWEEN 1 AND 200) IS NOT TRUE)
$$;
-- A revision of the card; whether it says anything new.
CREATE FUNCTION sec.say_known(incident uuid, are_known text[], are_believed text[], are_not_known text[]) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, ARRAY['administrator', 'incident_manager']);
    was public.incidents_knowncard; made uuid := gen_random_uuid(); BEGIN
    IF i.lead_id <> sec.me() THEN
        RAISE EXCEPTION 'the lead keeps the card' USING ERRCODE = '42501';
    END IF;
    IF i.status = 'closed' THEN
        RAISE EXCEPTION 'the incident is closed' USING ERRCODE = '23514';
    END IF;
    IF (sec.good_lines(are_known) AND sec.good_lines(are_believed) AND sec.good_lines(are_not_known)
        AND cardinality(are_known) + cardinality(are_believed) + cardinality(are_not_known) > 0) IS NOT TRUE THEN
        RAISE EXCEPTION 'at most ten lines each, of 200 characters, and one at least' USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('known card ' || i.id, 0));
    SELECT * INTO was FROM public.incidents_knowncard k WHERE k.incident_id = i.id ORDER BY k.number DESC LIMIT 1;
    IF (was.known, was.believed, was.not_known) = (are_known, are_believed, are_not_known) THEN
        RETURN false;
    END IF;
    INSERT INTO public.incidents_knowncard (id, incident_id, number, organisation_id, known, believed, not_known, said_by, at)
    VALUES (made, i.id, coalesce(was.number, 0) + 1, sec.me(), are_known, are_believed, are_not_known, sec.who(),
        clock_timestamp());
    PERFORM sec.data_told(i, 'known_card.revised', made, i.participants,
        jsonb_build_object('number', coalesce(was.number, 0) + 1));
    RETURN true;
END $$;
-- An update is headed by the card that stands when it is sent, whoever sends it and whatever they name.
CREATE FUNCTION sec.card_of_update() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$ BEGIN
    NEW.card_id := (SELECT k.id FROM public.incidents_knowncard k WHERE k.incident_id = NEW.incident_id
                     ORDER BY k.number DESC LIMIT 1);
    RETURN NEW;
END $$;
CREATE TRIGGER with_its_card BEFORE INSERT ON incidents_update FOR EACH ROW EXECUTE FUNCTION sec.card_of_update();
CREATE POLICY decisions_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> ALL (ARRAY['decision', 'known_card', 'statement']));
"""
NOBODY = (
    "sec.decision_readers(public.incidents_incident, text), sec.own_decision(public.incidents_incident, uuid),"
    " sec.good_lines(text[]), sec.card_of_update()"
)
OPEN = (
    "sec.write_decision(uuid, boolean, text, text, text, text, text, text, text, timestamptz, timestamptz, uuid, text, text),"
    " sec.share_decision(uuid, text), sec.say_known(uuid, text[], text[], text[])"
)
GRANTS = f"""
REVOKE ALL ON FUNCTION {NOBODY}, {OPEN} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {OPEN} TO portal_app;
"""
BACKWARD = f"""
DROP TRIGGER with_its_card ON incidents_update;
DROP POLICY decisions_by_functions ON ledger_event;
DROP FUNCTION {OPEN}, {NOBODY};
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0038_data_positions")]

    operations = [
        migrations.CreateModel(
            name="KnownCard",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "known",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "believed",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "not_known",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("said_by", models.UUIDField()),
                ("at", models.DateTimeField()),
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
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.AddField(
            model_name="update",
            name="card",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="incidents.knowncard",
            ),
        ),
        migrations.CreateModel(
            name="LogEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("root", models.UUIDField()),
                ("number", models.PositiveSmallIntegerField()),
                ("as_lead", models.BooleanField(default=False)),
                ("known", models.TextField()),
                ("options", models.TextField()),
                ("decision", models.TextField()),
                ("why", models.TextField()),
                ("dissent", models.TextField(blank=True, default="")),
                ("decided_by", models.TextField()),
                ("decided_role", models.TextField()),
                ("decided_at", models.DateTimeField()),
                ("review_at", models.DateTimeField(null=True)),
                ("change", models.TextField(blank=True, default="")),
                ("written_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("newest", models.BooleanField(default=True)),
                (
                    "shared",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Only your own organisation"),
                            ("lead", "Lead, deputy lead and provider too"),
                            ("all", "Everybody who takes part"),
                        ],
                        default="",
                    ),
                ),
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
            ],
            options={
                "ordering": ["-decided_at", "-at", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="knowncard",
            constraint=models.UniqueConstraint(fields=("incident", "number"), name="known_card_once"),
        ),
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(fields=["incident", "decided_at"], name="log_entry_in"),
        ),
        migrations.AddIndex(
            model_name="logentry",
            index=models.Index(
                condition=models.Q(("newest", True), ("review_at__isnull", False)),
                fields=["review_at"],
                name="log_entry_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="logentry",
            constraint=models.UniqueConstraint(fields=("root", "number"), name="log_entry_once"),
        ),
        migrations.AddConstraint(
            model_name="logentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("newest", True)), fields=("root",), name="log_entry_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="logentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("shared__in", ["", "lead", "all"])), name="log_entry_shared"
            ),
        ),
        migrations.AddConstraint(
            model_name="logentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("as_lead", True), ("shared", ""), _negated=True), name="log_entry_of_the_lead"
            ),
        ),
        migrations.RunSQL(DECISIONS + KNOWN + GRANTS, BACKWARD),
        protect("incidents_logentry", Allow("portal_app", "select", f"organisation_id = {ME} OR {TO_THEM}")),
        protect("incidents_knowncard", Allow("portal_app", "select", IN_IT.format("incidents_knowncard", ""))),
    ]
