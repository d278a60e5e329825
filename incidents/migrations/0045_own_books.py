"""What an organisation keeps for itself: situation reports (M/ETHANE), which the lead reads when they are shared, and costs."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

BOOKS = f"""
-- One M/ETHANE report, a new number each time. The same words again within a minute are the report that stands.
CREATE FUNCTION sec.write_situation(incident uuid, words jsonb, share text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, sec.data_writers()); me uuid := sec.me();
    was public.incidents_situationreport; made uuid := gen_random_uuid(); BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('situation ' || i.id || me, 0));
    IF share NOT IN ('', 'lead') OR share IS NULL OR coalesce(words ->> 'major', '') NOT IN ('yes', 'no', 'standby')
       OR EXISTS (SELECT 1 FROM jsonb_each_text(words) w WHERE length(w.value) > 2000) THEN
        RAISE EXCEPTION 'whether it is a major incident, then at most 2,000 letters of each' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO was FROM public.incidents_situationreport r
     WHERE r.incident_id = i.id AND r.organisation_id = me ORDER BY r.number DESC LIMIT 1;
    IF (was.major, was.exact, was.type, was.hazards, was.access, was.number_affected, was.engaged, was.shared)
       = (words ->> 'major', words ->> 'exact', words ->> 'type', words ->> 'hazards', words ->> 'access',
          words ->> 'number_affected', words ->> 'engaged', share) AND was.at > clock_timestamp() - interval '1 minute' THEN
        RETURN was.id;
    END IF;
    INSERT INTO public.incidents_situationreport (id, incident_id, organisation_id, number, at, written_by, shared, major, exact,
        type, hazards, access, number_affected, engaged)
    VALUES (made, i.id, me, coalesce(was.number, 0) + 1, clock_timestamp(), sec.who(), share, words ->> 'major',
        coalesce(words ->> 'exact', ''), coalesce(words ->> 'type', ''), coalesce(words ->> 'hazards', ''),
        coalesce(words ->> 'access', ''), coalesce(words ->> 'number_affected', ''), coalesce(words ->> 'engaged', ''));
    IF share <> '' THEN
        PERFORM sec.data_told(i, 'situation_report.shared', made, sec.data_readers(i, share), jsonb_build_object('shared', share));
    END IF;
    RETURN made;
