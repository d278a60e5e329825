"""Signatures of playbooks, the keys that organisations make them with, and whose keys a partnership trusts.

Keys and the trust list are written by functions alone. Whether a signature is right stands in no column: it is worked out
from the document each time. From here on a version's digest is the SHA-256 of its canonical form (RFC 8785) without its
signatures, which stand beside it.
"""

import hashlib
import json
import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import rfc8785
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OWN = f"organisation_id = {ME}"
ANYONE = f"{ME} IS NOT NULL"
# Others learn of a key once something was signed with it.
USED = "used_at IS NOT NULL"
OWN_KEY = (
    "key_id IS NULL OR EXISTS (SELECT 1 FROM incidents_signingkey k WHERE k.id = incidents_playbooksignature.key_id"
    f" AND k.organisation_id = {ME})"
)

KEYS = f"""
CREATE FUNCTION sec.signing_said(what text, about uuid, told uuid[], more jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    VALUES (gen_random_uuid(), what, clock_timestamp(), sec.me(), 'person', sec.who(), '', about, told, more)
$$;
-- Everybody who takes part at present, and whoever acts.
CREATE FUNCTION sec.all_here() RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT ARRAY(SELECT o.id FROM public.partners_organisation o WHERE o.status = 'current' OR o.id = sec.me())
$$;
-- SHA-256 of a public key that is given as base64, or NULL when it is none.
CREATE FUNCTION sec.thumbprint(public text) RETURNS text LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN length(public) BETWEEN 40 AND 4000 THEN encode(sha256(decode(public, 'base64')), 'hex') END;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END $$;
-- A new key; the one before signs no more. An administrator's, with a passkey used just now.
CREATE FUNCTION sec.make_signing_key(key uuid, how text, public text, whole bytea) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); old public.incidents_signingkey; thumb text := sec.thumbprint(public); BEGIN
    IF me IS NULL OR sec.role() <> 'administrator' OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'keys are for an administrator with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF key IS NULL OR thumb IS NULL OR whole IS NULL OR how NOT IN ('Ed25519', 'ES256', 'RS256') THEN
        RAISE EXCEPTION 'not a key that could sign' USING ERRCODE = '23514';
    END IF;
    PERFORM 1 FROM sec.org_state s WHERE s.org_id = me FOR NO KEY UPDATE;
    UPDATE public.incidents_signingkey k SET ended_at = clock_timestamp(), ended = 'replaced'
     WHERE k.organisation_id = me AND k.ended_at IS NULL RETURNING k.* INTO old;
    IF old.id IS NOT NULL THEN
        DELETE FROM public.incidents_signingsecret s WHERE s.key_id = old.id;
        PERFORM sec.signing_said('signing_key.ended', old.id, ARRAY[me],
                                 jsonb_build_object('thumbprint', old.thumbprint, 'ended', 'replaced'));
    END IF;
    INSERT INTO public.incidents_signingkey (id, organisation_id, algorithm, public_key, thumbprint, made_at)
    VALUES (key, me, how, public, thumb, clock_timestamp());
    INSERT INTO public.incidents_signingsecret (key_id, organisation_id, sealed) VALUES (key, me, whole);
    PERFORM sec.signing_said('signing_key.made', key, ARRAY[me], jsonb_build_object('thumbprint', thumb, 'algorithm', how));
EXCEPTION WHEN unique_violation THEN  -- an id of somebody else's
    RAISE EXCEPTION 'not a key that could sign' USING ERRCODE = '23514';
END $$;
-- Use it no longer, or say that others may have it: then everybody learns that, and nobody trusts it any more.
CREATE FUNCTION sec.retire_signing_key(which uuid, how text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); k public.incidents_signingkey; BEGIN
    IF me IS NULL OR sec.role() <> 'administrator' OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'keys are for an administrator with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO k FROM public.incidents_signingkey x WHERE x.id = which AND x.organisation_id = me FOR NO KEY UPDATE;
    IF k.id IS NULL OR how NOT IN ('retired', 'exposed') OR k.ended = 'exposed' OR how = 'retired' AND k.ended <> '' THEN
        RAISE EXCEPTION 'not a key of yours that can end like that' USING ERRCODE = '42501';
    END IF;
    UPDATE public.incidents_signingkey x SET ended_at = clock_timestamp(), ended = how WHERE x.id = which;
    DELETE FROM public.incidents_signingsecret s WHERE s.key_id = which;
    IF how = 'retired' THEN
        PERFORM sec.signing_said('signing_key.ended', which, ARRAY[me],
                                 jsonb_build_object('thumbprint', k.thumbprint, 'ended', how));
        RETURN;
    END IF;
    UPDATE public.incidents_trustedkey t SET ended_at = clock_timestamp(), ended_by_id = me,
           ended_because = 'Its owner says that it is no longer secret.'
     WHERE t.thumbprint = k.thumbprint AND t.owner_organisation_id = me AND t.ended_at IS NULL;
    PERFORM sec.signing_said('signing_key.exposed', which, sec.all_here(), jsonb_build_object('thumbprint', k.thumbprint,
        'organisation', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = me)));
END $$;
-- The private half for one signature, sealed as it is. Each time is recorded.
CREATE FUNCTION sec.use_signing_key(playbook uuid) RETURNS TABLE (key uuid, how text, public text, whole bytea)
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); p public.incidents_playbook; k public.incidents_signingkey; BEGIN
    IF me IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'signing needs an administrator or incident manager with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO p FROM public.incidents_playbook x WHERE x.id = playbook;
    SELECT * INTO k FROM public.incidents_signingkey x WHERE x.organisation_id = me AND x.ended_at IS NULL FOR NO KEY UPDATE;
    IF p.id IS NULL OR k.id IS NULL THEN
        RAISE EXCEPTION 'there is no key to sign it with' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_signingkey x SET used_at = clock_timestamp() WHERE x.id = k.id;
    PERFORM sec.signing_said('playbook.signed', p.id, ARRAY[me], jsonb_build_object('slug', p.slug, 'version', p.version,
                                                                               'thumbprint', k.thumbprint));
    RETURN QUERY SELECT k.id, k.algorithm, k.public_key, s.sealed FROM public.incidents_signingsecret s WHERE s.key_id = k.id;
END $$;
REVOKE ALL ON FUNCTION sec.signing_said(text, uuid, uuid[], jsonb), sec.all_here(), sec.thumbprint(text),
    sec.make_signing_key(uuid, text, text, bytea), sec.retire_signing_key(uuid, text), sec.use_signing_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.make_signing_key(uuid, text, text, bytea), sec.retire_signing_key(uuid, text),
    sec.use_signing_key(uuid) TO portal_app;
"""

