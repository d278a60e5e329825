"""Files of rows on their way into the register. An organisation's own, in the database alone; the queue of dry runs is the
worker's, without substance; a change that came with a file names it."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
OWN = f"organisation_id = {ME}"
KEEPS = f"{OWN} AND (SELECT sec.may_keep_register())"
# A foreign key does not ask whose the file is.
OF_OWN_FILE = f"{KEEPS} AND EXISTS (SELECT 1 FROM partners_import i WHERE i.id = file_id AND i.organisation_id = {ME})"
# A dry run compares as the worker, with what its organisation sees.
SEEN = "system_id = ANY ((SELECT sec.my_systems())::uuid[])"
RUN = "system_id = ANY ((SELECT sec.systems_i_run())::uuid[])"
COMPARED = {
    "partners_dependency": "source_id = ANY ((SELECT sec.my_systems())::uuid[])"
    " OR target_id = ANY ((SELECT sec.my_systems())::uuid[])",
    "partners_component": SEEN,
    "partners_publicservice": f"{OWN} OR {RUN}",
}


def compared(table: str, condition: str) -> migrations.RunSQL:
    """Let the worker read what the organisation that it has entered may see."""
    allow = Allow(WORKER, "select", condition)
    return migrations.RunSQL(
        ";\n".join(allow.statements(table)),
        f"DROP POLICY {allow.name} ON {table}; REVOKE SELECT ON {table} FROM {WORKER}",
    )


DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

FUNCTIONS = f"""
CREATE FUNCTION sec.enter_import(file uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT j.organisation_id INTO org FROM public.partners_importjob j
     WHERE j.file_id = file AND j.claimed_by = worker AND worker <> '' AND j.claimed_until > clock_timestamp();
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this dry run' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
-- `app.import` is set for one transaction by whoever writes a file; it can only name one of one's own.
CREATE FUNCTION sec.change_came_with() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    NEW.import_id := (SELECT i.id FROM public.partners_import i
                       WHERE i.id::text = current_setting('app.import', true) AND i.organisation_id = NEW.organisation_id);
    RETURN NEW;
END $$;
-- Which links between these pairs the organisation could say (`sec.may_link`, which asks for a person or a key as well, and
-- for one pair at a time): the policies ask again when one is written.
CREATE FUNCTION sec.linkable(sources uuid[], targets uuid[]) RETURNS boolean[] LANGUAGE sql STABLE {DEFINER} AS $$
    WITH mine AS MATERIALIZED (
        SELECT sec.me() IS NOT NULL AS known, sec.systems_i_speak_for() AS spoken, sec.my_systems() AS seen,
               ARRAY(SELECT n.system_id FROM sec.neighbours() n) AS named
    ), reached AS MATERIALIZED (
        SELECT s.id, sec.walked_from(ARRAY[s.id]) AS ends FROM (SELECT DISTINCT unnest(sources) AS id) s, mine
         WHERE s.id = ANY (mine.spoken)
    )
    SELECT coalesce(array_agg(coalesce(mine.known AND p.source <> p.target AND CASE
               WHEN p.target = ANY (mine.spoken) THEN p.source = ANY (mine.seen) OR p.source = ANY (mine.named)
               ELSE r.id IS NOT NULL AND (p.target = ANY (mine.seen) OR p.target = ANY (r.ends)) END, false)
               ORDER BY p.n), '{{}}')
      FROM unnest(sources, targets) WITH ORDINALITY p(source, target, n) CROSS JOIN mine LEFT JOIN reached r ON r.id = p.source
$$;
REVOKE ALL ON FUNCTION sec.enter_import(uuid, text), sec.change_came_with(), sec.linkable(uuid[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.enter_import(uuid, text) TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.linkable(uuid[], uuid[]), sec.systems_i_speak_for() TO portal_app, portal_worker;
CREATE TRIGGER change_came_with BEFORE INSERT ON partners_change FOR EACH ROW
    WHEN (current_setting('app.import', true) <> '') EXECUTE FUNCTION sec.change_came_with();
"""
BACKWARD = """
DROP TRIGGER change_came_with ON partners_change;
REVOKE EXECUTE ON FUNCTION sec.systems_i_speak_for() FROM portal_worker;
DROP FUNCTION sec.linkable(uuid[], uuid[]), sec.change_came_with(), sec.enter_import(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0013_contacts_known_to_work")]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("systems", "Systems"),
                            ("components", "Components"),
                            ("participations", "Who stands on a system"),
                            ("services", "Services"),
                            ("dependencies", "Links"),
                        ]
                    ),
                ),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("matching", "Columns to match"),
                            ("checking", "Dry run under way"),
                            ("checked", "Dry run done"),
                            ("written", "Written"),
                            ("failed", "Dry run failed"),
                            ("discarded", "Thrown away"),
                        ],
                        default="matching",
                    ),
                ),
                ("file_name", models.TextField(blank=True, default="")),
                ("read_as", models.TextField()),
                ("headers", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("mapping", models.JSONField(default=dict)),
                ("row_count", models.PositiveIntegerField()),
                ("checked_count", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.UUIDField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("written_at", models.DateTimeField(null=True)),
                ("written_by", models.UUIDField(null=True)),
                ("written_count", models.PositiveIntegerField(default=0)),
                ("emptied_at", models.DateTimeField(null=True)),
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
                "ordering": ["-uploaded_at"],
                "indexes": [models.Index(fields=["organisation", "-uploaded_at"], name="import_of")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["systems", "components", "participations", "services", "dependencies"])
                        ),
                        name="import_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["matching", "checking", "checked", "written", "failed", "discarded"])
                        ),
                        name="import_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportMapping",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("digest", models.TextField()),
                ("columns", models.JSONField()),
                ("used_at", models.DateTimeField()),
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
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "kind", "digest"), name="import_mapping_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("cells", models.JSONField()),
                ("trouble", models.TextField(blank=True, default="")),
                (
                    "fate",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "Not looked at yet"),
                            ("added", "Would be added"),
                            ("changed", "Would be changed"),
                            ("unchanged", "Unchanged"),
                            ("refused", "Refused"),
                            ("duplicate", "Stands in the file twice"),
                        ],
                        default="",
                    ),
                ),
                ("key", models.TextField(blank=True, default="")),
                ("duplicate_of", models.PositiveIntegerField(null=True)),
                ("object_id", models.UUIDField(null=True)),
                ("changes", models.JSONField(default=dict)),
                ("troubles", models.JSONField(default=list)),
                ("values", models.JSONField(default=dict)),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="partners.import",
                    ),
                ),
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
                "ordering": ["number"],
                "indexes": [
                    models.Index(fields=["file", "fate", "number"], name="import_fates"),
                    models.Index(fields=["file", "key"], name="import_keys"),
                ],
                "constraints": [models.UniqueConstraint(fields=("file", "number"), name="import_row_once")],
            },
        ),
        migrations.CreateModel(
            name="ImportJob",
            fields=[
                (
                    "file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="job",
                        serialize=False,
                        to="partners.import",
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claimed_by", models.TextField(blank=True, default="")),
                ("claimed_until", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["due_at"], name="import_due")]},
        ),
        migrations.AddField(model_name="change", name="import_id", field=models.UUIDField(null=True)),
        migrations.RunSQL(
            f"GRANT SELECT (import_id) ON partners_change TO {APP}",
            f"REVOKE SELECT (import_id) ON partners_change FROM {APP}",
        ),
        protect(
            "partners_import",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", KEEPS),
            Allow(
                APP,
                "update",
                KEEPS,
                KEEPS,
                columns=(
                    "state",
                    "mapping",
                    "checked_count",
                    "counts",
                    "checked_at",
                    "written_at",
                    "written_by",
                    "written_count",
                    "emptied_at",
                ),
            ),
            Allow(WORKER, "select", OWN),
            Allow(
                WORKER,
                "update",
                OWN,
                OWN,
                columns=("state", "checked_count", "counts", "checked_at", "emptied_at"),
            ),
        ),
        protect(
            "partners_importrow",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", OF_OWN_FILE),
            Allow(APP, "delete", KEEPS),
            Allow(WORKER, "select", OWN),
            Allow(
                WORKER,
                "update",
                OWN,
                OWN,
                columns=("fate", "key", "duplicate_of", "object_id", "changes", "troubles", "values"),
            ),
            Allow(WORKER, "delete", OWN),
        ),
        protect(
            "partners_importmapping",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", KEEPS),
            Allow(APP, "update", KEEPS, KEEPS, columns=("columns", "used_at")),
        ),
        protect(
            "partners_importjob",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", OF_OWN_FILE),
            Allow(APP, "delete", KEEPS),
            Allow(WORKER, "select", "true"),
            Allow(WORKER, "update", "true", "true", columns=("due_at", "attempts", "claimed_by", "claimed_until")),
        ),
        *(compared(table, condition) for table, condition in COMPARED.items()),
        migrations.RunSQL(FUNCTIONS, BACKWARD),
    ]
