"""Advisories, the components that they match, and what was decided.

Documents are written by functions alone: an organisation keeps its own, a feed's are nobody's and all read them while
they are clear (TLP). Exposures are for whoever owns or provides the system. Matching is the worker's, through functions
that take and give what it judges and nothing else.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.clock
from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
RUN = "system_id = ANY ((SELECT sec.systems_i_run())::uuid[])"
KEEPS = "(SELECT sec.may_keep_register())"
SIGNED_IN = f"{ME} IS NOT NULL"
ITS_EXPOSURE = "EXISTS (SELECT 1 FROM monitoring_exposure e WHERE e.id = exposure_id)"
ITS_ADVISORY = "EXISTS (SELECT 1 FROM monitoring_advisory a WHERE a.id = advisory_id)"
OF_A_FEED = ("etag", "last_modified", "checked_at", "good_at", "failing_since", "trouble", "due_at", "claimed_until")

KEEPING = f"""
-- Keep documents for an organisation, or without one for all: a later one replaces, the same again changes nothing.
-- One row a document: what became of it.
CREATE FUNCTION sec.advisories_kept(org uuid, feed uuid, documents jsonb) RETURNS TABLE (ident text, outcome text)
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d jsonb; had public.monitoring_advisory; kept uuid; BEGIN
    FOR d IN SELECT e FROM jsonb_array_elements(documents) e ORDER BY e ->> 'source', e ->> 'namespace', e ->> 'ident' LOOP
        IF org IS NULL AND NOT (d ->> 'is_clear')::boolean THEN
            RAISE EXCEPTION '% is not clear and belongs to no organisation', d ->> 'ident' USING ERRCODE = '42501';
        END IF;
        ident := d ->> 'ident';
        SELECT * INTO had FROM public.monitoring_advisory a
         WHERE a.organisation_id IS NOT DISTINCT FROM org AND a.source = d ->> 'source'
           AND a.namespace = d ->> 'namespace' AND a.ident = d ->> 'ident' FOR UPDATE;
        IF had.id IS NULL THEN
            outcome := 'new';
            INSERT INTO public.monitoring_advisory (id, organisation_id, feed_id, source, namespace, ident, version, title,
                summary, url, tlp, is_clear, severity, aliases, issues, digest, published_at, modified_at, withdrawn_at,
                loaded_at)
            VALUES (gen_random_uuid(), org, feed, d ->> 'source', d ->> 'namespace', d ->> 'ident', d ->> 'version',
                d ->> 'title', d ->> 'summary', d ->> 'url', d ->> 'tlp', (d ->> 'is_clear')::boolean, d ->> 'severity',
                ARRAY(SELECT jsonb_array_elements_text(d -> 'aliases')), d -> 'issues', decode(d ->> 'digest', 'hex'),
                (d ->> 'published_at')::timestamptz, (d ->> 'modified_at')::timestamptz,
                (d ->> 'withdrawn_at')::timestamptz, now())
            RETURNING id INTO kept;
        ELSIF had.digest = decode(d ->> 'digest', 'hex') THEN
            outcome := 'same';
            RETURN NEXT;
            CONTINUE;
        ELSIF had.modified_at > (d ->> 'modified_at')::timestamptz THEN
            outcome := 'older';
            RETURN NEXT;
            CONTINUE;
        ELSE
            outcome := 'replaced';
            kept := had.id;
            UPDATE public.monitoring_advisory SET feed_id = coalesce(feed, feed_id), version = d ->> 'version',
                title = d ->> 'title', summary = d ->> 'summary', url = d ->> 'url', tlp = d ->> 'tlp',
                is_clear = (d ->> 'is_clear')::boolean, severity = d ->> 'severity',
                aliases = ARRAY(SELECT jsonb_array_elements_text(d -> 'aliases')), issues = d -> 'issues',
                digest = decode(d ->> 'digest', 'hex'), published_at = (d ->> 'published_at')::timestamptz,
                modified_at = (d ->> 'modified_at')::timestamptz, withdrawn_at = (d ->> 'withdrawn_at')::timestamptz,
                loaded_at = now(), matched_at = NULL
             WHERE id = kept;
            DELETE FROM public.monitoring_advisorykey k WHERE k.advisory_id = kept;
        END IF;
        INSERT INTO public.monitoring_advisorykey (advisory_id, label, key)
        SELECT DISTINCT kept, k ->> 0, k ->> 1 FROM jsonb_array_elements(d -> 'keys') k;
        RETURN NEXT;
    END LOOP;
