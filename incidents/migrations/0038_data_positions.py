"""Personal data: each organisation's position, private notices, which outside bodies were told.

Functions alone write them, with events that say that there is something and never what.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
TO_THEM = (
    "shared <> '' AND EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {0}.incident_id"
    f" AND {ME} = ANY (i.participants) AND ({{0}}.shared = 'all' OR {ME} IN (i.lead_id, i.deputy_lead_id)))"
)

SAYING = f"""
-- The incident, for whoever may say something of its own in it; locked against closing and putting aside meanwhile.
CREATE FUNCTION sec.data_may(incident uuid, roles text[]) RETURNS public.incidents_incident LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND me = ANY (x.participants) FOR SHARE;
    IF i.id IS NULL THEN
        RAISE EXCEPTION 'no incident that you take part in' USING ERRCODE = '42501';
    END IF;
    IF (sec.who() IS NOT NULL AND sec.role() = ANY (roles)) IS NOT TRUE OR EXISTS (
            SELECT 1 FROM public.incidents_participant p
             WHERE p.incident_id = i.id AND p.organisation_id = me AND p.role = 'observer') THEN
        RAISE EXCEPTION 'a person whose role allows it says this, of an organisation that does not only watch'
            USING ERRCODE = '42501';
    END IF;
    IF i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the exercise is put aside: do nothing more in it' USING ERRCODE = '23514';
    END IF;
    RETURN i;
END $$;
-- Who judges personal data for an organisation, and who may write down what was done.
CREATE FUNCTION sec.data_judges() RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY['administrator', 'incident_manager', 'data_protection_officer']
$$;
CREATE FUNCTION sec.data_writers() RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY['administrator', 'incident_manager', 'data_protection_officer', 'responder', 'approver']
$$;
-- Whom something of one's own concerns, by whom it is shared with.
CREATE FUNCTION sec.data_readers(i public.incidents_incident, whom text) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT ARRAY(SELECT DISTINCT x FROM unnest(sec.me() || CASE whom WHEN 'all' THEN i.participants
        WHEN 'lead' THEN ARRAY[i.lead_id, i.deputy_lead_id] ELSE '{{}}'::uuid[] END) x WHERE x IS NOT NULL)
$$;
-- The event says that there is something, and of whom; never what.
CREATE FUNCTION sec.data_told(i public.incidents_incident, what text, subject uuid, readers uuid[], more jsonb) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), k.org_id, 'person', k.person_id, i.id, i.reference, subject, readers,
           jsonb_build_object('organisation', o.slug) || more
      FROM sec.ticket() k, public.partners_organisation o WHERE o.id = k.org_id
$$;
-- A revision; whether it says anything new. `share` NULL: as the one before. The one before stays.
CREATE FUNCTION sec.say_data_position(incident uuid, say text, kinds text[], how_many_people text, how_many_records text,
    touches text[], said_words text, share text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, sec.data_judges()); was public.incidents_dataposition;
    whom text; made uuid := gen_random_uuid(); BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('data position ' || i.id || sec.me(), 0));
    SELECT * INTO was FROM public.incidents_dataposition p
     WHERE p.incident_id = i.id AND p.organisation_id = sec.me() AND p.newest;
    whom := coalesce(share, was.shared, '');
    IF (say IN ('assessing', 'none', 'personal') AND whom IN ('', 'lead', 'all') AND length(said_words) <= 2000
        AND touches <@ ARRAY['confidentiality', 'integrity', 'availability'] AND cardinality(kinds) <= 30
        AND how_many_people ~ '^([0-9]+-[0-9]+|100000[+]|unknown)?$'
        AND how_many_records ~ '^([0-9]+-[0-9]+|100000[+]|unknown)?$') IS NOT TRUE THEN
        RAISE EXCEPTION 'assessing, no personal data, or personal data with categories and ranges' USING ERRCODE = '23514';
    END IF;
    IF say = 'personal' AND cardinality(kinds) = 0 OR say = 'none' AND (cardinality(kinds) + cardinality(touches) > 0
            OR how_many_people || how_many_records <> '' OR btrim(said_words) = '') THEN
        RAISE EXCEPTION 'personal data has a category; that there is none has a reason and nothing else'
            USING ERRCODE = '23514';
    END IF;
    IF (was.state, was.categories, was.people, was.records, was.touched, was.words)
       = (say, kinds, how_many_people, how_many_records, touches, btrim(said_words)) THEN
        RETURN sec.share_data_position(i.id, whom);
    END IF;
    UPDATE public.incidents_dataposition p SET newest = false WHERE p.id = was.id;
    INSERT INTO public.incidents_dataposition (id, incident_id, organisation_id, state, categories, people, records, touched,
        words, said_by, at, newest, shared)
    VALUES (made, i.id, sec.me(), say, kinds, how_many_people, how_many_records, touches, btrim(said_words), sec.who(),
        clock_timestamp(), true, whom);
    PERFORM sec.data_told(i, 'data_position.said', made, sec.data_readers(i, whom), jsonb_build_object('shared', whom));
    RETURN true;
