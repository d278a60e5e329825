"""What the register says of systems, of who stands on them and of links, and who may say it.

Whoever owns or provides a system says what it is and who stands on it; an organisation says itself which services it
bases on it and who decides there. A link is said by whoever speaks for the system it leads into, or by whoever speaks for
its source and may see what it leads into anyway: no link that is added opens a walk to whoever adds it. Only the end that
a barrier protects calls it tested."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
INVOKER = "SET search_path = pg_catalog, pg_temp"
KEEPS = "(SELECT sec.may_keep_register())"
MINE = "organisation_id = " + ME
SEEN = "system_id = ANY ((SELECT sec.my_systems())::uuid[])"
RUN = "system_id = ANY ((SELECT sec.systems_i_run())::uuid[])"
# What somebody else says of an organisation is only that it stands there.
NOTHING_SAID = (
    "services = '{}' AND people_served IS NULL AND NOT safety_critical AND fallback IS NULL AND data_categories = '{}'"
    " AND decision_owner_id IS NULL AND decision_deputy_id IS NULL AND isolation_orderer_id IS NULL"
    " AND confirmed_at IS NULL AND denied_at IS NULL"
)
OF_A_SYSTEM = (
    "name", "spoken", "description", "provider_id", "owner_id", "hosting", "administered_by", "status", "safety_critical",
    "people_dependent", "cut_stops", "account_realms", "data_categories", "recovery_time_hours", "recovery_point_hours",
    "reviewed_on", "reviewed_by",
)  # fmt: skip
OF_A_STAND = (
    "status", "left_on", "data_categories", "decision_owner_id", "decision_deputy_id", "isolation_orderer_id",
    "confirmed_at", "denied_at",
)  # fmt: skip
OF_A_LINK = ("kind", "label", "phrase", "stops", "carries", '"group"', "reviewed_on", "reviewed_by", "note")
OF_A_COMPONENT = ("vendor", "product", "product_version", "cpe", "purl", "note")
OF_A_SERVICE = ("position", "category", "name", "safety_critical", "people_served", "fallback", "critical_dates")

SPEAKING = f"""
-- Nobody in the portal runs some systems (an outside supplier does): whoever stands on such a one speaks for it.
CREATE FUNCTION sec.speakers(system uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN cardinality(sec.runners(system)) > 0 THEN sec.runners(system)
                ELSE coalesce((SELECT array_agg(p.organisation_id) FROM public.partners_participation p
                                WHERE p.system_id = system), '{{}}') END
$$;
CREATE FUNCTION sec.systems_i_speak_for() RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.systems_i_run() || coalesce((
        SELECT array_agg(p.system_id) FROM public.partners_participation p
          JOIN public.partners_sharedsystem s ON s.id = p.system_id
         WHERE p.organisation_id = sec.me() AND s.owner_id IS NULL AND s.provider_id IS NULL), '{{}}')
$$;
CREATE FUNCTION sec.told_of_runners(r jsonb) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.runners((r ->> 'system_id')::uuid)
$$;
REVOKE ALL ON FUNCTION sec.speakers(uuid), sec.systems_i_speak_for(), sec.told_of_runners(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.systems_i_speak_for() TO {APP};
-- The functions of a link's ends ask who speaks, where they asked who runs.
DO $do$ DECLARE f regprocedure; BEGIN
    FOREACH f IN ARRAY ARRAY['sec.edge_ends(uuid)', 'sec.move_edge(uuid,text,text,text,text)', 'sec.told_of_edge(jsonb)',
        'sec.edge_moved(public.partners_dependency,text,text,text,text)']::regprocedure[] LOOP
        EXECUTE replace(pg_get_functiondef(f), 'sec.runners(', 'sec.speakers(');
    END LOOP;
END $do$;
ALTER POLICY portal_app_select ON partners_edgemove USING (EXISTS (
    SELECT 1 FROM partners_dependency d WHERE d.id = partners_edgemove.dependency_id
       AND (d.source_id = ANY ((SELECT sec.systems_i_speak_for())::uuid[])
            OR d.target_id = ANY ((SELECT sec.systems_i_speak_for())::uuid[]))));
"""
SPEAKING_BACK = """
ALTER POLICY portal_app_select ON partners_edgemove USING (EXISTS (
    SELECT 1 FROM partners_dependency d WHERE d.id = partners_edgemove.dependency_id
       AND (d.source_id = ANY ((SELECT sec.systems_i_run())::uuid[])
            OR d.target_id = ANY ((SELECT sec.systems_i_run())::uuid[]))));
DO $do$ DECLARE f regprocedure; BEGIN
    FOREACH f IN ARRAY ARRAY['sec.edge_ends(uuid)', 'sec.move_edge(uuid,text,text,text,text)', 'sec.told_of_edge(jsonb)',
        'sec.edge_moved(public.partners_dependency,text,text,text,text)']::regprocedure[] LOOP
        EXECUTE replace(pg_get_functiondef(f), 'sec.speakers(', 'sec.runners(');
    END LOOP;
END $do$;
DROP FUNCTION sec.told_of_runners(jsonb), sec.systems_i_speak_for(), sec.speakers(uuid);
"""

LINKS = f"""
-- Systems that an intruder gets to from these, the same walk as `sec.edges_from`.
CREATE FUNCTION sec.walked_from(starts uuid[]) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
           AND NOT (d.barrier = 'tested' AND d.tested_on IS NOT NULL
                    AND (d.valid_until IS NULL OR d.valid_until >= current_date))
    ) SELECT array_agg(w.id) FROM walk w
$$;
-- Whoever speaks for the target may say what leads into it, from any system known by name. Whoever speaks for the source
-- alone must see the target already: stand on it, or walk into it from that source. A mere name is not enough, or adding
-- a link to a neighbour would show all that stands on it.
CREATE FUNCTION sec.may_link(source uuid, target uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.may_keep_register() AND source <> target AND CASE
        WHEN target = ANY (sec.systems_i_speak_for())
            THEN source = ANY (sec.my_systems()) OR source IN (SELECT n.system_id FROM sec.neighbours() n)
        WHEN source = ANY (sec.systems_i_speak_for())
            THEN target = ANY (sec.my_systems() || sec.walked_from(ARRAY[source]))
        ELSE false END
$$;
-- A weaker barrier is anybody's word who may say the link; a tested one, which ends a walk, is the word of the end that it
-- protects alone: who tested it, how, on which day, and until when it counts, at most three years.
CREATE FUNCTION sec.state_barrier(edge uuid, state text, tester text, how text, tested date, until date) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d public.partners_dependency; BEGIN
    SELECT * INTO d FROM public.partners_dependency x WHERE x.id = edge;
    IF d.id IS NULL OR sec.may_link(d.source_id, d.target_id) IS NOT TRUE THEN
        RAISE EXCEPTION 'this link is not yours to describe' USING ERRCODE = '42501';
    END IF;
    IF state IN ('none', 'claimed') THEN
        UPDATE public.partners_dependency x SET barrier = state, tested_by = '', test_method = '', tested_on = NULL,
               valid_until = NULL WHERE x.id = edge;
        RETURN;
    END IF;
    IF NOT d.target_id = ANY (sec.systems_i_speak_for()) THEN
        RAISE EXCEPTION 'only whoever speaks for the system that a barrier protects calls it tested' USING ERRCODE = '42501';
    END IF;
    IF NOT sec.fresh() OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF state IS DISTINCT FROM 'tested' OR btrim(coalesce(tester, '')) = '' OR btrim(coalesce(how, '')) = '' THEN
        RAISE EXCEPTION 'say who tested it, and how' USING ERRCODE = '23514';
    END IF;
    IF (tested <= current_date AND until >= current_date AND until <= tested + interval '3 years') IS NOT TRUE THEN
        RAISE EXCEPTION 'a test has a day that is not to come, and counts for at most three years from it'
            USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_dependency x SET barrier = 'tested', tested_by = tester, test_method = how, tested_on = tested,
           valid_until = until WHERE x.id = edge;
END $$;
CREATE FUNCTION sec.link_kept() RETURNS trigger LANGUAGE plpgsql {INVOKER} AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER link_kept BEFORE UPDATE ON partners_dependency FOR EACH ROW EXECUTE FUNCTION sec.link_kept();
-- A link that somebody else said of a system is looked at by whoever speaks for that system.
CREATE FUNCTION sec.link_said() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := (SELECT t.org_id FROM sec.ticket() t); BEGIN
    PERFORM sec.raise_work(x, 'link', 'link:' || NEW.id, 'Look at a new link', format('%s says that %s leads into %s.',
                (SELECT o.name FROM public.partners_organisation o WHERE o.id = me),
                (SELECT s.name FROM public.partners_sharedsystem s WHERE s.id = NEW.source_id),
                (SELECT s.name FROM public.partners_sharedsystem s WHERE s.id = NEW.target_id)),
            '/partners/links/' || NEW.id || '/', NEW.id, clock_timestamp() + interval '14 days')
       FROM unnest(sec.speakers(NEW.target_id)) x
      WHERE me IS NOT NULL AND NOT me = ANY (sec.speakers(NEW.target_id));
    RETURN NULL;
END $$;
CREATE TRIGGER link_said AFTER INSERT ON partners_dependency FOR EACH ROW EXECUTE FUNCTION sec.link_said();
REVOKE ALL ON FUNCTION sec.walked_from(uuid[]), sec.may_link(uuid, uuid), sec.link_kept(), sec.link_said(),
    sec.state_barrier(uuid, text, text, text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.may_link(uuid, uuid), sec.state_barrier(uuid, text, text, text, date, date) TO {APP};
"""
LINKS_BACK = """
DROP TRIGGER link_said ON partners_dependency;
DROP TRIGGER link_kept ON partners_dependency;
DROP FUNCTION sec.link_said(), sec.link_kept(), sec.state_barrier(uuid, text, text, text, date, date),
    sec.may_link(uuid, uuid), sec.walked_from(uuid[]);
"""

SYSTEMS = f"""
-- Names of systems are told apart across all organisations, and must not tell one of them what another one has: what is
-- made in the portal gets an end that nobody can guess. The owner says who owns and provides; without an owner the
-- provider does; everybody may take themselves off.
CREATE FUNCTION sec.system_kept() RETURNS trigger LANGUAGE plpgsql {INVOKER} AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF current_user = '{APP}' THEN
            NEW.slug := coalesce(nullif(trim(BOTH '-' FROM left(regexp_replace(lower(NEW.slug), '[^a-z0-9]+', '-', 'g'), 40)), ''),
                                 'system') || '-' || left(replace(gen_random_uuid()::text, '-', ''), 10);
        END IF;
        RETURN NEW;
    END IF;
    IF current_user = '{APP}' AND (NEW.owner_id, NEW.provider_id) IS DISTINCT FROM (OLD.owner_id, OLD.provider_id) THEN
        IF NOT sec.fresh() THEN
            RAISE EXCEPTION 'who runs a system changes with a passkey used just now' USING ERRCODE = '42501';
        END IF;
        IF NOT coalesce(sec.me() = coalesce(OLD.owner_id, OLD.provider_id), false) AND NOT (
               (NEW.owner_id IS NOT DISTINCT FROM OLD.owner_id OR NEW.owner_id IS NULL AND OLD.owner_id = sec.me())
           AND (NEW.provider_id IS NOT DISTINCT FROM OLD.provider_id OR NEW.provider_id IS NULL AND OLD.provider_id = sec.me())) THEN
            RAISE EXCEPTION 'only its owner says who runs a system' USING ERRCODE = '42501';
        END IF;
    END IF;
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER system_kept BEFORE INSERT OR UPDATE ON partners_sharedsystem FOR EACH ROW EXECUTE FUNCTION sec.system_kept();
CREATE FUNCTION sec.system_named() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := (SELECT t.org_id FROM sec.ticket() t); BEGIN
    PERFORM sec.raise_work(n.org, 'system', 'runs:' || NEW.id, 'Check that you run ' || NEW.name,
                format('%s names you as its %s.', (SELECT o.name FROM public.partners_organisation o WHERE o.id = me), n.part),
                '/systems/' || NEW.slug || '/', NEW.id, clock_timestamp() + interval '14 days')
       FROM (VALUES (NEW.owner_id, 'owner', CASE WHEN TG_OP = 'UPDATE' THEN OLD.owner_id END),
                    (NEW.provider_id, 'provider', CASE WHEN TG_OP = 'UPDATE' THEN OLD.provider_id END)) n(org, part, was)
      WHERE me IS NOT NULL AND n.org <> me AND n.org IS DISTINCT FROM n.was;
    RETURN NULL;
END $$;
-- Whoever adds a system reads it in the same statement, when `sec.my_systems()` does not know of it yet.
ALTER POLICY portal_app_select ON partners_sharedsystem
    USING (id = ANY ((SELECT sec.my_systems())::uuid[]) OR (SELECT sec.me()) IN (owner_id, provider_id));
CREATE TRIGGER system_named AFTER INSERT OR UPDATE OF owner_id, provider_id ON partners_sharedsystem
    FOR EACH ROW EXECUTE FUNCTION sec.system_named();
REVOKE ALL ON FUNCTION sec.system_kept(), sec.system_named() FROM PUBLIC;
"""
SYSTEMS_BACK = """
ALTER POLICY portal_app_select ON partners_sharedsystem USING (id = ANY ((SELECT sec.my_systems())::uuid[]));
DROP TRIGGER system_named ON partners_sharedsystem;
DROP TRIGGER system_kept ON partners_sharedsystem;
DROP FUNCTION sec.system_named(), sec.system_kept();
"""

STANDING = f"""
-- Who decides for an organisation is one of its own people, and nobody who cannot answer a telephone.
CREATE FUNCTION sec.stand_kept() RETURNS trigger LANGUAGE plpgsql {INVOKER} AS $$
DECLARE before public.partners_participation; BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := OLD;
        IF current_user = '{APP}' AND NEW.organisation_id <> sec.me()
           AND to_jsonb(NEW) - '{{status,left_on}}'::text[] <> to_jsonb(OLD) - '{{status,left_on}}'::text[] THEN
            RAISE EXCEPTION 'an organisation speaks for itself' USING ERRCODE = '42501';
        END IF;
        IF NEW IS DISTINCT FROM OLD THEN
            NEW.version := OLD.version + 1;
        END IF;
    END IF;
    IF EXISTS (SELECT 1 FROM (VALUES (NEW.decision_owner_id, before.decision_owner_id),
                                     (NEW.decision_deputy_id, before.decision_deputy_id),
                                     (NEW.isolation_orderer_id, before.isolation_orderer_id)) v(now, was)
                WHERE v.now IS NOT NULL AND v.now IS DISTINCT FROM v.was AND NOT EXISTS (
                    SELECT 1 FROM public.partners_person p WHERE p.id = v.now AND p.organisation_id = NEW.organisation_id
                       AND p.is_active AND NOT p.break_glass AND p.role NOT IN ('guest', 'service_account'))) THEN
        RAISE EXCEPTION 'who decides is one of the organisation''s own people' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stand_kept BEFORE INSERT OR UPDATE ON partners_participation FOR EACH ROW EXECUTE FUNCTION sec.stand_kept();
-- An organisation that somebody else added is asked; when it says that it does not stand there, whoever runs it is.
CREATE FUNCTION sec.stand_answered() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := (SELECT t.org_id FROM sec.ticket() t); s record; BEGIN
    IF me IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT x.name, '/systems/' || x.slug || '/' AS page INTO s FROM public.partners_sharedsystem x WHERE x.id = NEW.system_id;
    IF TG_OP = 'INSERT' THEN
        IF NEW.organisation_id <> me THEN
            PERFORM sec.raise_work(NEW.organisation_id, 'standing', 'standing:' || NEW.id, 'Say whether you stand on ' || s.name,
                format('%s has added you. Until you answer you count as standing on it.',
                       (SELECT o.name FROM public.partners_organisation o WHERE o.id = me)),
                s.page || 'standing/', NEW.id, clock_timestamp() + interval '14 days');
        END IF;
        RETURN NULL;
    END IF;
    UPDATE public.partners_workitem w SET state = 'cleared', settled_at = clock_timestamp()
     WHERE w.state = 'open' AND w.object_id = NEW.id AND (
           w.key = 'standing:' || NEW.id AND (NEW.confirmed_at IS NOT NULL OR NEW.denied_at IS NOT NULL)
        OR w.key = 'denied:' || NEW.id AND NEW.denied_at IS NULL);
    IF NEW.denied_at IS NOT NULL AND OLD.denied_at IS NULL THEN
        PERFORM sec.raise_work(x, 'standing', 'denied:' || NEW.id,
            (SELECT o.name FROM public.partners_organisation o WHERE o.id = NEW.organisation_id) || ' does not stand on ' || s.name,
            'Take it off, or talk to it. It counts until you do.', s.page, NEW.id, clock_timestamp() + interval '14 days')
           FROM unnest(sec.runners(NEW.system_id)) x WHERE x <> NEW.organisation_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER stand_answered AFTER INSERT OR UPDATE ON partners_participation
    FOR EACH ROW EXECUTE FUNCTION sec.stand_answered();
-- Taking an organisation off shortens a radius: both it and whoever runs the system have to say so.
CREATE FUNCTION sec.remove_stand(stand uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE p public.partners_participation; BEGIN
    SELECT * INTO p FROM public.partners_participation x WHERE x.id = stand FOR UPDATE;
    IF p.id IS NULL OR NOT p.system_id = ANY (sec.systems_i_run()) OR NOT sec.may_keep_register() THEN
        RAISE EXCEPTION 'only whoever runs the system takes an organisation off' USING ERRCODE = '42501';
    END IF;
    IF NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF p.denied_at IS NULL AND p.organisation_id <> sec.me() THEN
        RAISE EXCEPTION 'the organisation has not said that it no longer stands there' USING ERRCODE = '23514';
    END IF;
    DELETE FROM public.partners_publicservice x WHERE x.participation_id = stand;
    DELETE FROM public.partners_participation x WHERE x.id = stand;
    UPDATE public.partners_workitem w SET state = 'cleared', settled_at = clock_timestamp()
     WHERE w.state = 'open' AND w.key IN ('standing:' || stand, 'denied:' || stand);
END $$;
-- A service belongs where its participation does, whoever writes it.
CREATE FUNCTION sec.service_placed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE item jsonb; BEGIN
    SELECT p.organisation_id, p.system_id INTO NEW.organisation_id, NEW.system_id
      FROM public.partners_participation p WHERE p.id = NEW.participation_id;
    IF jsonb_typeof(NEW.critical_dates) <> 'array' OR jsonb_array_length(NEW.critical_dates) > 24 THEN
        RAISE EXCEPTION 'critical dates are a list of at most 24' USING ERRCODE = '23514';
    END IF;
    FOR item IN SELECT jsonb_array_elements(NEW.critical_dates) LOOP
        IF jsonb_typeof(item) <> 'object' OR item - '{{on,words}}'::text[] <> '{{}}' OR jsonb_typeof(item -> 'words') IS DISTINCT FROM 'string'
           OR length(btrim(item ->> 'words')) NOT BETWEEN 1 AND 200
           OR NOT (coalesce(jsonb_typeof(item -> 'on'), 'null') = 'null'
                   OR item ->> 'on' ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' AND pg_input_is_valid(item ->> 'on', 'date')) THEN
            RAISE EXCEPTION 'a critical date has words, and a day or none' USING ERRCODE = '23514';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER service_placed BEFORE INSERT OR UPDATE ON partners_publicservice FOR EACH ROW EXECUTE FUNCTION sec.service_placed();
-- What every radius reads. People are those of the largest service, because the same people use several. The fallback is
-- that of the safety-critical services where there are any, and none as soon as one of these has none.
CREATE FUNCTION sec.services_summed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.partners_participation p
       SET services = n.services, safety_critical = n.critical, people_served = n.people, fallback = n.fallback
      FROM (SELECT t.id, coalesce(array_agg(s.name ORDER BY s.position, s.name) FILTER (WHERE s.id IS NOT NULL), '{{}}') AS services,
                   coalesce(bool_or(s.safety_critical), false) AS critical, max(s.people_served) AS people,
                   CASE WHEN count(s.fallback) FILTER (WHERE s.matters) = 0
                             OR bool_or(s.safety_critical AND s.fallback IS NULL) THEN NULL
                        WHEN count(DISTINCT coalesce(s.fallback, '')) FILTER (WHERE s.matters) = 1
                            THEN max(s.fallback) FILTER (WHERE s.matters)
                        ELSE string_agg(s.name || ': ' || coalesce(s.fallback, 'none recorded'), '; ' ORDER BY s.position, s.name)
                             FILTER (WHERE s.matters) END AS fallback
              FROM (SELECT DISTINCT c.participation_id AS id FROM changed c) t
              LEFT JOIN (SELECT x.*, x.safety_critical OR NOT bool_or(x.safety_critical) OVER (PARTITION BY x.participation_id) AS matters
                           FROM public.partners_publicservice x) s ON s.participation_id = t.id
             GROUP BY t.id) n
     WHERE p.id = n.id AND (p.services, p.safety_critical, p.people_served, p.fallback)
           IS DISTINCT FROM (n.services, n.critical, n.people, n.fallback);
    RETURN NULL;
END $$;
CREATE TRIGGER services_summed_insert AFTER INSERT ON partners_publicservice REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sec.services_summed();
CREATE TRIGGER services_summed_update AFTER UPDATE ON partners_publicservice REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sec.services_summed();
CREATE TRIGGER services_summed_delete AFTER DELETE ON partners_publicservice REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sec.services_summed();
REVOKE ALL ON FUNCTION sec.stand_kept(), sec.stand_answered(), sec.remove_stand(uuid), sec.service_placed(),
    sec.services_summed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.remove_stand(uuid) TO {APP};
"""
STANDING_BACK = """
DROP TRIGGER services_summed_delete ON partners_publicservice;
DROP TRIGGER services_summed_update ON partners_publicservice;
DROP TRIGGER services_summed_insert ON partners_publicservice;
DROP TRIGGER service_placed ON partners_publicservice;
DROP TRIGGER stand_answered ON partners_participation;
DROP TRIGGER stand_kept ON partners_participation;
DROP FUNCTION sec.services_summed(), sec.service_placed(), sec.remove_stand(uuid), sec.stand_answered(), sec.stand_kept();
"""


def allow(table: str, *allowed: Allow) -> migrations.RunSQL:
    """Further rights on a table that is protected already; going back takes exactly these."""
    forward, back = [], []
    for each in allowed:
        forward += each.statements(table)
        columns = f" ({', '.join(each.columns)})" if each.columns else ""
        back += [
            f"DROP POLICY {each.name} ON {table}",
            f"REVOKE {each.command.upper()}{columns} ON {table} FROM {each.role}",
        ]
    return migrations.RunSQL(";\n".join(forward), ";\n".join(back))


class Migration(migrations.Migration):
    dependencies = [("partners", "0008_keeping")]
    operations = [
        migrations.CreateModel(
            name="Component",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("vendor", models.TextField(blank=True, default="")),
                ("product", models.TextField()),
                ("product_version", models.TextField(blank=True, default="")),
                ("cpe", models.TextField(blank=True, default="")),
                ("purl", models.TextField(blank=True, default="")),
                ("note", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ["product", "product_version"],
            },
        ),
        migrations.CreateModel(
            name="PublicService",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField(default=1)),
                (
                    "category",
                    models.TextField(
                        choices=[
                            ("housing", "Housing and homelessness"),
                            ("benefits", "Benefits"),
                            ("council_tax", "Council tax and business rates"),
                            ("adult_care", "Adult social care"),
                            ("children", "Children's social care"),
                            ("telecare", "Telecare"),
                            ("elections", "Elections"),
                            ("planning", "Planning and building control"),
                            ("waste", "Waste and streets"),
                            ("education", "Schools and education"),
                            ("registrars", "Births, deaths and marriages"),
                            ("payments", "Payments and income"),
                            ("contact", "Contact centre and website"),
                            ("emergency", "Emergency planning"),
                            ("staff", "Work of the council's own staff"),
                            ("other", "Something else"),
                        ],
                        default="other",
                    ),
                ),
                ("name", models.TextField()),
                ("safety_critical", models.BooleanField(default=False)),
                ("people_served", models.PositiveIntegerField(blank=True, null=True)),
                ("fallback", models.TextField(blank=True, null=True)),
                ("critical_dates", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("note", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="dependency",
            name="test_method",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="dependency",
            name="tested_by",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="dependency",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="participation",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="participation",
            name="data_categories",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(
                    choices=[
                        ("contact", "Names and addresses"),
                        ("identity", "Log-ins and passwords"),
                        ("financial", "Bank and payment details"),
                        ("benefits", "Benefits and council tax"),
                        ("housing", "Housing and tenancies"),
                        ("health", "Health"),
                        ("social_care", "Social care of adults"),
                        ("children", "Children and families"),
                        ("education", "Education"),
                        ("electoral", "Electors and candidates"),
                        ("criminal", "Offences and enforcement"),
                        ("staff", "Staff and pay"),
                        ("location", "Where people are"),
                        ("none", "No data about people"),
                    ]
                ),
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="participation",
            name="decision_deputy",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="participation",
            name="decision_owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="participation",
            name="denied_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="participation",
            name="isolation_orderer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="participation",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="administered_by",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="data_categories",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(
                    choices=[
                        ("contact", "Names and addresses"),
                        ("identity", "Log-ins and passwords"),
                        ("financial", "Bank and payment details"),
                        ("benefits", "Benefits and council tax"),
                        ("housing", "Housing and tenancies"),
                        ("health", "Health"),
                        ("social_care", "Social care of adults"),
                        ("children", "Children and families"),
                        ("education", "Education"),
                        ("electoral", "Electors and candidates"),
                        ("criminal", "Offences and enforcement"),
                        ("staff", "Staff and pay"),
                        ("location", "Where people are"),
                        ("none", "No data about people"),
                    ]
                ),
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="is_portal",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="recovery_point_hours",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="recovery_time_hours",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="reviewed_by",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="reviewed_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sharedsystem",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddConstraint(
            model_name="dependency",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "identity_trust",
                            "shared_administrators",
                            "replication",
                            "network_route",
                            "hosting",
                            "data_feed",
                            "unknown",
                        ],
                    )
                ),
                name="dependency_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="dependency",
            constraint=models.CheckConstraint(
                condition=models.Q(("barrier__in", ["none", "claimed", "tested"])), name="dependency_barrier"
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "data_categories__contained_by",
                        [
                            "contact",
                            "identity",
                            "financial",
                            "benefits",
                            "housing",
                            "health",
                            "social_care",
                            "children",
                            "education",
                            "electoral",
                            "criminal",
                            "staff",
                            "location",
                            "none",
                        ],
                    )
                ),
                name="stand_data_categories",
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["live", "left_connected"])), name="stand_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed_at__isnull", True), ("denied_at__isnull", True), _connector="OR"),
                name="stand_one_answer",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharedsystem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_portal", True)), fields=("is_portal",), name="one_portal"
            ),
        ),
        migrations.AddConstraint(
            model_name="sharedsystem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "data_categories__contained_by",
                        [
                            "contact",
                            "identity",
                            "financial",
                            "benefits",
                            "housing",
                            "health",
                            "social_care",
                            "children",
                            "education",
                            "electoral",
                            "criminal",
                            "staff",
                            "location",
                            "none",
                        ],
                    )
                ),
                name="system_data_categories",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharedsystem",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["live", "retired", "left_connected"])), name="system_status"
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="system",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="components", to="partners.sharedsystem"
            ),
        ),
        migrations.AddField(
            model_name="publicservice",
            name="organisation",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.organisation",
            ),
        ),
        migrations.AddField(
            model_name="publicservice",
            name="participation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="public_services", to="partners.participation"
            ),
        ),
        migrations.AddField(
            model_name="publicservice",
            name="system",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.sharedsystem",
            ),
        ),
        migrations.AddField(
            model_name="segment",
            name="system",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="segments",
                to="partners.sharedsystem",
            ),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.CheckConstraint(
                condition=models.Q(("product", ""), _negated=True), name="component_product"
            ),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.CheckConstraint(
                condition=models.Q(("cpe", ""), ("cpe__startswith", "cpe:2.3:"), _connector="OR"), name="component_cpe"
            ),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.CheckConstraint(
                condition=models.Q(("purl", ""), ("purl__startswith", "pkg:"), _connector="OR"), name="component_purl"
            ),
        ),
        migrations.AddConstraint(
            model_name="publicservice",
            constraint=models.UniqueConstraint(fields=("participation", "name"), name="service_once"),
        ),
        migrations.AddConstraint(
            model_name="publicservice",
            constraint=models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="service_name"),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.UniqueConstraint(fields=("system", "name"), name="segment_once"),
        ),
        migrations.RunSQL(SPEAKING, SPEAKING_BACK),
        migrations.RunSQL(LINKS, LINKS_BACK),
        migrations.RunSQL(SYSTEMS, SYSTEMS_BACK),
        migrations.RunSQL(STANDING, STANDING_BACK),
        allow(
            "partners_sharedsystem",
            Allow(APP, "insert", f"{KEEPS} AND {ME} IN (owner_id, provider_id) AND NOT is_portal AND version = 1"),
            Allow(
                APP,
                "update",
                f"{KEEPS} AND id = ANY ((SELECT sec.systems_i_run())::uuid[])",
                columns=OF_A_SYSTEM,
            ),
        ),
        allow(
            "partners_participation",
            Allow(APP, "insert", f"{KEEPS} AND {RUN} AND ({MINE} OR {NOTHING_SAID}) AND version = 1"),
            Allow(APP, "update", f"{KEEPS} AND ({MINE} OR {RUN})", columns=OF_A_STAND),
        ),
        allow(
            "partners_dependency",
            Allow(
                APP,
                "insert",
                f"{KEEPS} AND sec.may_link(source_id, target_id) AND barrier IN ('none', 'claimed') AND tested_on IS NULL"
                " AND valid_until IS NULL AND tested_by = '' AND test_method = '' AND cut_source_at IS NULL"
                " AND cut_target_at IS NULL AND version = 1",
            ),
            Allow(APP, "update", f"{KEEPS} AND sec.may_link(source_id, target_id)", columns=OF_A_LINK),
        ),
        protect(
            "partners_component",
            Allow(APP, "select", SEEN),
            Allow(APP, "insert", f"{KEEPS} AND {RUN}"),
            Allow(APP, "update", f"{KEEPS} AND {RUN}", columns=OF_A_COMPONENT),
            Allow(APP, "delete", f"{KEEPS} AND {RUN}"),
        ),
        protect(
            "partners_segment",
            Allow(APP, "select", RUN),
            Allow(APP, "insert", f"{KEEPS} AND {RUN}"),
            Allow(APP, "update", f"{KEEPS} AND {RUN}", columns=("name", "note")),
            Allow(APP, "delete", f"{KEEPS} AND {RUN}"),
        ),
        protect(
            "partners_publicservice",
            Allow(APP, "select", f"{MINE} OR {RUN}"),
            Allow(APP, "insert", f"{KEEPS} AND {MINE}"),
            Allow(APP, "update", f"{KEEPS} AND {MINE}", columns=OF_A_SERVICE),
            Allow(APP, "delete", f"{KEEPS} AND {MINE}"),
        ),
        keep_history("partners_component", "component", "told_of_part"),
        keep_history("partners_segment", "segment", "told_of_runners"),
        keep_history("partners_publicservice", "service", "told_of_stand"),
    ]
