"""Contacts are tested every month, over the same deliveries that an incident would use.

The planning, its table of kinds, and the counts of the preview learn three things: a test that a person asked for, people
who are told alongside from a severity on, and ways that no transport carries yet.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
OWN = f"organisation_id = {ME}"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
ASKED = (
    "id", "test_id", "organisation_id", "contact_point_id", "person_id", "asked_at", "answered_at", "answered_by",
    "failed_at",
)  # fmt: skip

# What 0005 says of these two functions, and what holds from now on.
TOLD_OF = """
CREATE OR REPLACE FUNCTION sec.told_of(kind text, data jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE kind WHEN 'tasks.assigned' THEN 'named' WHEN 'incident.widened' THEN 'everybody'
                     WHEN 'incident.moved' THEN CASE WHEN data ->> 'was' = 'suspected' THEN 'everybody' END
                     WHEN 'incident.closed' THEN 'everybody' WHEN 'delivery.dead' THEN 'named'
                     WHEN 'break_glass.used' THEN 'everybody' WHEN 'break_glass.drilled' THEN 'everybody'
                     WHEN 'emergency_access.given' THEN 'named' WHEN 'lead.offered' THEN 'named'
                     WHEN 'organisation.isolated' THEN 'named' WHEN 'organisation.reconnected' THEN 'named'@kinds@ END
$$;
"""
KINDS = """
                     WHEN 'incident.edited' THEN CASE WHEN data -> 'fields' ? 'severity' THEN 'everybody' END
                     WHEN 'register.test_wanted' THEN 'named'"""
PLANNING = f"""
CREATE OR REPLACE FUNCTION sec.planning_wanted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.notifications_planning (id, event_id, organisation_id, incident_id, kind, subject_id)
    SELECT gen_random_uuid(), e.id, n.organisation_id, e.incident_id, e.kind, e.subject_id
      FROM added n JOIN public.ledger_event e ON e.id = n.event_id
     WHERE (e.incident_id IS NOT NULL OR e.kind = 'delivery.dead' OR e.kind LIKE 'break_glass.%'
            OR e.kind LIKE 'emergency_access.%'
            OR e.kind IN ('organisation.isolated', 'organisation.reconnected'@also@))
       AND CASE sec.told_of(e.kind, e.data) WHEN 'everybody' THEN true
           WHEN 'named' THEN EXISTS (SELECT 1 FROM public.partners_organisation o
                                      WHERE o.id = n.organisation_id AND o.slug = e.data ->> 'organisation')
           ELSE false END
    ON CONFLICT (event_id, organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
"""
ALSO = ", 'register.test_wanted'"

COUNTING = f"""
DROP FUNCTION sec.who_would_be_told(uuid[]);
-- Counts alone, of ways that a message can take now: `ways` are the kinds that something sends to. Whoever is told alongside from a severity on counts from it on.
CREATE FUNCTION sec.who_would_be_told(starts uuid[], how_bad integer, ways text[])
RETURNS TABLE (organisation_id uuid, told bigint, avoided bigint) LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE walked uuid[]; BEGIN
    IF NOT starts <@ sec.my_systems() THEN
        RAISE EXCEPTION 'a start that is not yours' USING ERRCODE = '42501';
    END IF;
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
           AND NOT (d.barrier = 'tested' AND d.tested_on IS NOT NULL
                    AND (d.valid_until IS NULL OR d.valid_until >= current_date))
    ) SELECT array_agg(w.id) INTO walked FROM walk w;
    RETURN QUERY
    SELECT c.organisation_id,
           count(DISTINCT coalesce(c.person_id, c.id)) FILTER (WHERE c.trust = 'trusted'
                 AND (c.rides_on_id IS NULL OR c.rides_on_id <> ALL (walked))),
           count(*) FILTER (WHERE c.trust <> 'trusted' OR c.rides_on_id = ANY (walked))
      FROM public.partners_contactpoint c
     WHERE c.is_active AND NOT c.is_private AND c.kind = ANY (ways) AND (
           c.organisation_id IN (SELECT p.organisation_id FROM public.partners_participation p WHERE p.system_id = ANY (walked))
        OR c.organisation_id IN (SELECT s.provider_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked))
        OR c.organisation_id = sec.me())
       AND (how_bad IS NULL OR NOT EXISTS (
              SELECT 1 FROM public.partners_toldalongside a WHERE a.person_id = c.person_id
              HAVING count(*) > 0 AND bool_and(coalesce(a.severity < how_bad, false)))
            OR c.person_id = (SELECT d.person_id FROM sec.on_duty(c.organisation_id, clock_timestamp()) d))
     GROUP BY c.organisation_id;
