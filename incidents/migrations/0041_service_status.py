"""How each organisation's services stand, with every change, and its notes, which stay at home unless shared.

A function alone writes them, with an event that says the word and never the note.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

SERVICES = f"""
-- The services that an organisation's participations name, and whether lives hang on one. Where a service has a row of its
-- own, that row says so.
CREATE FUNCTION sec.services_of(org uuid) RETURNS TABLE (service text, critical boolean) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT x.name, bool_or(x.critical) FROM (
        SELECT unnest(p.services) AS name, p.safety_critical AND NOT EXISTS (
                   SELECT 1 FROM public.partners_publicservice q WHERE q.participation_id = p.id) AS critical
          FROM public.partners_participation p WHERE p.organisation_id = org AND p.denied_at IS NULL
        UNION ALL SELECT q.name, q.safety_critical FROM public.partners_publicservice q WHERE q.organisation_id = org) x
     GROUP BY x.name
$$;
CREATE FUNCTION sec.own_services() RETURNS TABLE (service text, critical boolean) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT s.service, s.critical FROM sec.services_of(sec.me()) s
$$;
-- How many services each organisation has and how many stand how: all for whoever oversees, else one's own.
CREATE FUNCTION sec.services_counted(incident uuid)
RETURNS TABLE (organisation_id uuid, total integer, working integer, difficulty integer, down integer, critical_down integer)
LANGUAGE sql STABLE {DEFINER} AS $$
    WITH me AS (SELECT sec.me() AS id), may AS (
        SELECT p.organisation_id AS org FROM public.incidents_incident i CROSS JOIN me
          JOIN public.incidents_participant p ON p.incident_id = i.id
         WHERE i.id = services_counted.incident AND me.id = ANY (i.participants)
           AND (p.organisation_id = me.id OR me.id = ANY (i.overseers))
    ), said AS (
        SELECT s.organisation_id AS org, s.service, s.state, s.critical
          FROM public.incidents_servicestatus s JOIN may ON may.org = s.organisation_id
         WHERE s.incident_id = services_counted.incident AND s.newest
    ), named AS (
        SELECT DISTINCT may.org, o.service FROM may CROSS JOIN LATERAL sec.services_of(may.org) o
         WHERE EXISTS (SELECT 1 FROM said WHERE said.org = may.org)
        UNION SELECT said.org, said.service FROM said
    )
    SELECT n.org, count(*)::integer, (count(*) FILTER (WHERE s.state = 'working'))::integer,
           (count(*) FILTER (WHERE s.state = 'difficulty'))::integer, (count(*) FILTER (WHERE s.state = 'down'))::integer,
           (count(*) FILTER (WHERE s.state = 'down' AND s.critical))::integer
      FROM named n LEFT JOIN said s ON s.org = n.org AND s.service = n.service GROUP BY n.org