END $$;
-- Documents that an organisation brings, as its own.
CREATE FUNCTION sec.keep_advisories(documents jsonb) RETURNS TABLE (ident text, outcome text)
LANGUAGE plpgsql {DEFINER} AS $$ BEGIN
    IF NOT sec.may_keep_register() THEN
        RAISE EXCEPTION 'this role brings no advisory' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY SELECT * FROM sec.advisories_kept(sec.me(), NULL, documents);
END $$;
-- What a feed answered. `whole`: it lists everything that is in force, so that what it lists no more is withdrawn.
CREATE FUNCTION sec.keep_feed(feed uuid, documents jsonb, whole boolean) RETURNS TABLE (ident text, outcome text)
LANGUAGE plpgsql {DEFINER} AS $$ BEGIN
    PERFORM 1 FROM public.monitoring_advisoryfeed f WHERE f.id = feed AND f.is_active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such feed' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY SELECT * FROM sec.advisories_kept(NULL, feed, documents);
    IF whole THEN
        RETURN QUERY
        UPDATE public.monitoring_advisory a SET withdrawn_at = now(), matched_at = NULL, digest = ''
         WHERE a.feed_id = feed AND a.withdrawn_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(documents) d WHERE d ->> 'ident' = a.ident)
        RETURNING a.ident, 'withdrawn'::text;
    END IF;
END $$;
"""

MATCHING = f"""
-- Whose entry changed is matched again: components, who runs a system, who stands on it, what an organisation is called.
CREATE FUNCTION sec.match_again() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE systems uuid[]; BEGIN
    IF TG_TABLE_NAME = 'partners_sharedsystem' THEN
        IF TG_OP = 'INSERT' THEN
            systems := ARRAY(SELECT n.id FROM new_rows n);
        ELSE
            systems := ARRAY(SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id
                              WHERE (n.owner_id, n.provider_id, n.status, n.hosting, n.administered_by)
                                    IS DISTINCT FROM (o.owner_id, o.provider_id, o.status, o.hosting, o.administered_by));
        END IF;
    ELSIF TG_TABLE_NAME = 'partners_organisation' THEN
        systems := ARRAY(SELECT s.id FROM public.partners_sharedsystem s JOIN new_rows n ON n.id = s.provider_id
                           JOIN old_rows o ON o.id = n.id
                          WHERE (n.name, n.mail_domains) IS DISTINCT FROM (o.name, o.mail_domains));
    ELSIF TG_OP = 'DELETE' THEN
        systems := ARRAY(SELECT DISTINCT o.system_id FROM old_rows o);
    ELSE
        systems := ARRAY(SELECT DISTINCT n.system_id FROM new_rows n);
    END IF;
    INSERT INTO public.monitoring_matchdue (system_id, due_at)
    SELECT s, now() FROM unnest(systems) s WHERE EXISTS (SELECT 1 FROM public.partners_sharedsystem x WHERE x.id = s)
    ON CONFLICT (system_id) DO NOTHING;
    RETURN NULL;
END $$;