END $$;
REVOKE ALL ON FUNCTION sec.who_would_be_told(uuid[], integer, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.who_would_be_told(uuid[], integer, text[]) TO portal_app;
"""
COUNTED = f"""
DROP FUNCTION sec.who_would_be_told(uuid[], integer, text[]);
CREATE FUNCTION sec.who_would_be_told(starts uuid[])
RETURNS TABLE (organisation_id uuid, told bigint, avoided bigint) LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE walked uuid[]; BEGIN
    IF NOT starts <@ sec.my_systems() THEN
        RAISE EXCEPTION 'a start that is not yours' USING ERRCODE = '42501';
    END IF;
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
           AND NOT (d.barrier = 'tested' AND d.tested_on IS NOT NULL
                    AND (d.valid_until IS NULL OR d.valid_until >= current_date))
    ) SELECT array_agg(w.id) INTO walked FROM walk w;
    RETURN QUERY
    SELECT c.organisation_id,
           count(DISTINCT coalesce(c.person_id, c.id)) FILTER (WHERE c.trust = 'trusted'
                 AND (c.rides_on_id IS NULL OR c.rides_on_id <> ALL (walked))),
           count(*) FILTER (WHERE c.trust <> 'trusted' OR c.rides_on_id = ANY (walked))
      FROM public.partners_contactpoint c
     WHERE c.is_active AND (
           c.organisation_id IN (SELECT p.organisation_id FROM public.partners_participation p WHERE p.system_id = ANY (walked))
        OR c.organisation_id IN (SELECT s.provider_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked))
        OR c.organisation_id = sec.me())
     GROUP BY c.organisation_id;
END $$;
REVOKE ALL ON FUNCTION sec.who_would_be_told(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.who_would_be_told(uuid[]) TO portal_app;
"""

TESTING = f"""
-- An answer counts once, within a day, for the address that was asked. For other functions alone.
CREATE FUNCTION sec.contact_answered(which uuid, at timestamptz, how text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.notifications_contacttestask; BEGIN
    UPDATE public.notifications_contacttestask x SET answered_at = at, answered_by = how
     WHERE x.id = which AND x.answered_at IS NULL AND at >= x.asked_at AND at < x.asked_at + interval '1 day'
       AND EXISTS (SELECT 1 FROM public.partners_contactpoint c WHERE c.id = x.contact_point_id AND c.is_active
                      AND c.changed_at IS NOT DISTINCT FROM x.address_of)
    RETURNING * INTO a;
    IF a.id IS NULL THEN
        RETURN false;
    END IF;
    UPDATE public.partners_contactpoint c SET tested_at = at, failed_at = NULL WHERE c.id = a.contact_point_id;
    UPDATE public.notifications_delivery d SET state = 'answered', answered_at = clock_timestamp()
     WHERE d.id = a.delivery_id AND d.state IN ('accepted', 'delivered');
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, subject_id,
                                     audience, data)
    VALUES (gen_random_uuid(), 'contact_test.answered', clock_timestamp(), a.organisation_id, 'system', '', a.test_id,
            ARRAY[a.organisation_id], jsonb_build_object('contact', a.contact_point_id, 'by', how));
    RETURN true;
END $$;
-- Whether this link still waits for its tap; nothing else is said of it.
CREATE FUNCTION sec.contact_link_waits(hash bytea, at timestamptz) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.notifications_contacttestask x
                     JOIN public.partners_contactpoint c ON c.id = x.contact_point_id
                    WHERE x.digest = hash AND x.answered_at IS NULL AND at >= x.asked_at
                      AND at < x.asked_at + interval '1 day' AND c.is_active
                      AND c.changed_at IS NOT DISTINCT FROM x.address_of)
