"""Asking one participant for an update, and its answer. Functions alone write either, with its event."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
READERS = (
    "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_updaterequest.incident_id"
    f" AND (incidents_updaterequest.organisation_id = {ME} OR {ME} = ANY (i.overseers)))"
)

ASKING = f"""
CREATE FUNCTION sec.update_said(request uuid, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), sec.me(), 'person', sec.who(), i.id, i.reference, r.id,
           ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || r.organisation_id) x),
           jsonb_build_object('organisation', p.slug, 'text', CASE what WHEN 'update.asked' THEN r.question ELSE r.answer END)
      FROM public.incidents_updaterequest r JOIN public.incidents_incident i ON i.id = r.incident_id
      JOIN public.incidents_participant p ON p.incident_id = i.id AND p.organisation_id = r.organisation_id
     WHERE r.id = request
$$;
-- Not more often than every ten minutes, and never a second time while the first waits: asking wakes people.
CREATE FUNCTION sec.ask_for_update(incident uuid, whom text, words text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); org uuid; made uuid := gen_random_uuid(); BEGIN
    IF sec.role() NOT IN ('administrator', 'incident_manager') OR NOT EXISTS (
            SELECT 1 FROM public.incidents_incident i WHERE i.id = incident AND i.status <> 'closed'
               AND me IN (i.lead_id, i.deputy_lead_id)) THEN
        RAISE EXCEPTION 'an incident manager of the lead or its deputy asks' USING ERRCODE = '42501';
    END IF;
    SELECT p.organisation_id INTO org FROM public.incidents_participant p
     WHERE p.incident_id = incident AND p.slug = whom FOR UPDATE;
    IF org IS NULL OR org = me THEN
        RAISE EXCEPTION 'another participant is asked' USING ERRCODE = '42501';
    END IF;
    IF length(btrim(words)) NOT BETWEEN 1 AND 300 THEN
        RAISE EXCEPTION 'between 1 and 300 characters' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_updaterequest r WHERE r.incident_id = incident AND r.organisation_id = org
                  AND (r.answered_at IS NULL OR r.asked_at > clock_timestamp() - interval '10 minutes')) THEN
        RAISE EXCEPTION 'it was asked already: one question at a time, and at most one in ten minutes'
            USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_updaterequest (id, incident_id, organisation_id, asked_by_id, question, asked_at, answer,
        answered_by) VALUES (made, incident, org, me, btrim(words), clock_timestamp(), '', '');
    PERFORM sec.update_said(made, 'update.asked');
    RETURN made;
END $$;
CREATE FUNCTION sec.give_update(request uuid, words text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE own uuid; BEGIN
    IF sec.role() IN ('', 'observer') THEN
        RAISE EXCEPTION 'a person of the organisation answers' USING ERRCODE = '42501';
    END IF;
    SELECT r.id INTO own FROM public.incidents_updaterequest r JOIN public.incidents_incident i ON i.id = r.incident_id
     WHERE r.id = request AND r.organisation_id = sec.me() AND sec.me() = ANY (i.participants) AND i.status <> 'closed';
    IF own IS NULL THEN
        RAISE EXCEPTION 'nothing was asked of you under this id' USING ERRCODE = '42501';
    END IF;
    IF length(btrim(words)) NOT BETWEEN 1 AND 2000 THEN
        RAISE EXCEPTION 'between 1 and 2000 characters' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_updaterequest r
       SET answer = btrim(words), answered_by = sec.my_name(), answered_at = clock_timestamp()
     WHERE r.id = request AND r.answered_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a colleague has answered it already' USING ERRCODE = '23514';
    END IF;
    PERFORM sec.update_said(request, 'update.given');
END $$;
REVOKE ALL ON FUNCTION sec.update_said(uuid, text), sec.ask_for_update(uuid, text, text), sec.give_update(uuid, text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.ask_for_update(uuid, text, text), sec.give_update(uuid, text) TO portal_app;
"""
BACKWARD = (
    "DROP FUNCTION sec.give_update(uuid, text), sec.ask_for_update(uuid, text, text), sec.update_said(uuid, text);"
)


def organisation() -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
    )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0016_answers")]
    operations = [
        migrations.CreateModel(
            name="UpdateRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("question", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("answer", models.TextField(blank=True, default="")),
                ("answered_by", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                ("asked_by", organisation()),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="update_requests",
                        to="incidents.incident",
                    ),
                ),
                ("organisation", organisation()),
            ],
            options={
                "ordering": ["asked_at"],
                "indexes": [models.Index(fields=["incident", "organisation"], name="update_request_of")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(answered_at__isnull=True),
                        fields=("incident", "organisation"),
                        name="update_request_open_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(ASKING, BACKWARD),
        protect("incidents_updaterequest", Allow("portal_app", "select", READERS)),
    ]