-- One matcher at a time, until the commit: two that do not see each other's documents would settle half of them each.
-- Takes the systems that changed: what is matched of each, and the names behind it.
CREATE FUNCTION sec.systems_to_watch(most integer) RETURNS TABLE (system_id uuid, components jsonb, names text[],
    domains text[]) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE taken uuid[]; BEGIN
    PERFORM pg_advisory_xact_lock(760562);
    WITH due AS (
        DELETE FROM public.monitoring_matchdue m WHERE m.system_id IN (
            SELECT d.system_id FROM public.monitoring_matchdue d ORDER BY d.due_at, d.system_id LIMIT most
               FOR UPDATE SKIP LOCKED)
        RETURNING m.system_id
    ) SELECT array_agg(due.system_id) INTO taken FROM due;
    RETURN QUERY
    SELECT s.id, coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'vendor', c.vendor, 'product', c.product,
                                   'product_version', c.product_version, 'cpe', c.cpe, 'purl', c.purl) ORDER BY c.id)
                             FROM public.partners_component c WHERE c.system_id = s.id), '[]'::jsonb),
           array_remove(ARRAY[o.name, nullif(s.hosting, ''), nullif(s.administered_by, '')], NULL),
           coalesce(o.mail_domains, '{{}}')
      FROM public.partners_sharedsystem s LEFT JOIN public.partners_organisation o ON o.id = s.provider_id
     WHERE s.id = ANY (taken) AND s.status <> 'retired'
    UNION ALL
    SELECT s.id, '[]'::jsonb, '{{}}'::text[], '{{}}'::text[] FROM public.partners_sharedsystem s
     WHERE s.id = ANY (taken) AND s.status = 'retired';
END $$;
CREATE FUNCTION sec.watch(watched jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    DELETE FROM public.monitoring_watchedkey k USING jsonb_array_elements(watched) w
     WHERE k.system_id = (w ->> 'system')::uuid;
    INSERT INTO public.monitoring_watchedkey (system_id, component_id, key)
    SELECT DISTINCT (w ->> 'system')::uuid, (s ->> 'component')::uuid, k
      FROM jsonb_array_elements(watched) w, jsonb_array_elements(w -> 'subjects') s,
           jsonb_array_elements_text(s -> 'keys') k;
$$;
CREATE FUNCTION sec.advisories_to_match(most integer) RETURNS uuid[] LANGUAGE sql {DEFINER} AS $$
    SELECT pg_advisory_xact_lock(760562);
    WITH due AS (
        UPDATE public.monitoring_advisory a SET matched_at = now() WHERE a.id IN (
            SELECT d.id FROM public.monitoring_advisory d WHERE d.matched_at IS NULL
             ORDER BY d.loaded_at, d.id LIMIT most FOR UPDATE SKIP LOCKED)
        RETURNING a.id
    ) SELECT coalesce(array_agg(due.id), '{{}}') FROM due;
$$;
-- What is to be judged: each pair of a component and a label that these systems or documents bring together or that is
-- an exposure already, with every document that speaks of it. Documents that are not clear come with whom they are for.
CREATE FUNCTION sec.pairs_to_judge(systems uuid[], advisories uuid[]) RETURNS TABLE (system_id uuid, component_id uuid,
    label text, keys text[], names text[], components jsonb, documents jsonb) LANGUAGE sql STABLE {DEFINER} AS $$
    WITH labels AS (
        SELECT DISTINCT k.label FROM public.monitoring_advisorykey k WHERE k.advisory_id = ANY (advisories) AND k.key = '*'
    ), pairs AS (
        SELECT w.system_id, w.component_id, k.label FROM public.monitoring_advisorykey k
          JOIN public.monitoring_watchedkey w ON w.key = k.key WHERE k.advisory_id = ANY (advisories)
        UNION SELECT w.system_id, w.component_id, k.label FROM public.monitoring_watchedkey w
          JOIN public.monitoring_advisorykey k ON k.key = w.key WHERE w.system_id = ANY (systems)
        UNION SELECT e.system_id, e.component_id, e.label FROM public.monitoring_exposure e
         WHERE e.system_id = ANY (systems) OR e.label IN (SELECT l.label FROM labels l)
        UNION SELECT e.system_id, e.component_id, e.label FROM public.monitoring_exposure e
          JOIN public.monitoring_exposuresource s ON s.exposure_id = e.id WHERE s.advisory_id = ANY (advisories)
    )
    SELECT p.system_id, p.component_id, p.label,
           ARRAY(SELECT w.key FROM public.monitoring_watchedkey w WHERE w.system_id = p.system_id
                    AND w.component_id IS NOT DISTINCT FROM p.component_id),
           (SELECT array_remove(ARRAY[o.name, nullif(s.hosting, ''), nullif(s.administered_by, '')], NULL)
              FROM public.partners_sharedsystem s LEFT JOIN public.partners_organisation o ON o.id = s.provider_id
             WHERE s.id = p.system_id),
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', c.id, 'vendor', c.vendor, 'product', c.product,
                            'product_version', c.product_version, 'cpe', c.cpe, 'purl', c.purl))
                       FROM public.partners_component c WHERE c.system_id = p.system_id), '[]'::jsonb),
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'title', a.title, 'version', a.version,
                            'source', a.source, 'withdrawn', a.withdrawn_at IS NOT NULL,
                            'trusted', a.organisation_id IS NULL OR a.organisation_id = ANY (sec.runners(p.system_id)),
                            'confined_to', CASE WHEN NOT a.is_clear THEN a.organisation_id END,
                            'issue', (SELECT i FROM jsonb_array_elements(a.issues) i
                                       WHERE i ->> 'label' = p.label LIMIT 1)) ORDER BY a.modified_at, a.id)
                       FROM public.monitoring_advisory a
                      WHERE (a.is_clear OR a.organisation_id = ANY (sec.runners(p.system_id)))
                        AND EXISTS (SELECT 1 FROM public.monitoring_advisorykey k
                                     WHERE k.advisory_id = a.id AND k.label = p.label
                                       AND (k.key = '*' OR k.key IN (
                                            SELECT w.key FROM public.monitoring_watchedkey w
                                             WHERE w.system_id = p.system_id
                                               AND w.component_id IS NOT DISTINCT FROM p.component_id)))),
                    '[]'::jsonb)
      FROM pairs p
