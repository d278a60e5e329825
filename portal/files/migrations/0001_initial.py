"""The store of uploaded files: rows by functions alone, a quota that two uploads at once cannot pass, and no way to the
bytes that is not recorded."""

import uuid

from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
# Of one organisation altogether, and of one organisation for one object; `portal.files.limits` says the same to people.
QUOTA, MOST = 500 * 1024 * 1024, 20
READABLE = (
    "id", "organisation_id", "purpose", "owner_id", "name", "size", "sha256", "content_type", "state", "uploaded_by",
    "uploaded_at", "removed_at",
)  # fmt: skip
ACTOR = "CASE WHEN t.kind = 'job' THEN 'system' WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END"

STORING = f"""
-- Whether the ticket's organisation reads the files of an object that is not its own. The room of that kind of object
-- may supply `sec.readers_of_<purpose>(object uuid) RETURNS uuid[]`; where there is none, only the organisation itself does.
CREATE FUNCTION sec.reads_file(what_for text, about uuid) RETURNS boolean LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE me uuid := sec.me(); readers uuid[]; BEGIN
    IF me IS NULL OR what_for !~ '^[a-z_]{{1,40}}$'
       OR to_regprocedure('sec.readers_of_' || what_for || '(uuid)') IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('SELECT sec.%I($1)', 'readers_of_' || what_for) INTO readers USING about;
    RETURN coalesce(me = ANY (readers), false);
END $$;
-- One event for each who is told: an audience can be read, and they need not know of one another.
CREATE FUNCTION sec.file_happened(f public.files_storedfile, what text, told uuid[]) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), t.org_id, {ACTOR}, t.person_id, '', f.owner_id, ARRAY[o.org],
           jsonb_build_object('file', f.id, 'purpose', f.purpose, 'sha256', encode(f.sha256, 'hex'), 'size', f.size,
                              'type', f.content_type)
      FROM sec.ticket() t
      CROSS JOIN (SELECT DISTINCT x AS org FROM unnest(told || ARRAY[sec.me(), f.organisation_id]) x) o
$$;
-- For functions of the rooms alone: they know whose object it is, and who is told. The bytes are on the disk already.
-- The row of usage is locked until the transaction ends, so that two uploads at once are counted one after the other.
CREATE FUNCTION sec.keep_file(what_for text, about uuid, stored text, called text, weight bigint, digest bytea,
    looks_like text, told uuid[]) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); f public.files_storedfile; used bigint; BEGIN
    IF me IS NULL OR weight IS NULL OR weight <= 0 OR length(digest) <> 32 OR stored !~ '^[0-9a-f]{{64}}$' THEN
        RAISE EXCEPTION 'not a file of yours' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.files_usage AS u (organisation_id, bytes) VALUES (me, weight)
    ON CONFLICT (organisation_id) DO UPDATE SET bytes = u.bytes + excluded.bytes RETURNING u.bytes INTO used;
    IF used > {QUOTA} THEN
        RAISE EXCEPTION 'your organisation has no room left for this file: remove what is not needed any more'
            USING ERRCODE = '23514';
    END IF;
    IF {MOST} <= (SELECT count(*) FROM public.files_storedfile x
                   WHERE x.owner_id = about AND x.organisation_id = me AND x.state = 'kept') THEN
        RAISE EXCEPTION 'there are {MOST} files here already, and no room for more' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.files_storedfile (id, organisation_id, purpose, owner_id, storage_name, name, size, sha256,
                                         content_type, state, uploaded_by, uploaded_at)
    VALUES (gen_random_uuid(), me, what_for, about, stored, called, weight, digest, looks_like, 'kept', sec.who(),
            clock_timestamp())
    RETURNING * INTO f;
    PERFORM sec.file_happened(f, 'file.kept', told);
    RETURN f.id;
END $$;
-- Likewise. Answers the name on the disk, where the bytes go once this has been committed.
CREATE FUNCTION sec.drop_file(file uuid, told uuid[]) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE f public.files_storedfile; BEGIN
    UPDATE public.files_storedfile x SET state = 'removed', removed_at = clock_timestamp()
     WHERE x.id = file AND x.organisation_id = sec.me() AND x.state = 'kept' RETURNING * INTO f;
    IF f.id IS NULL THEN
        RAISE EXCEPTION 'not a file of yours' USING ERRCODE = '42501';
    END IF;
    UPDATE public.files_usage u SET bytes = u.bytes - f.size WHERE u.organisation_id = f.organisation_id;
    PERFORM sec.file_happened(f, 'file.removed', told);
    RETURN f.storage_name;
END $$;
-- The only way to a name on the disk, and so to the bytes: who reads is recorded, for the file's organisation and itself.
CREATE FUNCTION sec.open_file(file uuid) RETURNS TABLE (stored text, called text, weight bigint, looks_like text)
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE f public.files_storedfile; BEGIN
    SELECT * INTO f FROM public.files_storedfile x
     WHERE x.id = file AND x.state = 'kept' AND (x.organisation_id = sec.me() OR sec.reads_file(x.purpose, x.owner_id));
    IF f.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM sec.file_happened(f, 'file.downloaded', '{{}}');
    RETURN QUERY SELECT f.storage_name, f.name, f.size, f.content_type;
END $$;
-- Of names on the disk those that no row keeps. They are random, so that asking tells nothing.
CREATE FUNCTION sec.files_not_kept(names text[]) RETURNS SETOF text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT n FROM unnest(names) n
     WHERE NOT EXISTS (SELECT 1 FROM public.files_storedfile f WHERE f.storage_name = n AND f.state = 'kept')
$$;
REVOKE ALL ON FUNCTION sec.reads_file(text, uuid), sec.file_happened(public.files_storedfile, text, uuid[]),
    sec.keep_file(text, uuid, text, text, bigint, bytea, text, uuid[]), sec.drop_file(uuid, uuid[]), sec.open_file(uuid),
    sec.files_not_kept(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.reads_file(text, uuid), sec.open_file(uuid) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.files_not_kept(text[]) TO portal_worker;
"""
BACKWARD = """
DROP FUNCTION sec.files_not_kept(text[]), sec.open_file(uuid), sec.drop_file(uuid, uuid[]),
    sec.keep_file(text, uuid, text, text, bigint, bytea, text, uuid[]),
    sec.file_happened(public.files_storedfile, text, uuid[]), sec.reads_file(text, uuid);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tenancy", "0001_tickets"), ("ledger", "0002_seal")]

    operations = [
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("organisation_id", models.UUIDField(primary_key=True, serialize=False)),
                ("bytes", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("organisation_id", models.UUIDField()),
                ("purpose", models.TextField()),
                ("owner_id", models.UUIDField()),
                ("storage_name", models.TextField(unique=True)),
                ("name", models.TextField()),
                ("size", models.BigIntegerField()),
                ("sha256", models.BinaryField()),
                ("content_type", models.TextField()),
                ("state", models.TextField(choices=[("kept", "Kept"), ("removed", "Removed")], default="kept")),
                ("uploaded_by", models.UUIDField(null=True)),
                ("uploaded_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["uploaded_at"],
                "indexes": [models.Index(fields=["owner_id", "uploaded_at"], name="file_of")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("state__in", ["kept", "removed"])), name="file_state"),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0), ("size__lte", 26214400)), name="file_size"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purpose__regex", "^[a-z_]{1,40}$")), name="file_purpose"
                    ),
                ],
            },
        ),
        migrations.RunSQL(STORING, BACKWARD),
        protect("files_usage"),
        protect(
            "files_storedfile",
            Allow(
                "portal_app",
                "select",
                f"organisation_id = {ME} OR {ME} IS NOT NULL AND sec.reads_file(purpose, owner_id)",
                columns=READABLE,
            ),
        ),
    ]