END $$;
CREATE FUNCTION sec.share_situation(report uuid, share text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; r public.incidents_situationreport; BEGIN
    SELECT * INTO r FROM public.incidents_situationreport x WHERE x.id = report AND x.organisation_id = sec.me();
    IF r.id IS NULL THEN
        RAISE EXCEPTION 'no report of yours' USING ERRCODE = '42501';
    END IF;
    i := sec.data_may(r.incident_id, sec.data_writers());
    SELECT * INTO r FROM public.incidents_situationreport x WHERE x.id = r.id FOR UPDATE;
    IF (share IN ('', 'lead')) IS NOT TRUE THEN
        RAISE EXCEPTION 'with nobody or with the lead' USING ERRCODE = '23514';
    END IF;
    IF r.shared = share THEN
        RETURN false;
    END IF;
    UPDATE public.incidents_situationreport x SET shared = share WHERE x.id = r.id;
    PERFORM sec.data_told(i, CASE share WHEN '' THEN 'situation_report.unshared' ELSE 'situation_report.shared' END, r.id,
        sec.data_readers(i, 'lead'), jsonb_build_object('shared', share));
    RETURN true;
END $$;
-- A line of the cost diary. No event: nobody else learns that there is one, and it is no news at home.
CREATE FUNCTION sec.put_cost(incident uuid, form uuid, day date, about text, took numeric, of_grade text, amount bigint,
    bill text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, sec.data_writers()); me uuid := sec.me();
    c public.incidents_cost; BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('costs ' || i.id || me, 0));
    SELECT * INTO c FROM public.incidents_cost x WHERE x.organisation_id = me AND x.once = form;
    IF c.id IS NOT NULL THEN
        IF (c.incident_id, c."on", c.what, c.grade, c.invoice) = (i.id, day, btrim(about), btrim(of_grade), btrim(bill))
           AND c.hours IS NOT DISTINCT FROM took AND c.pence IS NOT DISTINCT FROM amount THEN
            RETURN c.id;
        END IF;
        RAISE EXCEPTION 'this form was sent before and said something else: open a new one' USING ERRCODE = '23514';
    END IF;
    IF form IS NULL OR (length(btrim(about)) BETWEEN 1 AND 500 AND length(of_grade) <= 100 AND length(bill) <= 100
        AND day BETWEEN current_date - 3660 AND current_date + 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'the day, not in the future, and what it was' USING ERRCODE = '23514';
    END IF;
    IF (took > 0 AND took <= 10000 AND amount IS NULL AND btrim(of_grade) <> ''
        OR amount BETWEEN 1 AND 100000000000 AND took IS NULL AND btrim(of_grade) = '') IS NOT TRUE THEN
        RAISE EXCEPTION 'hours with a grade, or an amount' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_cost (id, incident_id, organisation_id, once, "on", what, hours, grade, pence, invoice,
        written_by, at, struck_because)
    VALUES (gen_random_uuid(), i.id, me, form, day, btrim(about), took, btrim(of_grade), amount, btrim(bill), sec.who(),
        clock_timestamp(), '') RETURNING * INTO c;
    RETURN c.id;
END $$;
-- It does not count; it stays, with who struck it and why.
CREATE FUNCTION sec.strike_cost(line uuid, because text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE c public.incidents_cost; BEGIN
    SELECT * INTO c FROM public.incidents_cost x WHERE x.id = line AND x.organisation_id = sec.me();
    IF c.id IS NULL THEN
        RAISE EXCEPTION 'no line of yours' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.data_may(c.incident_id, sec.data_writers());
    IF (length(btrim(because)) BETWEEN 1 AND 500) IS NOT TRUE THEN
        RAISE EXCEPTION 'say why it does not count' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_cost x SET struck_at = clock_timestamp(), struck_by = sec.who(), struck_because = btrim(because)
     WHERE x.id = c.id AND x.struck_at IS NULL;
    RETURN FOUND;
END $$;
CREATE POLICY situations_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'situation_report');
"""
OPEN = (
    "sec.write_situation(uuid, jsonb, text), sec.share_situation(uuid, text),"
    " sec.put_cost(uuid, uuid, date, text, numeric, text, bigint, text), sec.strike_cost(uuid, text)"
)
GRANTS = f"""
REVOKE ALL ON FUNCTION {OPEN} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {OPEN} TO portal_app;
"""
BACKWARD = f"DROP POLICY situations_by_functions ON ledger_event; DROP FUNCTION {OPEN};"
TO_LEAD = (
    "shared = 'lead' AND EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_situationreport.incident_id"
    f" AND {ME} = ANY (i.participants) AND {ME} IN (i.lead_id, i.deputy_lead_id))"
)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0044_planned_cuts")]

    operations = [
        migrations.CreateModel(
            name="Cost",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("once", models.UUIDField()),
                ("on", models.DateField()),
                ("what", models.TextField()),
                ("hours", models.DecimalField(decimal_places=2, max_digits=7, null=True)),
                ("grade", models.TextField(blank=True, default="")),
                ("pence", models.BigIntegerField(null=True)),
                ("invoice", models.TextField(blank=True, default="")),
                ("written_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("struck_at", models.DateTimeField(null=True)),
                ("struck_by", models.UUIDField(null=True)),
                ("struck_because", models.TextField(blank=True, default="")),
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
                "ordering": ["-on", "-at", "-id"],
                "indexes": [models.Index(fields=["incident", "organisation", "on"], name="cost_of")],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "once"), name="cost_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("hours__gt", 0), ("pence", None), models.Q(("grade", ""), _negated=True)),
                            models.Q(("grade", ""), ("hours", None), ("pence__gt", 0)),
                            _connector="OR",
                        ),
                        name="cost_hours_or_amount",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SituationReport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("written_by", models.UUIDField()),
                (
                    "shared",
                    models.TextField(
                        blank=True,
                        choices=[("", "Only your own organisation"), ("lead", "The lead and the deputy lead too")],
                        default="",
                    ),
                ),
                ("major", models.TextField()),
                ("exact", models.TextField(blank=True, default="")),
                ("type", models.TextField(blank=True, default="")),
                ("hazards", models.TextField(blank=True, default="")),
                ("access", models.TextField(blank=True, default="")),
                ("number_affected", models.TextField(blank=True, default="")),
                ("engaged", models.TextField(blank=True, default="")),
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
                "indexes": [models.Index(fields=["incident", "organisation", "at"], name="situation_report_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "organisation", "number"), name="situation_report_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("shared__in", ["", "lead"])), name="situation_report_shared"
                    ),
                ],
            },
        ),
        migrations.RunSQL(BOOKS + GRANTS, BACKWARD),
        protect("incidents_situationreport", Allow("portal_app", "select", f"organisation_id = {ME} OR {TO_LEAD}")),
        protect("incidents_cost", Allow("portal_app", "select", f"organisation_id = {ME}")),
    ]