TRUST = f"""
-- The thumbprint of a key that `asker` may put on the list as this owner's. An organisation that takes part here is named
-- by itself, or by its key that was made here; nobody else may be given its name.
CREATE FUNCTION sec.key_to_trust(asker uuid, whose text, organisation uuid, public text) RETURNS text
LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE thumb text := sec.thumbprint(public); BEGIN
    IF thumb IS NULL OR btrim(coalesce(whose, '')) = '' OR length(whose) > 200 THEN
        RAISE EXCEPTION 'not a key with an owner' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_signingkey k WHERE k.thumbprint = thumb AND k.ended = 'exposed'
                  AND k.organisation_id = organisation) THEN
        RAISE EXCEPTION 'its owner says that this key is no longer secret' USING ERRCODE = '23514';
    END IF;
    IF organisation IS NULL THEN
        IF EXISTS (SELECT 1 FROM public.partners_organisation o WHERE lower(o.name) = lower(btrim(whose))) THEN
            RAISE EXCEPTION 'this is the name of an organisation that takes part here: choose it' USING ERRCODE = '23514';
        END IF;
    ELSIF NOT EXISTS (SELECT 1 FROM public.partners_organisation o WHERE o.id = organisation AND o.name = whose)
          OR organisation <> asker AND NOT EXISTS (SELECT 1 FROM public.incidents_signingkey k
                WHERE k.organisation_id = organisation AND k.thumbprint = thumb AND k.ended_at IS NULL) THEN
        RAISE EXCEPTION 'this is no key that the organisation made here: it adds another one itself' USING ERRCODE = '23514';
    END IF;
    RETURN thumb;
END $$;
CREATE FUNCTION sec.trusted_said(t public.incidents_trustedkey, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    SELECT sec.signing_said(what, t.id, CASE WHEN t.for_all THEN sec.all_here() ELSE ARRAY[t.added_by_id] END,
                            jsonb_build_object('owner', t.owner, 'thumbprint', t.thumbprint, 'for_all', t.for_all))
$$;
-- For one's own organisation alone.
CREATE FUNCTION sec.trust_key(whose text, organisation uuid, public text, because text) RETURNS uuid
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); t public.incidents_trustedkey; thumb text; BEGIN
    IF me IS NULL OR NOT sec.may_approve() OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(because, '')) = '' OR length(because) > 1000 THEN
        RAISE EXCEPTION 'say why' USING ERRCODE = '23514';
    END IF;
    thumb := sec.key_to_trust(me, whose, organisation, public);
    IF EXISTS (SELECT 1 FROM public.incidents_trustedkey x WHERE x.thumbprint = thumb AND x.ended_at IS NULL
                  AND (x.for_all OR x.added_by_id = me)) THEN
        RAISE EXCEPTION 'this key is on the list already' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_trustedkey AS x (id, owner, owner_organisation_id, public_key, thumbprint, reason, for_all,
        added_by_id, since)
    VALUES (gen_random_uuid(), btrim(whose), organisation, public, thumb, because, false, me, clock_timestamp())
    RETURNING x.* INTO t;
    PERFORM sec.trusted_said(t, 'signing_key.trusted');
    RETURN t.id;
END $$;
-- For everybody: what one organisation asked for and a second one approved.
CREATE FUNCTION sec.trust_key_for_all(approval uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_approval; t public.incidents_trustedkey; thumb text; BEGIN
    IF sec.me() IS NULL OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    a := sec.carry_out(approval, 'trust_signing_key');
    IF a.requesting_organisation_id = a.deciding_organisation_id THEN
        RAISE EXCEPTION 'a second organisation approves this' USING ERRCODE = '42501';
    END IF;
    thumb := sec.key_to_trust(a.requesting_organisation_id, a.payload ->> 'owner', a.about_id, a.payload ->> 'public_key');
    PERFORM pg_advisory_xact_lock(hashtextextended('trusted key ' || thumb, 0));
    IF EXISTS (SELECT 1 FROM public.incidents_trustedkey x WHERE x.thumbprint = thumb AND x.ended_at IS NULL AND x.for_all) THEN
        RAISE EXCEPTION 'this key is on the list already' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_trustedkey AS x (id, owner, owner_organisation_id, public_key, thumbprint, reason, for_all,
        added_by_id, vouched_by_id, approval_id, since)
    VALUES (gen_random_uuid(), a.payload ->> 'owner', a.about_id, a.payload ->> 'public_key', thumb, a.reason, true,
        a.requesting_organisation_id, a.deciding_organisation_id, a.id, clock_timestamp())
    RETURNING x.* INTO t;
    PERFORM sec.trusted_said(t, 'signing_key.trusted');
    RETURN t.id;
END $$;
-- Whoever added it, vouched for it or owns it takes it off alone and at once.
CREATE FUNCTION sec.distrust_key(which uuid, because text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); t public.incidents_trustedkey; BEGIN
    IF me IS NULL OR NOT sec.may_approve() OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(because, '')) = '' OR length(because) > 1000 THEN
        RAISE EXCEPTION 'say why' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_trustedkey x SET ended_at = clock_timestamp(), ended_because = because, ended_by_id = me
     WHERE x.id = which AND x.ended_at IS NULL
       AND (x.added_by_id = me OR x.for_all AND me IN (x.vouched_by_id, x.owner_organisation_id)) RETURNING x.* INTO t;
    IF t.id IS NULL THEN
        RAISE EXCEPTION 'not a key that you can take off the list' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.trusted_said(t, 'signing_key.distrusted');
END $$;
-- What must be true is asked when somebody asks, so that nobody is asked in vain, and again by the act.
CREATE FUNCTION sec.trust_asked() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE thumb text; BEGIN
    NEW.two_organisations := true;
    IF NEW.about_id IS DISTINCT FROM (NEW.payload ->> 'organisation')::uuid THEN
        RAISE EXCEPTION 'not about whoever owns the key' USING ERRCODE = '42501';
    END IF;
    thumb := sec.key_to_trust(NEW.requesting_organisation_id, NEW.payload ->> 'owner', NEW.about_id,
                              NEW.payload ->> 'public_key');
    IF EXISTS (SELECT 1 FROM public.incidents_trustedkey x WHERE x.thumbprint = thumb AND x.ended_at IS NULL AND x.for_all) THEN
        RAISE EXCEPTION 'this key is on the list already' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trust_asked BEFORE INSERT ON partners_approval FOR EACH ROW
    WHEN (NEW.kind = 'trust_signing_key') EXECUTE FUNCTION sec.trust_asked();
REVOKE ALL ON FUNCTION sec.key_to_trust(uuid, text, uuid, text), sec.trusted_said(public.incidents_trustedkey, text),
    sec.trust_key(text, uuid, text, text), sec.trust_key_for_all(uuid), sec.distrust_key(uuid, text), sec.trust_asked()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.trust_key(text, uuid, text, text), sec.trust_key_for_all(uuid), sec.distrust_key(uuid, text)
    TO portal_app;
"""
# The record of keys and of their use is written by functions alone.
SAID = """
CREATE POLICY signing_said ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'signing_key' AND kind <> 'playbook.signed');
"""
BACKWARD = """
DROP POLICY signing_said ON public.ledger_event;
DROP TRIGGER trust_asked ON partners_approval;
DROP FUNCTION sec.trust_asked(), sec.distrust_key(uuid, text), sec.trust_key_for_all(uuid),
    sec.trust_key(text, uuid, text, text), sec.trusted_said(public.incidents_trustedkey, text),
    sec.key_to_trust(uuid, text, uuid, text), sec.use_signing_key(uuid), sec.retire_signing_key(uuid, text),
    sec.make_signing_key(uuid, text, text, bytea), sec.thumbprint(text), sec.all_here(),
    sec.signing_said(text, uuid, uuid[], jsonb);
"""


