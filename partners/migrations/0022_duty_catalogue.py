"""What an organisation has to report, to whom, and how fast. Every organisation has the standard lines from the start."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

# STANDARDS 7.1-7.3. `hours` 0: without undue delay. The Bill's two are there, off, and say that they are not law.
STANDARD = f"""
CREATE FUNCTION sec.put_standard_duties(org uuid, org_kind text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.partners_dutyentry (id, organisation_id, key, standard, position, name, source, note, starts, hours,
                                           rule, judge, is_on)
    SELECT gen_random_uuid(), org, v.key, true, v.position, v.name, v.source, v.note, 'aware', v.hours, 'clock',
           'data_protection_officer', v.key = 'ico_72h' OR v.key = 'controllers_told' AND org_kind = 'provider'
      FROM (VALUES
        ('ico_72h', 1, 72, 'Tell the Information Commissioner within 72 hours of becoming aware',
         'UK GDPR, Article 33(1)', ''),
        ('controllers_told', 2, 0, 'Tell each organisation whose personal data you process',
         'UK GDPR, Article 33(2)', 'For whoever processes personal data for others. No number of hours: without undue delay.'),
        ('enforcement_72h', 3, 72, 'Tell the Information Commissioner of law enforcement data within 72 hours',
         'Data Protection Act 2018, section 67', 'For personal data that you process as a law enforcement authority.'),
        ('nis_72h', 4, 72, 'Tell the competent authority of an essential service within 72 hours',
         'NIS Regulations 2018, regulation 11', 'Councils are not generally operators of essential services. '
         'Switch it on if you are one.'),
        ('bill_24h', 5, 24, 'First notification within 24 hours', 'Cyber Security and Resilience Bill, clause 15',
         'Not law: a Bill before Parliament. It stands here so that you can prepare.'),
        ('bill_72h', 6, 72, 'Full notification within 72 hours', 'Cyber Security and Resilience Bill, clause 15',
         'Not law: a Bill before Parliament. It stands here so that you can prepare.')
      ) AS v(key, position, hours, name, source, note)
    ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION sec.organisation_has_duties() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    PERFORM sec.put_standard_duties(NEW.id, NEW.kind);
    RETURN NULL;
END $$;
CREATE TRIGGER has_duties AFTER INSERT ON public.partners_organisation
    FOR EACH ROW EXECUTE FUNCTION sec.organisation_has_duties();
SELECT sec.put_standard_duties(o.id, o.kind) FROM public.partners_organisation o;

-- Of a standard line it is said whether it is on and who judges; the rest of it is the law's. NULL: a line of one's own.
CREATE FUNCTION sec.keep_duty_entry(entry uuid, said_name text, said_source text, said_starts text, said_hours integer,
    said_rule text, said_judge text, said_on boolean) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); e public.partners_dutyentry; made uuid := gen_random_uuid(); BEGIN
    IF (me IS NOT NULL AND sec.role() = 'administrator') IS NOT TRUE THEN
        RAISE EXCEPTION 'an administrator keeps the catalogue' USING ERRCODE = '42501';
    END IF;
    IF (said_judge IN ('data_protection_officer', 'incident_manager', 'administrator') AND said_on IS NOT NULL) IS NOT TRUE THEN
        RAISE EXCEPTION 'say who judges, and whether it is on' USING ERRCODE = '23514';
    END IF;
    IF entry IS NOT NULL THEN
        SELECT * INTO e FROM public.partners_dutyentry x WHERE x.id = entry AND x.organisation_id = me FOR UPDATE;
        IF e.id IS NULL THEN
            RAISE EXCEPTION 'no line of your catalogue' USING ERRCODE = '42501';
        END IF;
        made := e.id;
    END IF;
    IF e.standard IS NOT TRUE AND (length(btrim(said_name)) BETWEEN 1 AND 200 AND length(btrim(said_source)) BETWEEN 1 AND 200
        AND said_starts IN ('aware', 'reached', 'notice') AND said_hours BETWEEN 0 AND 2160
        AND said_rule IN ('clock', 'working')) IS NOT TRUE THEN
        RAISE EXCEPTION 'name, source, when it starts, hours from 0 to 2160, and which hours count' USING ERRCODE = '23514';
    END IF;
    IF entry IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('duty entries ' || me, 0));
        IF (SELECT count(*) FROM public.partners_dutyentry x WHERE x.organisation_id = me) >= 50 THEN
            RAISE EXCEPTION 'fifty lines are enough' USING ERRCODE = '23514';
        END IF;
        INSERT INTO public.partners_dutyentry (id, organisation_id, key, standard, position, name, source, note, starts,
                                               hours, rule, judge, is_on)
        VALUES (made, me, 'own_' || replace(made::text, '-', ''), false, 100, btrim(said_name), btrim(said_source), '',
                said_starts, said_hours, said_rule, said_judge, said_on) RETURNING * INTO e;
    ELSIF e.standard THEN
        UPDATE public.partners_dutyentry x SET judge = said_judge, is_on = said_on WHERE x.id = e.id
           AND (x.judge, x.is_on) IS DISTINCT FROM (said_judge, said_on);
        IF NOT FOUND THEN RETURN made; END IF;
    ELSE
        UPDATE public.partners_dutyentry x SET name = btrim(said_name), source = btrim(said_source), starts = said_starts,
               hours = said_hours, rule = said_rule, judge = said_judge, is_on = said_on WHERE x.id = e.id
           AND (x.name, x.source, x.starts, x.hours, x.rule, x.judge, x.is_on) IS DISTINCT FROM
               (btrim(said_name), btrim(said_source), said_starts, said_hours, said_rule, said_judge, said_on);
        IF NOT FOUND THEN RETURN made; END IF;
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    VALUES (gen_random_uuid(), 'duty.catalogued', clock_timestamp(), me, 'person', sec.who(), '', made, ARRAY[me],
            jsonb_build_object('key', e.key, 'on', said_on));
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION sec.put_standard_duties(uuid, text), sec.organisation_has_duties(),
    sec.keep_duty_entry(uuid, text, text, text, integer, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.keep_duty_entry(uuid, text, text, text, integer, text, text, boolean) TO portal_app;
"""
BACKWARD = """
DROP TRIGGER has_duties ON public.partners_organisation;
DROP FUNCTION sec.keep_duty_entry(uuid, text, text, text, integer, text, text, boolean), sec.organisation_has_duties(),
    sec.put_standard_duties(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0021_more_kinds_still")]
    operations = [
        migrations.CreateModel(
            name="DutyEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.TextField()),
                ("standard", models.BooleanField(default=False)),
                ("position", models.PositiveSmallIntegerField(default=100)),
                ("name", models.TextField()),
                ("source", models.TextField()),
                ("note", models.TextField(blank=True, default="")),
                (
                    "starts",
                    models.TextField(
                        choices=[
                            ("aware", "When a person says that we are aware"),
                            ("reached", "When an incident reaches us"),
                            ("notice", "When somebody gives us notice about our data"),
                        ],
                        default="aware",
                    ),
                ),
                ("hours", models.PositiveIntegerField()),
                (
                    "rule",
                    models.TextField(
                        choices=[
                            ("clock", "Every hour counts, also nights, weekends and bank holidays"),
                            ("working", "Monday to Friday, 9 to 17 local time; bank holidays count as other days"),
                        ],
                        default="clock",
                    ),
                ),
                (
                    "judge",
                    models.TextField(
                        choices=[
                            ("data_protection_officer", "Data protection officer"),
                            ("incident_manager", "Incident manager"),
                            ("administrator", "Administrator"),
                        ],
                        default="data_protection_officer",
                    ),
                ),
                ("is_on", models.BooleanField(default=False)),
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
                "ordering": ["position", "name"],
                "verbose_name_plural": "duty entries",
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "key"), name="duty_entry_once"),
                    models.CheckConstraint(
                        condition=models.Q(("starts__in", ["aware", "reached", "notice"])), name="duty_entry_starts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rule__in", ["clock", "working"])), name="duty_entry_rule"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("judge__in", ["data_protection_officer", "incident_manager", "administrator"])
                        ),
                        name="duty_entry_judge",
                    ),
                    models.CheckConstraint(condition=models.Q(("hours__lte", 2160)), name="duty_entry_hours"),
                ],
            },
        ),
        protect("partners_dutyentry", Allow("portal_app", "select", f"organisation_id = {ME}")),
        migrations.RunSQL(STANDARD, BACKWARD),
    ]