END $$;
CREATE FUNCTION sec.share_data_position(incident uuid, whom text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, sec.data_judges()); was public.incidents_dataposition; BEGIN
    -- Against a revision that is being said: what was taken back must not come back with it.
    PERFORM pg_advisory_xact_lock(hashtextextended('data position ' || i.id || sec.me(), 0));
    SELECT * INTO was FROM public.incidents_dataposition p
     WHERE p.incident_id = i.id AND p.organisation_id = sec.me() AND p.newest FOR UPDATE;
    IF was.id IS NULL OR (whom IN ('', 'lead', 'all')) IS NOT TRUE THEN
        RAISE EXCEPTION 'there is nothing to share yet' USING ERRCODE = '23514';
    END IF;
    IF was.shared = whom THEN
        RETURN false;
    END IF;
    UPDATE public.incidents_dataposition p SET shared = whom WHERE p.id = was.id;
    PERFORM sec.data_told(i, CASE whom WHEN '' THEN 'data_position.unshared' ELSE 'data_position.shared' END, was.id,
        sec.data_readers(i, CASE whom WHEN '' THEN was.shared ELSE whom END), jsonb_build_object('shared', whom));
    RETURN true;
END $$;
"""

NOTICES = f"""
-- To one other participant; nobody else reads it. The same again is the one that was sent.
CREATE FUNCTION sec.send_data_notice(incident uuid, whom text, which text, what text, since timestamptz, own_ref text,
    former uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, sec.data_judges()); me uuid := sec.me(); org uuid;
    old public.incidents_datanotice; made uuid := gen_random_uuid(); BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('data notice ' || i.id || me, 0));
    SELECT * INTO old FROM public.incidents_datanotice n
     WHERE n.id = former AND n.incident_id = i.id AND n.sender_id = me;
    IF former IS NOT NULL AND old.id IS NULL THEN
        RAISE EXCEPTION 'you sent no such notice' USING ERRCODE = '42501';
    END IF;
    SELECT p.organisation_id INTO org FROM public.incidents_participant p
     WHERE p.incident_id = i.id AND p.slug = whom AND p.role <> 'observer' AND p.organisation_id <> me
       AND (old.id IS NULL OR p.organisation_id = old.addressee_id);
    IF org IS NULL THEN
        RAISE EXCEPTION 'a notice goes to another organisation that takes part, a correction to the same one'
            USING ERRCODE = '23514';
    END IF;
    IF (length(btrim(which)) BETWEEN 1 AND 1000 AND length(btrim(what)) BETWEEN 1 AND 2000 AND length(own_ref) <= 100
        AND since <= clock_timestamp() + interval '5 minutes') IS NOT TRUE THEN
        RAISE EXCEPTION 'which data, what is known of it, and since when: not in the future' USING ERRCODE = '23514';
    END IF;
    SELECT n.id INTO old.id FROM public.incidents_datanotice n
     WHERE n.incident_id = i.id AND n.sender_id = me AND n.addressee_id = org AND n.about = btrim(which)
       AND n.known = btrim(what) AND n.known_since = since AND n.reference = btrim(own_ref)
       AND n.corrects_id IS NOT DISTINCT FROM former
       AND NOT EXISTS (SELECT 1 FROM public.incidents_datanotice c WHERE c.corrects_id = n.id);
    IF FOUND THEN
        RETURN old.id;
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_datanotice n WHERE n.corrects_id = former) THEN
        RAISE EXCEPTION 'it was corrected already: correct the newer one' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_datanotice (id, incident_id, sender_id, addressee_id, corrects_id, about, known, known_since,
        reference, sent_by, sent_at, due_at, reminded)
    VALUES (made, i.id, me, org, former, btrim(which), btrim(what), since, btrim(own_ref), sec.who(), clock_timestamp(),
        clock_timestamp() + interval '4 hours', 0);
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'data_notice.sent', clock_timestamp(), me, 'person', sec.who(), i.id, i.reference, made,
           ARRAY[me, org], jsonb_build_object('organisation', whom, 'corrects', former);
    RETURN made;