$$;
-- Write what was judged. A pair that is no exposure and never was leaves no row; one that was is retracted.
CREATE FUNCTION sec.settle_exposures(judged jsonb) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE j jsonb; kept public.monitoring_exposure; shared integer; rank integer; changed integer := 0; BEGIN
    FOR j IN SELECT e FROM jsonb_array_elements(judged) e LOOP
        SELECT * INTO kept FROM public.monitoring_exposure e
         WHERE e.system_id = (j ->> 'system')::uuid AND e.component_id IS NOT DISTINCT FROM (j ->> 'component')::uuid
           AND e.label = j ->> 'label' AND e.confined_to_id IS NOT DISTINCT FROM (j ->> 'confined_to')::uuid;
        CONTINUE WHEN kept.id IS NULL AND j ->> 'state' <> 'open';
        IF j ->> 'state' <> 'open' THEN
            UPDATE public.monitoring_exposure SET state = 'retracted', retracted_because = j ->> 'because',
                   retracted_at = coalesce(retracted_at, now()), changed_at = now()
             WHERE id = kept.id AND (state, retracted_because) IS DISTINCT FROM ('retracted', j ->> 'because');
            changed := changed + CASE WHEN FOUND THEN 1 ELSE 0 END;
        ELSE
            SELECT count(DISTINCT p.organisation_id) INTO shared FROM public.partners_participation p
             WHERE p.system_id = (j ->> 'system')::uuid AND p.status = 'live' AND p.denied_at IS NULL;
            rank := (j ->> 'weight')::integer + least(shared, 40);
            INSERT INTO public.monitoring_exposure AS e (id, system_id, component_id, confined_to_id, label, title, about,
                installed, state, certainty, severity, exploited, ransomware, shared_by, priority, action, due_on,
                found_at, changed_at, retracted_because)
            VALUES (gen_random_uuid(), (j ->> 'system')::uuid, (j ->> 'component')::uuid, (j ->> 'confined_to')::uuid,
                j ->> 'label', j ->> 'title', j ->> 'about', j ->> 'installed', 'open', j ->> 'certainty',
                j ->> 'severity', (j ->> 'exploited')::boolean, (j ->> 'ransomware')::boolean, shared, rank,
                j ->> 'action', current_date + (j ->> 'days')::integer, now(), now(), '')
            ON CONFLICT (system_id, component_id, label, confined_to_id) DO UPDATE SET title = EXCLUDED.title,
                about = EXCLUDED.about, installed = EXCLUDED.installed, state = 'open', certainty = EXCLUDED.certainty,
                severity = EXCLUDED.severity, exploited = EXCLUDED.exploited, ransomware = EXCLUDED.ransomware,
                shared_by = EXCLUDED.shared_by, priority = EXCLUDED.priority, action = EXCLUDED.action,
                due_on = CASE WHEN e.state = 'open' THEN least(e.due_on, EXCLUDED.due_on) ELSE EXCLUDED.due_on END,
                changed_at = now(), retracted_at = NULL, retracted_because = ''
             WHERE (e.title, e.about, e.installed, e.state, e.certainty, e.severity, e.exploited, e.ransomware,
                    e.shared_by, e.priority, e.action)
                   IS DISTINCT FROM (EXCLUDED.title, EXCLUDED.about, EXCLUDED.installed, EXCLUDED.state,
                    EXCLUDED.certainty, EXCLUDED.severity, EXCLUDED.exploited, EXCLUDED.ransomware, EXCLUDED.shared_by,
                    EXCLUDED.priority, EXCLUDED.action)
            RETURNING e.* INTO kept;
            changed := changed + CASE WHEN FOUND THEN 1 ELSE 0 END;
            SELECT * INTO kept FROM public.monitoring_exposure e
             WHERE e.system_id = (j ->> 'system')::uuid AND e.component_id IS NOT DISTINCT FROM (j ->> 'component')::uuid
               AND e.label = j ->> 'label' AND e.confined_to_id IS NOT DISTINCT FROM (j ->> 'confined_to')::uuid;
        END IF;
        INSERT INTO public.monitoring_exposuresource AS s (id, exposure_id, advisory_id, verdict, rule, record_version,
                                                           installed, said_at)
        SELECT gen_random_uuid(), kept.id, (v ->> 'advisory')::uuid, v ->> 'verdict', v ->> 'rule', v ->> 'version',
               j ->> 'installed', now() FROM jsonb_array_elements(j -> 'sources') v
        ON CONFLICT (exposure_id, advisory_id) DO UPDATE SET verdict = EXCLUDED.verdict, rule = EXCLUDED.rule,
            record_version = EXCLUDED.record_version, installed = EXCLUDED.installed, said_at = now()
         WHERE (s.verdict, s.rule, s.record_version, s.installed)
               IS DISTINCT FROM (EXCLUDED.verdict, EXCLUDED.rule, EXCLUDED.record_version, EXCLUDED.installed);
        UPDATE public.monitoring_exposuresource s SET verdict = 'silent', said_at = now()
         WHERE s.exposure_id = kept.id AND s.verdict <> 'silent' AND NOT EXISTS (
               SELECT 1 FROM jsonb_array_elements(j -> 'sources') v WHERE (v ->> 'advisory')::uuid = s.advisory_id);
    END LOOP;
    RETURN changed;