$$;
CREATE FUNCTION sec.answer_contact_link(hash bytea, at timestamptz) RETURNS boolean LANGUAGE sql {DEFINER} AS $$
    SELECT coalesce((SELECT sec.contact_answered(x.id, at, 'link') FROM public.notifications_contacttestask x
                      WHERE x.digest = hash), false)
$$;
-- The same by signing in: whoever was asked, and for the duty desk anybody of the organisation who may act.
CREATE FUNCTION sec.answer_contact_test(which uuid, at timestamptz) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR sec.who() IS NULL OR sec.role() IN ('', 'guest') OR NOT EXISTS (
           SELECT 1 FROM public.notifications_contacttestask x WHERE x.id = which AND x.organisation_id = sec.me()
              AND (x.person_id = sec.who() OR x.person_id IS NULL AND sec.role() <> 'observer')) THEN
        RAISE EXCEPTION 'not a test that asked you' USING ERRCODE = '42501';
    END IF;
    RETURN sec.contact_answered(which, at, 'page');
END $$;
-- Have one contact tested now. Six an hour; none while an incident is open.
CREATE FUNCTION sec.want_contact_test(point uuid, at timestamptz, ways text[]) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); whose uuid; made uuid := gen_random_uuid(); BEGIN
    SELECT c.person_id INTO whose FROM public.partners_contactpoint c
     WHERE c.id = point AND c.organisation_id = me AND c.is_active AND c.kind = ANY (ways) AND NOT c.is_private
       AND c.trust = 'trusted' FOR UPDATE;
    IF NOT FOUND OR NOT sec.may_keep_contact(whose) THEN
        RAISE EXCEPTION 'not a contact that you can have tested, with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_incident i WHERE me = ANY (i.participants) AND i.status <> 'closed') THEN
        RAISE EXCEPTION 'no test while an incident is open: real messages come first' USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('contact tests of ' || me, 0));
    IF 6 <= (SELECT count(*) FROM public.notifications_contacttest t WHERE t.organisation_id = me AND t.month IS NULL
                AND t.due_at > at - interval '1 hour') THEN
        RAISE EXCEPTION 'six tests were asked for within the hour: wait a while' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.notifications_contacttest (id, organisation_id, contact_point_id, due_at, state, because)
    VALUES (made, me, point, at, 'planned', '');
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'register.test_wanted', clock_timestamp(), me, 'person', sec.who(), '', made, ARRAY[me],
           jsonb_build_object('organisation', o.slug) FROM public.partners_organisation o WHERE o.id = me;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION sec.contact_answered(uuid, timestamptz, text), sec.contact_link_waits(bytea, timestamptz),
    sec.answer_contact_link(bytea, timestamptz), sec.answer_contact_test(uuid, timestamptz),
    sec.want_contact_test(uuid, timestamptz, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.contact_link_waits(bytea, timestamptz), sec.answer_contact_link(bytea, timestamptz)
    TO portal_auth;
GRANT EXECUTE ON FUNCTION sec.answer_contact_test(uuid, timestamptz), sec.want_contact_test(uuid, timestamptz, text[]) TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.want_contact_test(uuid, timestamptz, text[]), sec.answer_contact_test(uuid, timestamptz),
    sec.answer_contact_link(bytea, timestamptz), sec.contact_link_waits(bytea, timestamptz),
    sec.contact_answered(uuid, timestamptz, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0005_access_changed"),
        ("partners", "0013_contacts_known_to_work"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="ContactTest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField(null=True)),
                ("due_at", models.DateTimeField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("planned", "Planned"),
                            ("running", "Under way"),
                            ("done", "Done"),
                            ("left_out", "Left out"),
                        ],
                        default="planned",
                    ),
                ),
                ("because", models.TextField(blank=True, default="")),
                ("begun_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-due_at"],
            },
        ),
        migrations.CreateModel(
            name="ContactTestAsk",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.BinaryField(unique=True)),
                ("address_of", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.TextField(blank=True, db_default="", default="")),
                ("failed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["asked_at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_message",
        ),
        migrations.AlterField(
            model_name="delivery",
            name="message",
            field=models.TextField(
                choices=[
                    ("opened", "Incident opened"),
                    ("suspected", "Incident suspected"),
                    ("stood_down", "Stood down"),
                    ("lead_offered", "Asked to take the lead"),
                    ("break_glass", "Break-glass account used"),
                    ("break_glass_drill", "Drill: break-glass account used"),
                    ("their_break_glass", "Break-glass account of a partner used"),
                    ("their_break_glass_drill", "Drill: break-glass account of a partner used"),
                    ("emergency_access", "Somebody was let in by emergency enrolment"),
                    ("access_changed", "The organisation's access has changed"),
                    ("contact_test", "Test of a contact"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "message__in",
                        [
                            "opened",
                            "suspected",
                            "stood_down",
                            "lead_offered",
                            "break_glass",
                            "break_glass_drill",
                            "their_break_glass",
                            "their_break_glass_drill",
                            "emergency_access",
                            "access_changed",
                            "contact_test",
                        ],
                    )
                ),
                name="delivery_message",
            ),
        ),
        migrations.AddField(
            model_name="contacttest",
            name="contact_point",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.contactpoint"
            ),
        ),
        migrations.AddField(
            model_name="contacttest",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.organisation",
            ),
        ),
        migrations.AddField(
            model_name="contacttestask",
            name="contact_point",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.contactpoint"
            ),
        ),
        migrations.AddField(
            model_name="contacttestask",
            name="delivery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="notifications.delivery"
            ),
        ),
        migrations.AddField(
            model_name="contacttestask",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
            ),
        ),
        migrations.AddField(
            model_name="contacttestask",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="contacttestask",
            name="test",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="asks",
                to="notifications.contacttest",
            ),
        ),
        migrations.AddConstraint(
            model_name="contacttest",
            constraint=models.UniqueConstraint(fields=("organisation", "month"), name="contact_test_month"),
        ),
        migrations.AddConstraint(
            model_name="contacttestask",
            constraint=models.UniqueConstraint(fields=("test", "contact_point"), name="contact_test_ask_once"),
        ),
        migrations.RunSQL(
            TOLD_OF.replace("@kinds@", KINDS) + PLANNING.replace("@also@", ALSO) + COUNTING + TESTING,
            BACKWARD + COUNTED + PLANNING.replace("@also@", "") + TOLD_OF.replace("@kinds@", ""),
        ),
        protect(
            "notifications_contacttest",
            # When the month's test comes is a secret until it has begun.
            Allow(APP, "select", f"{OWN} AND state <> 'planned'"),
            Allow(WORKER, "select", OWN),
            Allow(WORKER, "insert", OWN),
            Allow(WORKER, "update", OWN, OWN, columns=("due_at", "state", "because", "begun_at", "ended_at")),
        ),
        protect(
            "notifications_contacttestask",
            Allow(APP, "select", OWN, columns=ASKED),
            Allow(WORKER, "select", OWN),
            Allow(WORKER, "insert", OWN),
            Allow(WORKER, "update", OWN, OWN, columns=("failed_at",)),
        ),
    ]