END $$;
-- Its addressee has read it. The first of two colleagues counts.
CREATE FUNCTION sec.acknowledge_data_notice(notice uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; n public.incidents_datanotice; BEGIN
    SELECT * INTO n FROM public.incidents_datanotice x WHERE x.id = notice AND x.addressee_id = sec.me();
    IF n.id IS NULL THEN
        RAISE EXCEPTION 'no notice to you' USING ERRCODE = '42501';
    END IF;
    i := sec.data_may(n.incident_id, sec.data_writers());
    UPDATE public.incidents_datanotice x SET acknowledged_at = clock_timestamp(), acknowledged_by = sec.who()
     WHERE x.id = n.id AND x.acknowledged_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM sec.data_told(i, 'data_notice.acknowledged', n.id, ARRAY[n.sender_id, n.addressee_id], '{{}}');
    RETURN true;
END $$;
-- Once at half of the time, once when it is over. A corrected one is left alone: the newer one wants its own answer.
CREATE FUNCTION sec.remind_of_data_notices() RETURNS integer LANGUAGE sql {DEFINER} AS $$
    WITH due AS (
        UPDATE public.incidents_datanotice n SET reminded = CASE WHEN n.due_at <= clock_timestamp() THEN 2 ELSE 1 END
          FROM public.incidents_incident i
         WHERE i.id = n.incident_id AND i.suspended_at IS NULL AND i.status <> 'closed' AND n.acknowledged_at IS NULL AND (n.reminded < 2
               AND n.due_at <= clock_timestamp() OR n.reminded = 0 AND n.due_at <= clock_timestamp() + interval '2 hours')
           AND NOT EXISTS (SELECT 1 FROM public.incidents_datanotice c WHERE c.corrects_id = n.id)
        RETURNING n.*, i.reference AS incident_reference
    ), said AS (
        INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_id, incident_reference, subject_id, audience,
                                         data)
        SELECT gen_random_uuid(), CASE d.reminded WHEN 2 THEN 'data_notice.overdue' ELSE 'data_notice.reminded' END,
               clock_timestamp(), 'system', d.incident_id, d.incident_reference, d.id, ARRAY[d.sender_id, d.addressee_id],
               jsonb_build_object('organisation', o.slug)
          FROM due d JOIN public.partners_organisation o ON o.id = d.addressee_id
        RETURNING 1
    )
    SELECT count(*)::integer FROM said
$$;
"""

REPORTS = f"""
-- What an outside body was told. A follow-up names the report that it follows, and is about the same body.
CREATE FUNCTION sec.put_outside_report(incident uuid, whom text, other text, by_route text, ref text, at_time timestamptz,
    who_told text, said_words text, after uuid, share text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, CASE share WHEN '' THEN sec.data_writers()
        ELSE sec.data_judges() END); me uuid := sec.me(); first public.incidents_outsidereport; made uuid; BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('outside report ' || i.id || me, 0));
    IF after IS NOT NULL THEN
        SELECT * INTO first FROM public.incidents_outsidereport r
         WHERE r.id = after AND r.incident_id = i.id AND r.organisation_id = me;
        IF first.id IS NULL OR (first.body, first.body_name) <> (whom, btrim(other)) THEN
            RAISE EXCEPTION 'a follow-up is of a report of your own, to the same body' USING ERRCODE = '23514';
        END IF;
    END IF;
    IF (whom ~ '^[a-z_]{{1,40}}$' AND share IN ('', 'lead', 'all') AND (whom = 'other') = (btrim(other) <> '')
        AND length(other) <= 200 AND length(by_route) <= 200 AND length(ref) <= 100 AND length(said_words) <= 2000
        AND length(btrim(who_told)) BETWEEN 1 AND 200 AND at_time <= clock_timestamp() + interval '5 minutes') IS NOT TRUE THEN
        RAISE EXCEPTION 'which body, by whom and when: not in the future' USING ERRCODE = '23514';
    END IF;
    SELECT r.id INTO made FROM public.incidents_outsidereport r JOIN public.incidents_outsidereportnote n ON n.report_id = r.id
     WHERE r.incident_id = i.id AND r.organisation_id = me AND r.follows_id IS NOT DISTINCT FROM after
       AND (r.body, r.body_name, r.route, r.reference, r.told_at, n.told_by, n.words)
         = (whom, btrim(other), btrim(by_route), btrim(ref), at_time, btrim(who_told), btrim(said_words));
    IF EXISTS (SELECT 1 FROM public.incidents_outsidereport r WHERE r.id = made AND r.shared <> share) THEN
        RAISE EXCEPTION 'it stands there already, and others read it than you say now: change that at the entry'
            USING ERRCODE = '23514';
    END IF;
    IF made IS NOT NULL THEN
        RETURN made;
    END IF;
    made := gen_random_uuid();
    INSERT INTO public.incidents_outsidereport (id, incident_id, organisation_id, follows_id, body, body_name, route,
        reference, told_at, written_at, shared)
    VALUES (made, i.id, me, after, whom, btrim(other), btrim(by_route), btrim(ref), at_time, clock_timestamp(), share);
    INSERT INTO public.incidents_outsidereportnote (report_id, organisation_id, told_by, words, written_by)
    VALUES (made, me, btrim(who_told), btrim(said_words), sec.who());
    PERFORM sec.data_told(i, 'outside_report.written', made, sec.data_readers(i, share), jsonb_build_object('shared', share));
    RETURN made;