END $$;
REVOKE ALL ON FUNCTION sec.advisories_kept(uuid, uuid, jsonb), sec.keep_advisories(jsonb), sec.match_again(),
    sec.keep_feed(uuid, jsonb, boolean), sec.systems_to_watch(integer), sec.watch(jsonb), sec.advisories_to_match(integer),
    sec.pairs_to_judge(uuid[], uuid[]), sec.settle_exposures(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.keep_advisories(jsonb) TO {APP};
GRANT EXECUTE ON FUNCTION sec.keep_feed(uuid, jsonb, boolean), sec.systems_to_watch(integer), sec.watch(jsonb),
    sec.advisories_to_match(integer), sec.pairs_to_judge(uuid[], uuid[]), sec.settle_exposures(jsonb) TO {WORKER};
"""
WATCHED = {
    "partners_component": ("insert", "update", "delete"),
    "partners_participation": ("insert", "update", "delete"),
    "partners_sharedsystem": ("insert", "update"),
    "partners_organisation": ("update",),
}
ROWS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}
TRIGGERS = "\n".join(
    f"CREATE TRIGGER matched_{act} AFTER {act.upper()} ON {table} REFERENCING {ROWS[act]}"
    " FOR EACH STATEMENT EXECUTE FUNCTION sec.match_again();"
    for table, acts in WATCHED.items()
    for act in acts
)
FIRST = """
INSERT INTO monitoring_matchdue (system_id, due_at) SELECT s.id, now() FROM partners_sharedsystem s;
"""
BACK = (
    "\n".join(f"DROP TRIGGER matched_{act} ON {table};" for table, acts in WATCHED.items() for act in acts)
    + """
DROP FUNCTION sec.settle_exposures(jsonb), sec.pairs_to_judge(uuid[], uuid[]), sec.advisories_to_match(integer),
    sec.watch(jsonb), sec.systems_to_watch(integer), sec.match_again(), sec.keep_feed(uuid, jsonb, boolean),
    sec.keep_advisories(jsonb), sec.advisories_kept(uuid, uuid, jsonb);
"""
)


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0005_findings")]
    operations = [
        migrations.CreateModel(
            name="MatchDue",
            fields=[
                (
                    "system",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="partners.sharedsystem",
                    ),
                ),
                ("due_at", models.DateTimeField(default=portal.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="AdvisoryAlias",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("also", models.TextField()),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("name", "also"), name="advisory_alias_once")],
            },
        ),
        migrations.CreateModel(
            name="AdvisoryFeed",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slug", models.TextField(unique=True)),
                ("name", models.TextField()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("kev", "CISA known exploited vulnerabilities"),
                            ("csaf", "CSAF"),
                            ("osv", "OSV"),
                            ("nvd", "NVD"),
                            ("stix", "STIX"),
                        ]
                    ),
                ),
                ("url", models.TextField()),
                ("every_minutes", models.PositiveIntegerField(default=60)),
                ("is_active", models.BooleanField(default=True)),
                ("etag", models.TextField(blank=True, db_default="", default="")),
                ("last_modified", models.TextField(blank=True, db_default="", default="")),
                ("checked_at", models.DateTimeField(null=True)),
                ("good_at", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("trouble", models.TextField(blank=True, db_default="", default="")),
                ("due_at", models.DateTimeField(default=portal.clock.now)),
                ("claimed_until", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["kev", "csaf", "osv", "nvd", "stix"])), name="feed_kind"
                    ),
                    models.CheckConstraint(condition=models.Q(("url__startswith", "https://")), name="feed_url"),
                    models.CheckConstraint(condition=models.Q(("every_minutes__gte", 15)), name="feed_pace"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Advisory",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "source",
                    models.TextField(
                        choices=[
                            ("kev", "CISA known exploited vulnerabilities"),
                            ("csaf", "CSAF"),
                            ("osv", "OSV"),
                            ("nvd", "NVD"),
                            ("stix", "STIX"),
                        ]
                    ),
                ),
                ("namespace", models.TextField()),
                ("ident", models.TextField()),
                ("version", models.TextField(blank=True, default="")),
                ("title", models.TextField()),
                ("summary", models.TextField(blank=True, default="")),
                ("url", models.TextField(blank=True, default="")),
                ("tlp", models.TextField(blank=True, default="")),
                ("is_clear", models.BooleanField(default=True)),
                ("severity", models.TextField(blank=True, default="")),
                (
                    "aliases",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("issues", models.JSONField(default=list)),
                ("digest", models.BinaryField()),
                ("published_at", models.DateTimeField(null=True)),
                ("modified_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("loaded_at", models.DateTimeField(default=portal.clock.now)),
                ("matched_at", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "feed",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="monitoring.advisoryfeed",
                    ),
                ),
            ],
            options={
                "ordering": ["-modified_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="AdvisoryKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("label", models.TextField()),
                ("key", models.TextField()),
                (
                    "advisory",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="monitoring.advisory",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Exposure",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("component_id", models.UUIDField(null=True)),
                ("label", models.TextField()),
                ("title", models.TextField()),
                ("about", models.TextField()),
                ("installed", models.TextField(blank=True, default="")),
                ("state", models.TextField(choices=[("open", "Open"), ("retracted", "Retracted")], default="open")),
                (
                    "certainty",
                    models.TextField(
                        choices=[("confirmed", "Confirmed"), ("ask", "Version unknown"), ("possible", "Possible")]
                    ),
                ),
                ("severity", models.TextField(blank=True, default="")),
                ("exploited", models.BooleanField(default=False)),
                ("ransomware", models.BooleanField(default=False)),
                ("shared_by", models.PositiveIntegerField(default=0)),
                ("priority", models.PositiveIntegerField(default=0)),
                ("action", models.TextField(blank=True, default="")),
                ("due_on", models.DateField()),
                ("found_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("retracted_at", models.DateTimeField(null=True)),
                ("retracted_because", models.TextField(blank=True, default="")),
                (
                    "confined_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.sharedsystem",
                    ),
                ),
            ],
            options={
                "ordering": ["-priority", "due_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="ExposureDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("person_name", models.TextField()),
                (
                    "choice",
                    models.TextField(
                        choices=[
                            ("patch", "Patch"),
                            ("mitigate", "Mitigate"),
                            ("accept", "Accept"),
                            ("not_us", "It is not our product or version"),
                            ("reopen", "Open again"),
                        ]
                    ),
                ),
                ("responsible", models.TextField(blank=True, default="")),
                ("until_on", models.DateField(null=True)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField(default=portal.clock.now)),
                (
                    "exposure",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="monitoring.exposure",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ExposureSource",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("verdict", models.TextField()),
                ("rule", models.TextField(blank=True, default="")),
                ("record_version", models.TextField(blank=True, default="")),
                ("installed", models.TextField(blank=True, default="")),
                ("said_at", models.DateTimeField()),
                (
                    "advisory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="monitoring.advisory"
                    ),
                ),
                (
                    "exposure",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to="monitoring.exposure",
                    ),
                ),
            ],
            options={
                "ordering": ["said_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="WatchedKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("component_id", models.UUIDField(null=True)),
                ("key", models.TextField()),
                (
                    "system",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.sharedsystem",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="advisory",
            index=models.Index(
                condition=models.Q(("matched_at__isnull", True)), fields=["matched_at"], name="advisory_due"
            ),
        ),
        migrations.AddIndex(
            model_name="advisory",
            index=models.Index(fields=["-modified_at", "id"], name="advisory_newest"),
        ),
        migrations.AddConstraint(
            model_name="advisory",
            constraint=models.UniqueConstraint(
                fields=("organisation", "source", "namespace", "ident"), name="advisory_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="advisory",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["kev", "csaf", "osv", "nvd", "stix"])), name="advisory_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="advisory",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["", "low", "medium", "high", "critical"])),
                name="advisory_severity",
            ),
        ),
        migrations.AddConstraint(
            model_name="advisory",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_clear", True), ("organisation__isnull", False), _connector="OR"),
                name="advisory_owned",
            ),
        ),
        migrations.AddIndex(
            model_name="advisorykey",
            index=models.Index(fields=["key", "label"], name="advisory_key"),
        ),
        migrations.AddIndex(
            model_name="advisorykey",
            index=models.Index(fields=["label"], name="advisory_label"),
        ),
        migrations.AddConstraint(
            model_name="advisorykey",
            constraint=models.UniqueConstraint(fields=("advisory", "label", "key"), name="advisory_key_once"),
        ),
        migrations.AddIndex(
            model_name="exposure",
            index=models.Index(fields=["system", "state"], name="exposure_of"),
        ),
        migrations.AddIndex(
            model_name="exposure",
            index=models.Index(fields=["label"], name="exposure_label"),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.UniqueConstraint(
                fields=("system", "component_id", "label", "confined_to"), name="exposure_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["", "low", "medium", "high", "critical"])),
                name="exposure_severity",
            ),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retracted_at__isnull", True), ("state", "open")),
                    models.Q(("retracted_at__isnull", False), ("state", "retracted")),
                    _connector="OR",
                ),
                name="exposure_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.CheckConstraint(
                condition=models.Q(("certainty__in", ["confirmed", "ask", "possible"])), name="exposure_certainty"
            ),
        ),
        migrations.AddIndex(
            model_name="exposuredecision",
            index=models.Index(fields=["exposure", "-at"], name="exposure_decided"),
        ),
        migrations.AddConstraint(
            model_name="exposuredecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("choice__in", ["patch", "mitigate", "accept", "not_us", "reopen"])),
                name="exposure_choice",
            ),
        ),
        migrations.AddConstraint(
            model_name="exposuredecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="exposure_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="exposuredecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("choice__in", ["not_us", "reopen"]), ("until_on__isnull", False), _connector="OR"),
                name="exposure_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="exposuresource",
            constraint=models.UniqueConstraint(fields=("exposure", "advisory"), name="exposure_source_once"),
        ),
        migrations.AddIndex(
            model_name="watchedkey",
            index=models.Index(fields=["key"], name="watched_key"),
        ),
        migrations.AddConstraint(
            model_name="watchedkey",
            constraint=models.UniqueConstraint(
                fields=("system", "component_id", "key"), name="watched_key_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(KEEPING + MATCHING + TRIGGERS + FIRST, BACK),
        protect(
            "monitoring_advisoryfeed",
            Allow(APP, "select", SIGNED_IN),
            Allow(WORKER, "select", "true"),
            Allow(WORKER, "update", "true", "true", columns=OF_A_FEED),
        ),
        protect("monitoring_advisoryalias", Allow(APP, "select", SIGNED_IN), Allow(WORKER, "select", "true")),
        protect(
            "monitoring_advisory",
            Allow(APP, "select", f"organisation_id = {ME} OR (is_clear AND {SIGNED_IN})"),
        ),
        protect("monitoring_advisorykey"),
        protect("monitoring_watchedkey"),
        protect("monitoring_matchdue"),
        protect(
            "monitoring_exposure", Allow(APP, "select", f"{RUN} AND (confined_to_id IS NULL OR confined_to_id = {ME})")
        ),
        protect("monitoring_exposuresource", Allow(APP, "select", f"{ITS_EXPOSURE} AND {ITS_ADVISORY}")),
        protect(
            "monitoring_exposuredecision",
            Allow(APP, "select", ITS_EXPOSURE),
            Allow(
                APP,
                "insert",
                f"organisation_id = {ME} AND person_id = (SELECT sec.who()) AND person_name = (SELECT sec.my_name())"
                f" AND {KEEPS} AND {ITS_EXPOSURE}",
            ),
        ),
    ]