def doubles(value):
    """As `incidents.cacao.canonical` has it: what the database gives back as a long whole number was a double."""
    if isinstance(value, dict):
        return {key: doubles(each) for key, each in value.items()}
    if isinstance(value, list):
        return [doubles(each) for each in value]
    return float(value) if type(value) is int and abs(value) > 2**53 - 1 else value


def beside(apps, schema_editor):
    """Signatures go beside their playbook, and the digest becomes that of the canonical form."""
    playbooks = apps.get_model("incidents", "Playbook").objects.using(schema_editor.connection.alias)
    signatures = apps.get_model("incidents", "PlaybookSignature").objects.using(schema_editor.connection.alias)
    for playbook in playbooks.iterator(chunk_size=20):
        for at, each in enumerate(playbook.document.pop("signatures", [])):
            signatures.create(
                playbook=playbook, signature_id=each["id"], document=each, position=at, added_at=playbook.imported_at,
                organisation_id=playbook.created_by_organisation_id,
            )  # fmt: skip
        playbook.digest = hashlib.sha256(rfc8785.dumps(doubles(playbook.document))).digest()
        playbook.save(update_fields=["document", "digest"])


def within(apps, schema_editor):
    """Back into the document, with the digest that there was: of the text with sorted keys."""
    playbooks = apps.get_model("incidents", "Playbook").objects.using(schema_editor.connection.alias)
    for playbook in playbooks.iterator(chunk_size=20):
        found = list(playbook.signatures.order_by("added_at", "position", "id").values_list("document", flat=True))
        if found:
            playbook.document["signatures"] = found
        text = json.dumps(playbook.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        playbook.digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        playbook.save(update_fields=["document", "digest"])


class Migration(migrations.Migration):
    dependencies = [("incidents", "0020_marks_for_guests"), ("partners", "0021_more_kinds_still")]
    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "algorithm",
                    models.TextField(
                        choices=[
                            ("Ed25519", "Ed25519"),
                            ("ES256", "ES256 (P-256)"),
                            ("RS256", "RS256 (RSA, 3,072 bits)"),
                        ]
                    ),
                ),
                ("public_key", models.TextField()),
                ("thumbprint", models.TextField()),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("replaced", "Replaced by a new one"),
                            ("retired", "No longer used"),
                            ("exposed", "No longer secret"),
                        ],
                        db_default="",
                        default="",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at"],
            },
        ),
        migrations.CreateModel(
            name="PlaybookSignature",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("signature_id", models.TextField()),
                ("document", models.JSONField()),
                ("added_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("position", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "playbook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signatures",
                        to="incidents.playbook",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="incidents.signingkey",
                    ),
                ),
            ],
            options={
                "ordering": ["added_at", "position", "id"],
            },
        ),
        migrations.CreateModel(
            name="TrustedKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.TextField()),
                ("public_key", models.TextField()),
                ("thumbprint", models.TextField()),
                ("reason", models.TextField()),
                ("for_all", models.BooleanField()),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_because", models.TextField(blank=True, db_default="", default="")),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "approval",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.approval",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "owner_organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "vouched_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["owner", "-since"],
            },
        ),
        migrations.CreateModel(
            name="SigningSecret",
            fields=[
                (
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="incidents.signingkey",
                    ),
                ),
                ("sealed", models.BinaryField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("organisation",), name="signing_key_in_use_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("algorithm__in", ["Ed25519", "ES256", "RS256"])), name="signing_key_algorithm"
            ),
        ),
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended", ""), ("ended_at", None)),
                    models.Q(("ended__in", ["replaced", "retired", "exposed"]), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="signing_key_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="playbooksignature",
            constraint=models.UniqueConstraint(fields=("playbook", "signature_id"), name="playbook_signature_once"),
        ),
        migrations.AddConstraint(
            model_name="trustedkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None), ("for_all", True)),
                fields=("thumbprint",),
                name="trusted_key_for_all_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="trustedkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None), ("for_all", False)),
                fields=("added_by", "thumbprint"),
                name="trusted_key_for_one_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="trustedkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approval", None), ("for_all", False), ("vouched_by", None)),
                    models.Q(
                        ("approval__isnull", False),
                        ("for_all", True),
                        ("vouched_by__isnull", False),
                        models.Q(("vouched_by", models.F("added_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="trusted_key_two_organisations",
            ),
        ),
        protect("incidents_signingkey", Allow(APP, "select", f"{OWN} OR ({ANYONE} AND {USED})")),
        protect("incidents_signingsecret"),
        protect(
            "incidents_playbooksignature",
            Allow(APP, "select", ANYONE),
            Allow(APP, "insert", f"{OWN} AND ({OWN_KEY})"),
        ),
        protect("incidents_trustedkey", Allow(APP, "select", f"added_by_id = {ME} OR (for_all AND {ANYONE})")),
        migrations.RunSQL(KEYS + TRUST + SAID, BACKWARD),
        migrations.RunPython(beside, within),
    ]
