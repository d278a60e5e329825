"""Contacts that are known to work: who writes them, what stays private, who is on duty, whom a former member leaves.

A contact point is written by functions, because whoever changes one decides who is woken: each change resets what was
tested and gives the organisation's people something to look at. Private numbers stand sealed in a table that is granted
to nobody.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP, WORKER = "portal_app", "portal_worker"
OWN = f"organisation_id = {ME}"
KEEPS = f"{OWN} AND (SELECT sec.fresh()) AND (SELECT sec.role()) IN ('administrator', 'incident_manager')"
THEIRS = (
    f"(person_id IS NULL OR EXISTS (SELECT 1 FROM partners_person p WHERE p.id = person_id AND p.organisation_id = {ME}"
    " AND p.is_active))"
    " AND (contractor_id IS NULL OR EXISTS (SELECT 1 FROM partners_contractor c WHERE c.id = contractor_id"
    f" AND c.organisation_id = {ME}))"
)
PERSON_THEIRS = (
    f"EXISTS (SELECT 1 FROM partners_person p WHERE p.id = person_id AND p.organisation_id = {ME} AND p.is_active)"
)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
KEPT = ("person_id", "kind", "label", "address", "rides_on_id", '"order"', "is_active", "is_private", "changed_at")

WRITING = f"""
-- Whoever looks after the contacts of the organisation, or of themselves, with a passkey used just now.
CREATE FUNCTION sec.may_keep_contact(whose uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.me() IS NOT NULL AND sec.fresh() AND sec.who() IS NOT NULL AND sec.role() NOT IN ('', 'guest')
       AND (sec.role() IN ('administrator', 'incident_manager') OR whose IS NOT DISTINCT FROM sec.who())
$$;
-- Somebody who changes contacts decides who is woken: the others hear of it. Names no address.
CREATE FUNCTION sec.contact_told(point uuid, what text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE c public.partners_contactpoint; whom text; BEGIN
    SELECT * INTO c FROM public.partners_contactpoint x WHERE x.id = point;
    whom := coalesce((SELECT p.name FROM public.partners_person p WHERE p.id = c.person_id), 'the duty desk');
    PERFORM sec.raise_work(c.organisation_id, 'contact_changed', 'contact_changed:' || point,
        sec.my_name() || ' ' || what || ' a contact of ' || whom,
        'Ask them, by a way that you know, whether it was meant. Whoever changes contacts decides who is woken, so that'
        || ' somebody else settles this. Contact: ' || c.label || '.', '/partners/contacts/' || point || '/', point, NULL);
END $$;
-- Add a contact point, or change one. Of a private number `addr` is "ends 67" and `whole` the sealed number; a change
-- without `whole` keeps the one that is there.
CREATE FUNCTION sec.put_contact(point uuid, whose uuid, what text, named text, addr text, rides uuid, private boolean,
    nth integer, whole bytea) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE old public.partners_contactpoint; me uuid := sec.me(); made uuid := point; other boolean; belief text; BEGIN
    SELECT * INTO old FROM public.partners_contactpoint c WHERE c.id = point FOR UPDATE;
    IF NOT sec.may_keep_contact(whose) OR (old.id IS NOT NULL AND (old.organisation_id <> me
           OR NOT old.is_active OR NOT sec.may_keep_contact(old.person_id))) THEN
        RAISE EXCEPTION 'your own contacts are yours to change, those of others the administrator''s, with a passkey used just now'
            USING ERRCODE = '42501';
    END IF;
    IF whose IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.partners_person p WHERE p.id = whose
           AND p.organisation_id = me AND p.is_active AND p.role NOT IN ('service_account', 'guest')) THEN
        RAISE EXCEPTION 'not a person of yours' USING ERRCODE = '42501';
    END IF;
    IF rides IS NOT NULL AND NOT rides = ANY (sec.my_systems()) AND rides IS DISTINCT FROM old.rides_on_id THEN
        RAISE EXCEPTION 'not a system of yours' USING ERRCODE = '42501';
    END IF;
    IF btrim(named) = '' OR length(named) > 200 OR length(addr) > 254 OR (what = 'email') <> (addr LIKE '%_@_%')
       OR (what <> 'email' AND NOT private AND addr !~ '^\\+[1-9][0-9]{{6,14}}$')
       OR (private AND (what = 'email' OR addr !~ '^ends [0-9]{{2}}$'))
       OR (private AND whole IS NULL AND NOT (old.is_private AND old.address = addr AND old.kind = what)) THEN
        RAISE EXCEPTION 'not a contact that could work' USING ERRCODE = '23514';
    END IF;
    other := old.id IS NULL OR old.address <> addr OR old.kind <> what OR old.is_private <> private OR whole IS NOT NULL;
    -- While the organisation's own mail is not trusted, a new address in it is not either.
    SELECT CASE WHEN what = 'email' AND s.mail_distrusted_at IS NOT NULL AND other
                 AND (o.mail_domains = '{{}}' OR lower(split_part(addr, '@', 2)) = ANY (o.mail_domains))
                THEN 'compromised' ELSE coalesce(old.trust, 'trusted') END INTO belief
      FROM sec.org_state s JOIN public.partners_organisation o ON o.id = s.org_id WHERE s.org_id = me;
    IF old.id IS NULL AND NOT private THEN  -- the same address was there before and was retired
        SELECT c.id INTO made FROM public.partners_contactpoint c
         WHERE c.organisation_id = me AND c.kind = what AND c.address = addr AND NOT c.is_private AND NOT c.is_active
           AND sec.may_keep_contact(c.person_id);
        made := coalesce(made, point);
    END IF;
    INSERT INTO public.partners_contactpoint AS c (id, organisation_id, person_id, kind, label, address, rides_on_id, trust,
        trust_since, trust_because, "order", is_active, is_private, changed_at)
    VALUES (made, me, whose, what, named, addr, rides, belief, NULL,
        CASE belief WHEN 'compromised' THEN 'Its mail is not trusted: step 2.' ELSE '' END, nth, true, private,
        clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET person_id = excluded.person_id, kind = excluded.kind, label = excluded.label,
        address = excluded.address, rides_on_id = excluded.rides_on_id, "order" = excluded."order", is_active = true,
        is_private = excluded.is_private,
        trust = CASE WHEN excluded.trust = 'compromised' THEN 'compromised' ELSE c.trust END,
        trust_because = CASE WHEN excluded.trust = 'compromised' AND c.trust <> 'compromised'
                             THEN excluded.trust_because ELSE c.trust_because END,
        tested_at = CASE WHEN other THEN NULL ELSE c.tested_at END,
        failed_at = CASE WHEN other THEN NULL ELSE c.failed_at END,
        changed_at = CASE WHEN other THEN excluded.changed_at ELSE c.changed_at END;
    IF NOT private THEN
        DELETE FROM public.partners_privatenumber n WHERE n.contact_point_id = made;
    ELSIF whole IS NOT NULL THEN
        INSERT INTO public.partners_privatenumber (contact_point_id, organisation_id, sealed) VALUES (made, me, whole)
        ON CONFLICT (contact_point_id) DO UPDATE SET sealed = excluded.sealed;
    END IF;
    PERFORM sec.contact_told(made, CASE WHEN old.id IS NULL THEN 'added' ELSE 'changed' END);
    RETURN made;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'this address is one of your contacts already' USING ERRCODE = '23514';
END $$;
CREATE FUNCTION sec.retire_contact(point uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE whose uuid; BEGIN
    SELECT c.person_id INTO whose FROM public.partners_contactpoint c
     WHERE c.id = point AND c.organisation_id = sec.me() AND c.is_active FOR UPDATE;
    IF NOT FOUND OR NOT sec.may_keep_contact(whose) THEN
        RAISE EXCEPTION 'not a contact that is yours to retire, with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    UPDATE public.partners_contactpoint c SET is_active = false WHERE c.id = point;
    DELETE FROM public.partners_privatenumber n WHERE n.contact_point_id = point;
    PERFORM sec.contact_told(point, 'retired');
END $$;
REVOKE ALL ON FUNCTION sec.may_keep_contact(uuid), sec.contact_told(uuid, text), sec.retire_contact(uuid),
    sec.put_contact(uuid, uuid, text, text, text, uuid, boolean, integer, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.retire_contact(uuid),
    sec.put_contact(uuid, uuid, text, text, text, uuid, boolean, integer, bytea) TO portal_app;
"""

NUMBERS = f"""
-- One's own private numbers, sealed. Nobody else's, whatever the role.
CREATE FUNCTION sec.my_numbers() RETURNS TABLE (contact_point_id uuid, sealed bytea) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT n.contact_point_id, n.sealed FROM public.partners_privatenumber n
      JOIN public.partners_contactpoint c ON c.id = n.contact_point_id
     WHERE c.organisation_id = sec.me() AND c.person_id = sec.who()
$$;
-- Whether an organisation stands on one of these systems, or runs one, by its own word or the operator's: anybody can say
-- of it that it does, and so draw it into an incident.
CREATE FUNCTION sec.stands_by_own_word(org uuid, systems uuid[]) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (
        SELECT 1 FROM public.partners_participation p
         WHERE p.organisation_id = org AND p.system_id = ANY (systems) AND p.denied_at IS NULL
           AND (p.confirmed_at IS NOT NULL OR NOT EXISTS (
                SELECT 1 FROM public.partners_change c
                 WHERE c.object_id = p.id AND c.what = 'made' AND c.organisation_id <> org)))
      OR EXISTS (
        SELECT 1 FROM public.partners_sharedsystem s
         WHERE s.id = ANY (systems) AND org IN (s.owner_id, s.provider_id) AND NOT EXISTS (
               SELECT 1 FROM public.partners_change c
                WHERE c.object_id = s.id AND c.organisation_id <> org
                  AND org::text IN (c.after ->> 'owner_id', c.after ->> 'provider_id')
                  AND NOT EXISTS (SELECT 1 FROM public.partners_change own
                                   WHERE own.object_id = s.id AND own.organisation_id = org AND own.at > c.at)))
$$;
-- A private number, for whoever oversees an incident that is open, about somebody who takes part, and for their own
-- organisation. Recorded for both, with why. No exercise and no suspicion opens a number, and nobody who draws an
-- organisation in by their own word alone: it has answered, or stands by its own word on what can be reached.
CREATE FUNCTION sec.reveal_number(incident uuid, point uuid, because text)
RETURNS TABLE (organisation_id uuid, sealed bytea) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); org uuid; i record; BEGIN
    IF me IS NULL OR sec.who() IS NULL OR NOT sec.may_approve() OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'reading a number needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(because, '')) = '' OR length(because) > 500 THEN
        RAISE EXCEPTION 'say why' USING ERRCODE = '23514';
    END IF;
    SELECT c.organisation_id INTO org FROM public.partners_contactpoint c WHERE c.id = point AND c.is_private AND c.is_active;
    SELECT x.id, x.reference INTO i FROM public.incidents_incident x
     WHERE x.id = incident AND x.status NOT IN ('closed', 'suspected') AND NOT x.exercise AND org = ANY (x.participants)
       AND (me = org AND me = ANY (x.participants) OR me = ANY (x.overseers) AND (
            EXISTS (SELECT 1 FROM public.incidents_participant p
                     WHERE p.incident_id = x.id AND p.organisation_id = org AND p.acknowledged_at IS NOT NULL)
            OR sec.stands_by_own_word(org, sec.incident_links(x.id))));
    IF org IS NULL OR i.id IS NULL THEN
        RAISE EXCEPTION 'a number is shown in an open incident alone, to whoever oversees it' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (gen_random_uuid(), 'number.revealed', clock_timestamp(), me, 'person', sec.who(), i.id, i.reference, point,
            ARRAY(SELECT DISTINCT x FROM unnest(ARRAY[me, org]) x), jsonb_build_object('because', because));
    RETURN QUERY SELECT n.organisation_id, n.sealed FROM public.partners_privatenumber n WHERE n.contact_point_id = point;
END $$;
REVOKE ALL ON FUNCTION sec.my_numbers(), sec.stands_by_own_word(uuid, uuid[]), sec.reveal_number(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_numbers(), sec.reveal_number(uuid, uuid, text) TO portal_app;
"""

DUTY = f"""
-- Who is on duty at an instant: `partners/duty.py` says the same, and a test compares the two over a year. A wall-clock
-- time that comes twice, or not at all, is read in winter time, by both.
CREATE FUNCTION sec.on_duty(org uuid, at timestamptz) RETURNS TABLE (person_id uuid, contractor_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT f.person_id, f.contractor_id FROM (
        SELECT o.person_id, o.contractor_id, 0 AS rank, 0 AS nth, -extract(epoch FROM o.made_at) AS since, o.id
          FROM public.partners_dutyoverride o
         WHERE o.organisation_id = org AND o.starts_at <= at AND at < o.ends_at
        UNION ALL
        SELECT s.person_id, s.contractor_id, 1, s."order", extract(epoch FROM w.begins), s.id
          FROM public.partners_dutyshift s,
               LATERAL (SELECT (at AT TIME ZONE 'Europe/London')::date - back AS day FROM generate_series(0, 1) back) d,
               LATERAL (SELECT (d.day + s.starts) AT TIME ZONE 'Europe/London' AS begins,
                               (d.day + s.ends + CASE WHEN s.ends <= s.starts THEN interval '1 day' ELSE interval '0' END)
                               AT TIME ZONE 'Europe/London' AS finishes) w
         WHERE s.organisation_id = org AND extract(isodow FROM d.day) - 1 = s.weekday AND w.begins <= at AND at < w.finishes
    ) f LEFT JOIN public.partners_person p ON p.id = f.person_id
     WHERE f.person_id IS NULL OR p.is_active
     ORDER BY f.rank, f.nth, f.since, f.id LIMIT 1
$$;
-- Whom to ring now at each organisation of an open incident: for its overseers, and of one's own. Private numbers are
-- masked as they stand. Of whoever is there by somebody else's word alone, nothing until it has answered.
CREATE FUNCTION sec.duty_contacts(incident uuid) RETURNS TABLE (organisation_id uuid, name text, script text, number text,
    point uuid, way text, is_private boolean) LANGUAGE plpgsql STABLE {DEFINER} AS $$
BEGIN RETURN QUERY
    SELECT a.org, coalesce(k.name, p.name), coalesce(k.script, ''), coalesce(k.number, c.address, ''), c.id,
           coalesce(c.kind, 'phone'), coalesce(c.is_private, false)
      FROM (SELECT sec.me() AS me) m
      JOIN public.incidents_incident i ON i.id = incident AND i.status <> 'closed' AND m.me = ANY (i.participants)
      CROSS JOIN LATERAL unnest(i.participants) a(org)
      CROSS JOIN LATERAL sec.on_duty(a.org, clock_timestamp()) d
      LEFT JOIN public.partners_contractor k ON k.id = d.contractor_id
      LEFT JOIN public.partners_person p ON p.id = d.person_id
      LEFT JOIN public.partners_contactpoint c ON c.person_id = d.person_id AND c.organisation_id = a.org AND c.is_active
            AND c.kind IN ('phone', 'sms')
      CROSS JOIN LATERAL (SELECT sec.incident_links(i.id) AS systems OFFSET 0) l
     WHERE a.org = m.me OR m.me = ANY (i.overseers) AND (
           EXISTS (SELECT 1 FROM public.incidents_participant q
                    WHERE q.incident_id = i.id AND q.organisation_id = a.org AND q.acknowledged_at IS NOT NULL)
           OR sec.stands_by_own_word(a.org, l.systems))
     ORDER BY a.org, c."order", c.id;
END $$;
REVOKE ALL ON FUNCTION sec.on_duty(uuid, timestamptz), sec.duty_contacts(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.duty_contacts(uuid) TO portal_app;
"""

FORMER = f"""
-- Systems of the caller's that lead to a former organisation of which no duty contact was confirmed within 35 days:
-- because it still stands on the system, or because a link that is not cut at both ends leads from it to where the
-- former one stands. The organisation is named only where it stands on the caller's own system.
CREATE FUNCTION sec.former_untested(at timestamptz) RETURNS TABLE (system_id uuid, system_slug text, system_name text,
    organisation text) LANGUAGE sql STABLE {DEFINER} AS $$
    WITH former AS (
        SELECT o.id, o.name FROM public.partners_organisation o
         WHERE o.status = 'former' AND o.id <> sec.me() AND NOT EXISTS (
               SELECT 1 FROM public.partners_contactpoint c WHERE c.organisation_id = o.id AND c.is_active
                  AND c.person_id IS NULL AND c.tested_at > at - interval '35 days')
    ), stands AS (
        SELECT p.system_id, f.name FROM public.partners_participation p JOIN former f ON f.id = p.organisation_id
        UNION SELECT s.id, f.name FROM public.partners_sharedsystem s JOIN former f ON f.id IN (s.owner_id, s.provider_id)
    ), found AS (
        SELECT s.system_id, s.name FROM stands s WHERE s.system_id = ANY (sec.systems_i_run())
        UNION
        SELECT d.source_id, NULL FROM public.partners_dependency d JOIN stands s ON s.system_id = d.target_id
         WHERE d.source_id = ANY (sec.systems_i_run()) AND (d.cut_source_at IS NULL OR d.cut_target_at IS NULL)
    ) SELECT s.id, s.slug, s.name, coalesce(string_agg(f.name, ', ' ORDER BY f.name), '')
        FROM found f JOIN public.partners_sharedsystem s ON s.id = f.system_id GROUP BY s.id ORDER BY s.name
$$;
REVOKE ALL ON FUNCTION sec.former_untested(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.former_untested(timestamptz) TO portal_worker;
"""

PACK = f"""
-- The offline pack, for whoever answers for the organisation; taking it is recorded.
CREATE FUNCTION sec.take_pack() RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); whole text; BEGIN
    IF me IS NULL OR sec.who() IS NULL OR NOT sec.fresh() OR sec.role() IN ('', 'guest', 'observer') THEN
        RAISE EXCEPTION 'taking the pack needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT p.page INTO whole FROM public.partners_offlinepack p WHERE p.organisation_id = me;
    IF whole IS NOT NULL THEN
        INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                         incident_reference, audience, data)
        VALUES (gen_random_uuid(), 'register.taken', clock_timestamp(), me, 'person', sec.who(), '', ARRAY[me],
                jsonb_build_object('object', 'offline_pack'));
    END IF;
    RETURN whole;
END $$;
REVOKE ALL ON FUNCTION sec.take_pack() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.take_pack() TO portal_app;
"""

# A job that doubts or tests a contact says nothing to the history; whoever changes one does. A statement's own trigger
# cannot tell the two apart before it has read every row, so that this one asks row by row; functions write one at a time.
ASKED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in KEPT)
HISTORY = f"""
CREATE TRIGGER kept_insert AFTER INSERT ON partners_contactpoint REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION sec.history_kept('contact', 'told_of_own', 'address');
CREATE TRIGGER kept_update AFTER UPDATE ON partners_contactpoint REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH ROW WHEN ({ASKED}) EXECUTE FUNCTION sec.history_kept('contact', 'told_of_own', 'address');
CREATE TRIGGER kept_delete AFTER DELETE ON partners_contactpoint REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION sec.history_kept('contact', 'told_of_own', 'address');
GRANT UPDATE (failed_at) ON partners_contactpoint TO portal_worker;
-- The offline pack, which the worker builds, begins with the duty desk.
GRANT SELECT ON partners_dutydesk TO portal_worker;
CREATE POLICY portal_worker_select ON partners_dutydesk FOR SELECT TO portal_worker USING ({OWN});
"""
HISTORY_BACK = """
DROP POLICY portal_worker_select ON partners_dutydesk;
REVOKE SELECT ON partners_dutydesk FROM portal_worker;
REVOKE UPDATE (failed_at) ON partners_contactpoint FROM portal_worker;
DROP TRIGGER kept_delete ON partners_contactpoint; DROP TRIGGER kept_update ON partners_contactpoint;
DROP TRIGGER kept_insert ON partners_contactpoint;
"""
BACKWARD = """
DROP FUNCTION sec.take_pack(), sec.former_untested(timestamptz), sec.duty_contacts(uuid), sec.on_duty(uuid, timestamptz),
    sec.reveal_number(uuid, uuid, text), sec.stands_by_own_word(uuid, uuid[]), sec.my_numbers(), sec.retire_contact(uuid),
    sec.put_contact(uuid, uuid, text, text, text, uuid, boolean, integer, bytea), sec.contact_told(uuid, text),
    sec.may_keep_contact(uuid);
"""


def kept_by_managers(check: str = "") -> tuple[Allow, ...]:
    """Read by the whole organisation and by jobs, written by whoever looks after it with a passkey used just now."""
    return (
        Allow(APP, "select", OWN),
        Allow(APP, "insert", f"{KEEPS} AND {check}" if check else KEEPS),
        Allow(APP, "delete", KEEPS),
        Allow(WORKER, "select", OWN),
    )


class Migration(migrations.Migration):
    dependencies = [("partners", "0012_assurance")]
    operations = [
        migrations.CreateModel(
            name="Contractor",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("number", models.TextField()),
                ("hours", models.TextField(blank=True, default="")),
                ("script", models.TextField()),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="DutyOverride",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("note", models.TextField(blank=True, default="")),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["starts_at"],
            },
        ),
        migrations.CreateModel(
            name="DutyShift",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("weekday", models.PositiveSmallIntegerField()),
                ("starts", models.TimeField()),
                ("ends", models.TimeField()),
                ("order", models.PositiveSmallIntegerField(default=1)),
            ],
            options={
                "ordering": ["weekday", "starts", "order"],
            },
        ),
        migrations.CreateModel(
            name="OfflinePack",
            fields=[
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="partners.organisation",
                    ),
                ),
                ("built_at", models.DateTimeField()),
                ("checked_at", models.DateTimeField()),
                ("digest", models.BinaryField()),
                ("page", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="PrivateNumber",
            fields=[
                (
                    "contact_point",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="partners.contactpoint",
                    ),
                ),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="ToldAlongside",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "role",
                    models.TextField(
                        choices=[
                            ("data_protection_officer", "Data protection officer"),
                            ("risk_owner", "Senior information risk owner"),
                            ("communications", "Communications"),
                            ("emergency_planning", "Emergency planning"),
                        ]
                    ),
                ),
                ("severity", models.PositiveSmallIntegerField(blank=True, null=True)),
            ],
            options={
                "ordering": ["role"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="contactpoint",
            name="contact_point_once",
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="failed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="is_private",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="tested_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="contactpoint",
            name="kind",
            field=models.TextField(
                choices=[("email", "E-mail"), ("phone", "Telephone"), ("sms", "Text message")], default="email"
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_private", False)),
                fields=("organisation", "kind", "address"),
                name="contact_point_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["email", "phone", "sms"])), name="contact_point_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_private", False), ("kind__in", ["phone", "sms"]), _connector="OR"),
                name="contact_point_private",
            ),
        ),
        migrations.AddField(
            model_name="contractor",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="contractors", to="partners.organisation"
            ),
        ),
        migrations.AddField(
            model_name="dutyoverride",
            name="contractor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.contractor",
            ),
        ),
        migrations.AddField(
            model_name="dutyoverride",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="duty_overrides", to="partners.organisation"
            ),
        ),
        migrations.AddField(
            model_name="dutyoverride",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="dutyshift",
            name="contractor",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.contractor",
            ),
        ),
        migrations.AddField(
            model_name="dutyshift",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="duty_shifts", to="partners.organisation"
            ),
        ),
        migrations.AddField(
            model_name="dutyshift",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="privatenumber",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
            ),
        ),
        migrations.AddField(
            model_name="toldalongside",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="told_alongside", to="partners.organisation"
            ),
        ),
        migrations.AddField(
            model_name="toldalongside",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="contractor",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="contractor_once"),
        ),
        migrations.AddConstraint(
            model_name="dutyoverride",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="duty_override_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyoverride",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("contractor__isnull", True), ("person__isnull", False)),
                    models.Q(("contractor__isnull", False), ("person__isnull", True)),
                    _connector="OR",
                ),
                name="duty_override_whose",
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__range", (0, 6))), name="duty_shift_weekday"
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("contractor__isnull", True), ("person__isnull", False)),
                    models.Q(("contractor__isnull", False), ("person__isnull", True)),
                    _connector="OR",
                ),
                name="duty_shift_whose",
            ),
        ),
        migrations.AddConstraint(
            model_name="toldalongside",
            constraint=models.UniqueConstraint(fields=("organisation", "role", "person"), name="told_alongside_once"),
        ),
        migrations.AddConstraint(
            model_name="toldalongside",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["data_protection_officer", "risk_owner", "communications", "emergency_planning"])
                ),
                name="told_alongside_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="toldalongside",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__isnull", True), ("severity__range", (1, 6)), _connector="OR"),
                name="told_alongside_severity",
            ),
        ),
        migrations.RunSQL(WRITING + NUMBERS + DUTY + FORMER + PACK, BACKWARD),
        protect("partners_privatenumber"),
        protect(
            "partners_contractor",
            *kept_by_managers(),
            Allow(APP, "update", KEEPS, KEEPS, columns=("name", "number", "hours", "script")),
        ),
        protect("partners_dutyshift", *kept_by_managers(THEIRS)),
        protect("partners_dutyoverride", *kept_by_managers(THEIRS)),
        protect("partners_toldalongside", *kept_by_managers(PERSON_THEIRS)),
        protect(
            "partners_offlinepack",
            Allow(APP, "select", OWN, columns=("organisation_id", "built_at", "checked_at")),
            Allow(WORKER, "select", OWN),
            Allow(WORKER, "insert", OWN),
            Allow(WORKER, "update", OWN, OWN, columns=("built_at", "checked_at", "digest", "page")),
        ),
        migrations.RunSQL(HISTORY, HISTORY_BACK),
        keep_history("partners_contractor", "contractor", "told_of_own"),
        keep_history("partners_dutyshift", "duty", "told_of_own"),
        keep_history("partners_dutyoverride", "duty", "told_of_own"),
        keep_history("partners_toldalongside", "told_alongside", "told_of_own"),
    ]
