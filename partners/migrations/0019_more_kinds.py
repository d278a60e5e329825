"""Channels and browsers as contacts, whose addresses are secrets, and what a person wishes about being reached.

A whole address stands sealed in a table that is granted to nobody; the row of the contact holds what may be shown of it.
Preferences are read by their person alone. None of them can keep an urgent message away: checks and functions here.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

ADDRESSES = f"""
-- Add a channel or a browser, or change one. `shown` is what may be read of the address, `whole` the sealed rest, null to
-- keep it. A browser is always its person's own; somebody else of the organisation who used it before loses it.
CREATE FUNCTION sec.put_sealed_contact(point uuid, whose uuid, what text, named text, shown text, leads_to text, rides uuid,
    nth integer, whole bytea, hash bytea) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE old public.partners_contactpoint; me uuid := sec.me(); other uuid; BEGIN
    SELECT * INTO old FROM public.partners_contactpoint c WHERE c.id = point FOR UPDATE;
    IF NOT sec.may_keep_contact(whose) OR (old.id IS NOT NULL AND (old.organisation_id <> me OR NOT old.is_active
           OR old.kind <> what OR NOT sec.may_keep_contact(old.person_id))) THEN
        RAISE EXCEPTION 'your own contacts are yours to change, those of others the administrator''s, with a passkey used just now'
            USING ERRCODE = '42501';
    END IF;
    IF what = 'push' AND whose IS DISTINCT FROM sec.who() THEN
        RAISE EXCEPTION 'a browser is switched on by whoever sits at it' USING ERRCODE = '42501';
    END IF;
    IF whose IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.partners_person p WHERE p.id = whose
           AND p.organisation_id = me AND p.is_active AND p.role NOT IN ('service_account', 'guest')) THEN
        RAISE EXCEPTION 'not a person of yours' USING ERRCODE = '42501';
    END IF;
    IF rides IS NOT NULL AND NOT rides = ANY (sec.my_systems()) AND rides IS DISTINCT FROM old.rides_on_id THEN
        RAISE EXCEPTION 'not a system of yours' USING ERRCODE = '42501';
    END IF;
    IF what IS NULL OR what NOT IN ('teams', 'slack', 'push') OR btrim(coalesce(named, '')) = '' OR length(named) > 200
       OR btrim(coalesce(shown, '')) = '' OR length(shown) > 320 OR btrim(coalesce(leads_to, '')) = ''
       OR length(leads_to) > 300 OR (whole IS NULL) <> (hash IS NULL) OR (whole IS NULL AND old.id IS NULL)
       OR octet_length(hash) <> 32 OR octet_length(whole) > 8192 OR nth NOT BETWEEN 1 AND 99 THEN
        RAISE EXCEPTION 'not a contact that could work' USING ERRCODE = '23514';
    END IF;
    IF old.id IS NULL THEN
        PERFORM 1 FROM sec.org_state s WHERE s.org_id = me FOR NO KEY UPDATE;
        IF (SELECT count(*) FROM public.partners_contactpoint c WHERE c.organisation_id = me AND c.is_active
               AND c.host <> '' AND c.person_id IS NOT DISTINCT FROM whose) >= 10 THEN
            RAISE EXCEPTION 'ten channels and browsers is the most: switch one off first' USING ERRCODE = '23514';
        END IF;
    END IF;
    IF hash IS NOT NULL THEN
        SELECT a.contact_point_id INTO other FROM public.partners_sealedaddress a
         WHERE a.organisation_id = me AND a.digest = hash AND a.contact_point_id <> point;
        IF other IS NOT NULL AND what <> 'push' THEN
            RAISE EXCEPTION 'this address is one of your contacts already' USING ERRCODE = '23514';
        END IF;
        UPDATE public.partners_contactpoint c SET is_active = false WHERE c.id = other;
    END IF;
    INSERT INTO public.partners_contactpoint AS c (id, organisation_id, person_id, kind, label, address, host, rides_on_id,
        trust, trust_because, "order", is_active, is_private, changed_at)
    VALUES (point, me, whose, what, named, shown, leads_to, rides, 'trusted', '', nth, true, false, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET person_id = excluded.person_id, label = excluded.label, rides_on_id = excluded.rides_on_id,
        "order" = excluded."order",
        address = CASE WHEN whole IS NULL THEN c.address ELSE excluded.address END,
        host = CASE WHEN whole IS NULL THEN c.host ELSE excluded.host END,
        tested_at = CASE WHEN whole IS NULL THEN c.tested_at END,
        failed_at = CASE WHEN whole IS NULL THEN c.failed_at END,
        changed_at = CASE WHEN whole IS NULL THEN c.changed_at ELSE excluded.changed_at END;
    IF whole IS NOT NULL THEN
        INSERT INTO public.partners_sealedaddress AS a (contact_point_id, organisation_id, sealed, digest)
        VALUES (point, me, whole, hash)
        ON CONFLICT (contact_point_id) DO UPDATE SET sealed = excluded.sealed, digest = excluded.digest;
    END IF;
    PERFORM sec.contact_told(point, CASE WHEN old.id IS NULL THEN 'added' ELSE 'changed' END);
    RETURN point;
END $$;
-- An address that is not used any more is not kept.
CREATE FUNCTION sec.sealed_address_over() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    DELETE FROM public.partners_sealedaddress a WHERE a.contact_point_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER sealed_address_over AFTER UPDATE OF is_active ON partners_contactpoint FOR EACH ROW
    WHEN (OLD.is_active AND NOT NEW.is_active AND NEW.host <> '') EXECUTE FUNCTION sec.sealed_address_over();
-- A service has said that an address is gone for good: a browser is forgotten, a channel has failed until it is mended.
CREATE FUNCTION sec.contact_gone(point uuid) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE public.partners_contactpoint c SET failed_at = clock_timestamp(), is_active = c.kind <> 'push'
     WHERE c.id = point AND c.organisation_id = sec.me() AND c.host <> '' AND c.is_active
$$;
REVOKE ALL ON FUNCTION sec.sealed_address_over(), sec.contact_gone(uuid),
    sec.put_sealed_contact(uuid, uuid, text, text, text, text, uuid, integer, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.put_sealed_contact(uuid, uuid, text, text, text, text, uuid, integer, bytea, bytea)
    TO portal_app;
GRANT EXECUTE ON FUNCTION sec.contact_gone(uuid) TO portal_worker;
"""

WISHES = f"""
ALTER TABLE partners_reachpreference ADD CONSTRAINT reach_quiet_hours CHECK (
    (quiet_from IS NULL) = (quiet_until IS NULL)
    AND (quiet_from IS NULL OR (extract(epoch FROM quiet_until - quiet_from)::integer + 86400) % 86400 BETWEEN 1 AND 50400));
-- One's own wishes, with a passkey used just now. They are nobody else's to write or to read.
CREATE FUNCTION sec.keep_reach(first_way text, beside_ways text[], quiet_start time, quiet_end time, category integer)
RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR sec.who() IS NULL OR NOT sec.fresh() OR sec.role() IN ('', 'guest') THEN
        RAISE EXCEPTION 'how you are reached is yours to say, with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.partners_reachpreference (person_id, organisation_id, first, beside, quiet_from, quiet_until,
        quiet_category)
    VALUES (sec.who(), sec.me(), first_way, beside_ways, quiet_start, quiet_end, category)
    ON CONFLICT (person_id) DO UPDATE SET first = excluded.first, beside = excluded.beside,
        quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, quiet_category = excluded.quiet_category;
EXCEPTION WHEN check_violation OR not_null_violation OR numeric_value_out_of_range THEN
    RAISE EXCEPTION 'these wishes could keep an urgent message away' USING ERRCODE = '23514';
END $$;
-- Until when somebody is left alone about an incident as bad as this, or null when they are not: always for category 1 and
-- 2, and for one that nobody has rated.
CREATE FUNCTION sec.quiet_until(whom uuid, how_bad integer, at timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE p public.partners_reachpreference; local timestamp := at AT TIME ZONE 'Europe/London'; BEGIN
    IF how_bad IS NULL OR how_bad < 3 THEN
        RETURN NULL;
    END IF;
    SELECT * INTO p FROM public.partners_reachpreference x
     WHERE x.person_id = whom AND x.quiet_from IS NOT NULL AND how_bad >= x.quiet_category;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF p.quiet_from < p.quiet_until THEN
        RETURN CASE WHEN local::time >= p.quiet_from AND local::time < p.quiet_until
                    THEN (local::date + p.quiet_until) AT TIME ZONE 'Europe/London' END;
    END IF;
    RETURN CASE WHEN local::time >= p.quiet_from THEN (local::date + 1 + p.quiet_until) AT TIME ZONE 'Europe/London'
                WHEN local::time < p.quiet_until THEN (local::date + p.quiet_until) AT TIME ZONE 'Europe/London' END;
END $$;
REVOKE ALL ON FUNCTION sec.keep_reach(text, text[], time, time, integer),
    sec.quiet_until(uuid, integer, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.keep_reach(text, text[], time, time, integer) TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.quiet_until(uuid, integer, timestamptz), sec.keep_reach(text, text[], time, time, integer);
DROP TRIGGER sealed_address_over ON partners_contactpoint;
DROP FUNCTION sec.contact_gone(uuid), sec.sealed_address_over(),
    sec.put_sealed_contact(uuid, uuid, text, text, text, text, uuid, integer, bytea, bytea);
"""

# A channel does not count as a duty contact that is known to work.
UNTESTED = f"""
CREATE OR REPLACE FUNCTION sec.former_untested(at timestamptz) RETURNS TABLE (system_id uuid, system_slug text, system_name text,
    organisation text) LANGUAGE sql STABLE {DEFINER} AS $$
    WITH former AS (
        SELECT o.id, o.name FROM public.partners_organisation o
         WHERE o.status = 'former' AND o.id <> sec.me() AND NOT EXISTS (
               SELECT 1 FROM public.partners_contactpoint c WHERE c.organisation_id = o.id AND c.is_active
                  AND c.person_id IS NULL@counts@ AND c.tested_at > at - interval '35 days')
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
"""
NUMBERS, SEALED = ["email", "phone", "sms"], ["teams", "slack", "push"]


class Migration(migrations.Migration):
    dependencies = [("partners", "0018_more_marks")]
    operations = [
        migrations.AddField("contactpoint", "host", models.TextField(blank=True, db_default="", default="")),
        migrations.AlterField(
            "contactpoint",
            "kind",
            models.TextField(
                choices=[
                    ("email", "E-mail"),
                    ("phone", "Telephone"),
                    ("sms", "Text message"),
                    ("teams", "Microsoft Teams"),
                    ("slack", "Slack"),
                    ("push", "Notice in a browser"),
                ],
                default="email",
            ),
        ),
        migrations.RemoveConstraint("contactpoint", "contact_point_kind"),
        migrations.RemoveConstraint("contactpoint", "contact_point_once"),
        migrations.AddConstraint(
            "contactpoint",
            models.UniqueConstraint(
                fields=["organisation", "kind", "address"],
                condition=models.Q(is_private=False, host=""),
                name="contact_point_once",
            ),
        ),
        migrations.AddConstraint(
            "contactpoint",
            models.CheckConstraint(condition=models.Q(kind__in=[*NUMBERS, *SEALED]), name="contact_point_kind"),
        ),
        migrations.AddConstraint(
            "contactpoint",
            models.CheckConstraint(
                condition=models.Q(kind__in=NUMBERS, host="")
                | (models.Q(kind__in=SEALED) & ~models.Q(host="") & ~models.Q(address__contains="+")),
                name="contact_point_sealed",
            ),
        ),
        migrations.CreateModel(
            name="SealedAddress",
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
                ("digest", models.BinaryField()),
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
                "constraints": [models.UniqueConstraint(fields=["organisation", "digest"], name="sealed_address_once")],
            },
        ),
        migrations.CreateModel(
            name="ReachPreference",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("first", models.TextField(blank=True, default="")),
                (
                    "beside",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("quiet_from", models.TimeField(null=True)),
                ("quiet_until", models.TimeField(null=True)),
                ("quiet_category", models.PositiveSmallIntegerField(default=4)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(first__in=["", "email", "sms"]), name="reach_first"),
                    models.CheckConstraint(condition=models.Q(beside__contained_by=SEALED), name="reach_beside"),
                    models.CheckConstraint(
                        condition=models.Q(quiet_category__range=(3, 6)), name="reach_quiet_category"
                    ),
                ],
            },
        ),
        migrations.RunSQL(ADDRESSES + WISHES, BACKWARD),
        migrations.RunSQL(UNTESTED.replace("@counts@", " AND c.host = ''"), UNTESTED.replace("@counts@", "")),
        protect("partners_sealedaddress"),
        protect(
            "partners_reachpreference",
            Allow(APP, "select", "person_id = (SELECT sec.who() WHERE sec.me() IS NOT NULL)"),
            Allow(WORKER, "select", f"organisation_id = {ME}"),
        ),
    ]