END $$;
CREATE FUNCTION sec.share_outside_report(report uuid, whom text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; r public.incidents_outsidereport; BEGIN
    SELECT * INTO r FROM public.incidents_outsidereport x WHERE x.id = report AND x.organisation_id = sec.me();
    IF r.id IS NULL THEN
        RAISE EXCEPTION 'no report of yours' USING ERRCODE = '42501';
    END IF;
    i := sec.data_may(r.incident_id, sec.data_judges());
    SELECT * INTO r FROM public.incidents_outsidereport x WHERE x.id = r.id FOR UPDATE;
    IF (whom IN ('', 'lead', 'all')) IS NOT TRUE THEN
        RAISE EXCEPTION 'with nobody, with the lead, or with all' USING ERRCODE = '23514';
    END IF;
    IF r.shared = whom THEN
        RETURN false;
    END IF;
    UPDATE public.incidents_outsidereport x SET shared = whom WHERE x.id = r.id;
    PERFORM sec.data_told(i, CASE whom WHEN '' THEN 'outside_report.unshared' ELSE 'outside_report.shared' END, r.id,
        sec.data_readers(i, CASE whom WHEN '' THEN r.shared ELSE whom END), jsonb_build_object('shared', whom));
    RETURN true;
END $$;
CREATE POLICY personal_data_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> ALL (ARRAY['data_position', 'data_notice', 'outside_report']));
"""
NOBODY = (
    "sec.data_may(uuid, text[]), sec.data_judges(), sec.data_writers(),"
    " sec.data_readers(public.incidents_incident, text),"
    " sec.data_told(public.incidents_incident, text, uuid, uuid[], jsonb)"
)
OPEN = (
    "sec.say_data_position(uuid, text, text[], text, text, text[], text, text), sec.share_data_position(uuid, text),"
    " sec.send_data_notice(uuid, text, text, text, timestamptz, text, uuid), sec.acknowledge_data_notice(uuid),"
    " sec.put_outside_report(uuid, text, text, text, text, timestamptz, text, text, uuid, text),"
    " sec.share_outside_report(uuid, text)"
)
CLOCK = "sec.remind_of_data_notices()"
GRANTS = f"""
REVOKE ALL ON FUNCTION {NOBODY}, {OPEN}, {CLOCK} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {OPEN} TO portal_app;
GRANT EXECUTE ON FUNCTION {CLOCK} TO portal_worker;
"""
BACKWARD = f"DROP POLICY personal_data_by_functions ON ledger_event; DROP FUNCTION {OPEN}, {CLOCK}, {NOBODY};"


class Migration(migrations.Migration):
    dependencies = [("incidents", "0037_duties")]

    operations = [
        migrations.CreateModel(
            name="OutsideReport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("body", models.TextField()),
                ("body_name", models.TextField(blank=True, default="")),
                ("route", models.TextField(blank=True, default="")),
                ("reference", models.TextField(blank=True, default="")),
                ("told_at", models.DateTimeField()),
                ("written_at", models.DateTimeField()),
                (
                    "shared",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Only your own organisation"),
                            ("lead", "The lead and the deputy lead too"),
                            ("all", "Everybody who takes part"),
                        ],
                        default="",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follow_ups",
                        to="incidents.outsidereport",
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
                "ordering": ["-told_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="DataNotice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("about", models.TextField()),
                ("known", models.TextField()),
                ("known_since", models.DateTimeField()),
                ("reference", models.TextField(blank=True, default="")),
                ("sent_by", models.UUIDField()),
                ("sent_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("acknowledged_by", models.UUIDField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("reminded", models.PositiveSmallIntegerField(default=0)),
                (
                    "addressee",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "corrects",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrected_by",
                        to="incidents.datanotice",
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
                    "sender",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-sent_at", "-id"],
                "indexes": [
                    models.Index(fields=["incident", "sent_at"], name="data_notice_in"),
                    models.Index(
                        condition=models.Q(("acknowledged_at", None), ("reminded__lt", 2)),
                        fields=["due_at"],
                        name="data_notice_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sender", models.F("addressee")), _negated=True),
                        name="data_notice_to_another",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DataPosition",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("assessing", "Assessing"),
                            ("none", "No personal data"),
                            ("personal", "Personal data"),
                        ]
                    ),
                ),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "people",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Not said"),
                            ("unknown", "Not known yet"),
                            ("1-99", "1 to 99"),
                            ("100-999", "100 to 999"),
                            ("1000-9999", "1,000 to 9,999"),
                            ("10000-99999", "10,000 to 99,999"),
                            ("100000+", "100,000 or more"),
                        ],
                        default="",
                    ),
                ),
                (
                    "records",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Not said"),
                            ("unknown", "Not known yet"),
                            ("1-99", "1 to 99"),
                            ("100-999", "100 to 999"),
                            ("1000-9999", "1,000 to 9,999"),
                            ("10000-99999", "10,000 to 99,999"),
                            ("100000+", "100,000 or more"),
                        ],
                        default="",
                    ),
                ),
                (
                    "touched",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(
                            choices=[
                                ("confidentiality", "Confidentiality: somebody may have read or taken it"),
                                ("integrity", "Integrity: it may have been changed"),
                                ("availability", "Availability: it cannot be reached, or is lost"),
                            ]
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("words", models.TextField(blank=True, default="")),
                ("said_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("newest", models.BooleanField(default=True)),
                (
                    "shared",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Only your own organisation"),
                            ("lead", "The lead and the deputy lead too"),
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
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["incident", "organisation", "at"], name="data_position_of")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("newest", True)),
                        fields=("incident", "organisation"),
                        name="data_position_newest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["assessing", "none", "personal"])), name="data_position_state"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("categories", []), ("state", "personal"), _negated=True),
                        name="data_position_categories",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("shared__in", ["", "lead", "all"])), name="data_position_shared"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutsideReportNote",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="note",
                        serialize=False,
                        to="incidents.outsidereport",
                    ),
                ),
                ("told_by", models.TextField()),
                ("words", models.TextField(blank=True, default="")),
                ("written_by", models.UUIDField()),
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
        migrations.AddIndex(
            model_name="outsidereport",
            index=models.Index(fields=["incident", "told_at"], name="outside_report_in"),
        ),
        migrations.AddConstraint(
            model_name="outsidereport",
            constraint=models.CheckConstraint(
                condition=models.Q(("shared__in", ["", "lead", "all"])), name="outside_report_shared"
            ),
        ),
        migrations.RunSQL(SAYING + NOTICES + REPORTS + GRANTS, BACKWARD),
        protect(
            "incidents_dataposition",
            Allow(
                "portal_app",
                "select",
                f"organisation_id = {ME} OR newest AND {TO_THEM.format('incidents_dataposition')}",
            ),
        ),
        protect("incidents_datanotice", Allow("portal_app", "select", f"{ME} IN (sender_id, addressee_id)")),
        protect(
            "incidents_outsidereport",
            Allow("portal_app", "select", f"organisation_id = {ME} OR {TO_THEM.format('incidents_outsidereport')}"),
        ),
        protect("incidents_outsidereportnote", Allow("portal_app", "select", f"organisation_id = {ME}")),
    ]