$$;
-- One word on one service; whether it says anything new. What was said before stays. `begun` NULL: as before while the word
-- is the same, else now. `words` and `tell` NULL: as before while the word is the same.
CREATE FUNCTION sec.say_service(incident uuid, called text, say text, begun timestamptz, words text, tell boolean)
RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; was public.incidents_servicestatus; old public.incidents_servicenote;
    vital boolean; same boolean; started timestamptz; added text; share boolean; made uuid := gen_random_uuid();
    people uuid[]; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = say_service.incident AND me = ANY (x.participants) FOR SHARE;
    IF i.id IS NULL THEN
        RAISE EXCEPTION 'no incident that you take part in' USING ERRCODE = '42501';
    END IF;
    IF (CASE WHEN (SELECT t.kind FROM sec.ticket() t) = 'key' THEN sec.key_has('answer')
             ELSE sec.who() IS NOT NULL AND sec.role() = ANY (sec.data_writers()) END) IS NOT TRUE THEN
        RAISE EXCEPTION 'your role does not say how services stand' USING ERRCODE = '42501';
    END IF;
    IF i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the exercise is put aside: do nothing more in it' USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('services ' || i.id || me, 0));
    SELECT * INTO was FROM public.incidents_servicestatus s
     WHERE s.incident_id = i.id AND s.organisation_id = me AND s.service = called AND s.newest;
    SELECT * INTO old FROM public.incidents_servicenote n WHERE n.status_id = was.id;
    SELECT s.critical INTO vital FROM sec.services_of(me) s WHERE s.service = called;
    vital := coalesce(vital, was.critical);
    IF vital IS NULL THEN
        RAISE EXCEPTION 'no participation of yours names this service' USING ERRCODE = '23514';
    END IF;
    same := was.id IS NOT NULL AND was.state = say;
    started := coalesce(begun, CASE WHEN same THEN was.since END, clock_timestamp());
    added := btrim(coalesce(words, CASE WHEN same THEN old.text END, ''));
    share := added <> '' AND coalesce(tell, CASE WHEN same THEN old.shared END, false);
    IF (say IN ('working', 'difficulty', 'down', 'unknown') AND length(added) <= 1000
        AND started <= clock_timestamp() + interval '5 minutes') IS NOT TRUE THEN
        RAISE EXCEPTION 'one of four words, since when (not in the future), and at most 1,000 letters' USING ERRCODE = '23514';
    END IF;
    IF same AND (was.since, coalesce(old.text, ''), coalesce(old.shared, false)) = (started, added, share) THEN
        RETURN false;
    END IF;
    UPDATE public.incidents_servicestatus s SET newest = false WHERE s.id = was.id;
    INSERT INTO public.incidents_servicestatus (id, incident_id, organisation_id, service, critical, state, since, said_by, at,
        newest)
    VALUES (made, i.id, me, called, vital, say, started, sec.who(), clock_timestamp(), true);
    IF added <> '' THEN
        INSERT INTO public.incidents_servicenote (status_id, incident_id, organisation_id, text, shared)
        VALUES (made, i.id, me, added, share);
    END IF;
    -- A note that stays at home is nobody else's event.
    people := CASE WHEN same AND was.since = started AND NOT share AND NOT coalesce(old.shared, false) THEN ARRAY[me]
                   ELSE ARRAY(SELECT DISTINCT x FROM unnest(me || i.overseers) x) END;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'service.said', clock_timestamp(), t.org_id,
           CASE WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, i.id, i.reference, made, people,
           jsonb_build_object('organisation', o.slug, 'service', called, 'state', say, 'critical', vital)
      FROM sec.ticket() t, public.partners_organisation o WHERE o.id = t.org_id;
    RETURN true;
END $$;
CREATE POLICY services_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'service');
"""
NOBODY = "sec.services_of(uuid)"
OPEN = "sec.own_services(), sec.services_counted(uuid), sec.say_service(uuid, text, text, timestamptz, text, boolean)"
GRANTS = f"""
REVOKE ALL ON FUNCTION {NOBODY}, {OPEN} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {OPEN} TO portal_app;
"""
BACKWARD = f"DROP POLICY services_by_functions ON ledger_event; DROP FUNCTION {OPEN}, {NOBODY};"
OVERSEEN = (
    "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_servicestatus.incident_id"
    f" AND {ME} = ANY (i.overseers))"
)
OF_STATUS = (
    "EXISTS (SELECT 1 FROM incidents_servicestatus s WHERE s.id = incidents_servicenote.status_id"
    f" AND {ME} IS NOT NULL)"
)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0040_own_actions")]

    operations = [
        migrations.CreateModel(
            name="ServiceStatus",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("service", models.TextField()),
                ("critical", models.BooleanField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("working", "Working"),
                            ("difficulty", "Working with difficulty"),
                            ("down", "Not working"),
                            ("unknown", "Not known yet"),
                        ]
                    ),
                ),
                ("since", models.DateTimeField()),
                ("said_by", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("newest", models.BooleanField(default=True)),
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
            },
        ),
        migrations.CreateModel(
            name="ServiceNote",
            fields=[
                (
                    "status",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="note",
                        serialize=False,
                        to="incidents.servicestatus",
                    ),
                ),
                ("text", models.TextField()),
                ("shared", models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            model_name="servicenote",
            name="incident",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident"
            ),
        ),
        migrations.AddField(
            model_name="servicenote",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.organisation",
            ),
        ),
        migrations.AddIndex(
            model_name="servicestatus",
            index=models.Index(fields=["incident", "organisation", "at"], name="service_status_of"),
        ),
        migrations.AddConstraint(
            model_name="servicestatus",
            constraint=models.UniqueConstraint(
                condition=models.Q(("newest", True)),
                fields=("incident", "organisation", "service"),
                name="service_status_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="servicestatus",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["working", "difficulty", "down", "unknown"])),
                name="service_status_state",
            ),
        ),
        migrations.RunSQL(SERVICES + GRANTS, BACKWARD),
        protect(
            "incidents_servicestatus",
            Allow("portal_app", "select", f"organisation_id = {ME} OR newest AND {OVERSEEN}"),
        ),
        protect(
            "incidents_servicenote", Allow("portal_app", "select", f"organisation_id = {ME} OR shared AND {OF_STATUS}")
        ),
    ]
