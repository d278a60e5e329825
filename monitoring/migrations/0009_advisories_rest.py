"""Owner and provider are told of what is urgent, both read that something was decided, and an incident points back to
the exposure that it was opened because of."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import portal.clock
from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
ITS_EXPOSURE = "EXISTS (SELECT 1 FROM monitoring_exposure e WHERE e.id = exposure_id)"
ITS_INCIDENT = "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incident_id)"
I_LEAD = f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incident_id AND i.lead_id = {ME})"

TELLING = f"""
-- Who reads an exposure: whoever owns or provides its system, or that one alone which brought what is not clear.
CREATE FUNCTION sec.readers_of(e public.monitoring_exposure) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT ARRAY(SELECT DISTINCT r FROM unnest(sec.runners(e.system_id)) r
                  WHERE e.confined_to_id IS NULL OR e.confined_to_id = r ORDER BY r)
$$;
-- One event for each organisation with urgent exposures that it has not been told of, at most one in ten minutes: what
-- comes meanwhile waits for the next. Urgent is what is exploited or critical; what goes by a name alone is on the page.
-- One that was retracted is news again when it comes back. How many were told; they are numbers and ids, no words of a
-- document.
CREATE FUNCTION sec.tell_of_exposures() RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE o record; told integer := 0; now timestamptz; BEGIN
    PERFORM pg_advisory_xact_lock(760562);
    now := clock_timestamp();
    DELETE FROM public.monitoring_exposuretold t USING public.monitoring_exposure e
     WHERE e.id = t.exposure_id AND e.state <> 'open' AND t.at < now - interval '10 minutes';
    FOR o IN
        SELECT u.org, g.slug, array_agg(e.id ORDER BY e.priority DESC, e.id) AS ids, count(DISTINCT e.label) AS labels,
               array_agg(DISTINCT s.slug ORDER BY s.slug) AS systems, bool_or(e.exploited) AS exploited
          FROM public.monitoring_exposure e JOIN public.partners_sharedsystem s ON s.id = e.system_id
          CROSS JOIN LATERAL unnest(sec.readers_of(e)) AS u(org)
          JOIN public.partners_organisation g ON g.id = u.org
         WHERE e.state = 'open' AND e.certainty <> 'possible' AND (e.exploited OR e.severity = 'critical')
           AND NOT EXISTS (SELECT 1 FROM public.monitoring_exposuretold t
                            WHERE t.exposure_id = e.id AND t.organisation_id = u.org)
           AND NOT EXISTS (SELECT 1 FROM public.monitoring_exposuretold t
                            WHERE t.organisation_id = u.org AND t.at > now - interval '10 minutes')
         GROUP BY u.org, g.slug ORDER BY u.org
    LOOP
        INSERT INTO public.monitoring_exposuretold (exposure_id, organisation_id, at)
        SELECT i, o.org, now FROM unnest(o.ids) i;
        INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, subject_id,
                                         audience, data)
        VALUES (gen_random_uuid(), 'advisory.matched', now, o.org, 'system', '', o.ids[1], ARRAY[o.org],
                jsonb_build_object('organisation', o.slug, 'count', o.labels, 'exposures', o.ids[1:50],
                                   'systems', o.systems, 'exploited', o.exploited));
        told := told + 1;
    END LOOP;
    RETURN told;
END $$;
-- A decision, for everybody who reads the exposure; about an organisation behind several systems it is one act.
CREATE FUNCTION sec.exposure_decided() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'advisory.decided', clock_timestamp(), d.organisation_id, 'person', d.person_id, '',
           (array_agg(d.exposure_id ORDER BY d.exposure_id))[1], r.readers,
           jsonb_build_object('choice', d.choice, 'until', d.until_on,
               'exposures', (array_agg(d.exposure_id ORDER BY d.exposure_id))[1:50],
               'systems', array_agg(DISTINCT s.slug ORDER BY s.slug))
      FROM added d JOIN public.monitoring_exposure e ON e.id = d.exposure_id
      JOIN public.partners_sharedsystem s ON s.id = e.system_id
      CROSS JOIN LATERAL (SELECT sec.readers_of(e) AS readers) r
     GROUP BY d.organisation_id, d.person_id, d.choice, d.until_on, r.readers;
    RETURN NULL;
END $$;
CREATE TRIGGER decided AFTER INSERT ON monitoring_exposuredecision REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sec.exposure_decided();
CREATE POLICY advisory_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO {APP}, {WORKER}
    WITH CHECK (split_part(kind, '.', 1) <> 'advisory');
REVOKE ALL ON FUNCTION sec.readers_of(public.monitoring_exposure), sec.tell_of_exposures(), sec.exposure_decided()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.tell_of_exposures() TO {WORKER};
"""
BACK = """
DROP POLICY advisory_by_functions ON ledger_event;
DROP TRIGGER decided ON monitoring_exposuredecision;
DROP FUNCTION sec.exposure_decided(), sec.tell_of_exposures(), sec.readers_of(public.monitoring_exposure);
"""


def to(model: str, **how: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=model, **how)


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_findings_rest")]
    operations = [
        migrations.CreateModel(
            name="ExposureTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=portal.clock.now)),
                (
                    "exposure",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="monitoring.exposure",
                    ),
                ),
                ("organisation", to("partners.organisation", related_name="+", db_index=False)),
            ],
        ),
        migrations.CreateModel(
            name="ExposureIncident",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(default=portal.clock.now)),
                ("exposure", to("monitoring.exposure", related_name="openings", db_index=False)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident"
                    ),
                ),
                ("organisation", to("partners.organisation", related_name="+")),
            ],
            options={"ordering": ["-at", "-id"]},
        ),
        migrations.AddConstraint(
            "exposuretold",
            models.UniqueConstraint(fields=("exposure", "organisation"), name="exposure_told_once"),
        ),
        migrations.AddIndex("exposuretold", models.Index(fields=["organisation", "-at"], name="exposure_told_last")),
        migrations.AddConstraint(
            "exposureincident",
            models.UniqueConstraint(fields=("exposure", "incident"), name="exposure_opened_once"),
        ),
        migrations.RunSQL(TELLING, BACK),
        protect("monitoring_exposuretold"),
        protect(
            "monitoring_exposureincident",
            Allow(APP, "select", f"{ITS_EXPOSURE} AND {ITS_INCIDENT}"),
            Allow(APP, "insert", f"organisation_id = {ME} AND {ITS_EXPOSURE} AND {I_LEAD}"),
        ),
    ]
