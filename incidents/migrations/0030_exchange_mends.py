"""Mends of signatures, of keys and of whose key a name may be.

What an organisation adds to a version is limited, so that nobody takes the places of others. A signature that is taken
back stands beside the one that it takes back: nothing is overwritten, and a page works out which of the two holds.
"""

from django.db import migrations, models

from portal.tenancy.policies import ME

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OWN = f"organisation_id = {ME}"
# Others learn of a key once something was signed with it, or once everybody was told that it is exposed.
KNOWN = f"{OWN} OR ({ME} IS NOT NULL AND (used_at IS NOT NULL OR ended = 'exposed'))"
USED = f"{OWN} OR ({ME} IS NOT NULL AND used_at IS NOT NULL)"

PLACES = f"""
-- Asked after row security, which says first whose row it may be. By its keeper 50 signatures, by anybody else 10; one that
-- is made here, once a key.
CREATE FUNCTION sec.signature_places() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE most integer; BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('signatures ' || NEW.playbook_id || NEW.organisation_id, 0));
    IF NEW.key_id IS NOT NULL THEN
        IF EXISTS (SELECT 1 FROM public.incidents_playbooksignature s
                    WHERE s.playbook_id = NEW.playbook_id AND s.key_id = NEW.key_id AND s.id <> NEW.id) THEN
            RAISE EXCEPTION 'this key has signed this version already' USING ERRCODE = '23514';
        END IF;
        RETURN NULL;
    END IF;
    SELECT CASE WHEN p.created_by_organisation_id = NEW.organisation_id THEN 50 ELSE 10 END INTO most
      FROM public.incidents_playbook p WHERE p.id = NEW.playbook_id;
    IF (SELECT count(*) FROM public.incidents_playbooksignature s WHERE s.playbook_id = NEW.playbook_id
           AND s.organisation_id = NEW.organisation_id AND s.key_id IS NULL) > most THEN
        RAISE EXCEPTION 'an organisation adds no more signatures than that to a version' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER signature_places AFTER INSERT ON incidents_playbooksignature
    FOR EACH ROW EXECUTE FUNCTION sec.signature_places();
REVOKE ALL ON FUNCTION sec.signature_places() FROM PUBLIC;
"""
NO_PLACES = """
DROP TRIGGER signature_places ON incidents_playbooksignature;
DROP FUNCTION sec.signature_places();
"""
# The same as `incidents.trusting.plain_name`: in NFKC, one space between words, without letters that nobody sees.
NAMES = r"""
CREATE FUNCTION sec.plain_name(name text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT btrim(regexp_replace(regexp_replace(normalize(name, NFKC),
        '[\u0001-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2'
        '\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0'
        '\uFFF9-\uFFFB\U000110BD\U000110CD\U00013430-\U0001343F\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A'
        '\U000E0000-\U000E0FFF]', '', 'g'),
        '[\u0009-\u000D\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+', ' ', 'g'))
$$;
REVOKE ALL ON FUNCTION sec.plain_name(text) FROM PUBLIC;
"""
NO_NAMES = "DROP FUNCTION sec.plain_name(text);"
KEYS = f"""
CREATE OR REPLACE FUNCTION sec.make_signing_key(key uuid, how text, public text, whole bytea) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); old public.incidents_signingkey; thumb text := sec.thumbprint(public); BEGIN
    IF me IS NULL OR sec.role() <> 'administrator' OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'keys are for an administrator with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF key IS NULL OR thumb IS NULL OR whole IS NULL OR how NOT IN ('Ed25519', 'ES256', 'RS256') THEN
        RAISE EXCEPTION 'not a key that could sign' USING ERRCODE = '23514';
    END IF;
    -- Nobody makes another's key their own, and then says that it is exposed.
    IF EXISTS (SELECT 1 FROM public.incidents_signingkey k WHERE k.thumbprint = thumb AND k.organisation_id <> me) THEN
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
CREATE OR REPLACE FUNCTION sec.retire_signing_key(which uuid, how text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
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
     WHERE t.thumbprint = k.thumbprint AND (t.owner_organisation_id = me OR t.since >= k.made_at)
       AND t.ended_at IS NULL;
    PERFORM sec.signing_said('signing_key.exposed', which, sec.all_here(), jsonb_build_object('thumbprint', k.thumbprint,
        'organisation', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = me)));
END $$;
CREATE OR REPLACE FUNCTION sec.key_to_trust(asker uuid, whose text, organisation uuid, public text) RETURNS text
LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE thumb text := sec.thumbprint(public); BEGIN
    IF thumb IS NULL OR btrim(coalesce(whose, '')) = '' OR length(whose) > 200 THEN
        RAISE EXCEPTION 'not a key with an owner' USING ERRCODE = '23514';
    END IF;
    IF public !~ '^[A-Za-z0-9+/]+={{0,2}}$' OR length(public) % 4 <> 0 THEN
        RAISE EXCEPTION 'a key is base64 on one line' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_signingkey k WHERE k.thumbprint = thumb AND k.ended = 'exposed') THEN
        RAISE EXCEPTION 'its owner says that this key is no longer secret' USING ERRCODE = '23514';
    END IF;
    IF organisation IS NULL THEN
        IF whose <> sec.plain_name(whose) THEN
            RAISE EXCEPTION 'the name has letters that cannot be seen, or spaces too many' USING ERRCODE = '23514';
        END IF;
        IF EXISTS (SELECT 1 FROM public.partners_organisation o
                    WHERE lower(upper(sec.plain_name(o.name))) = lower(upper(whose))) THEN
            RAISE EXCEPTION 'this is the name of an organisation that takes part here: choose it' USING ERRCODE = '23514';
        END IF;
    ELSIF NOT EXISTS (SELECT 1 FROM public.partners_organisation o WHERE o.id = organisation AND o.name = whose)
          OR organisation <> asker AND NOT EXISTS (SELECT 1 FROM public.incidents_signingkey k
                WHERE k.organisation_id = organisation AND k.thumbprint = thumb AND k.ended_at IS NULL) THEN
        RAISE EXCEPTION 'this is no key that the organisation made here: it adds another one itself' USING ERRCODE = '23514';
    END IF;
    RETURN thumb;
END $$;
CREATE OR REPLACE FUNCTION sec.trust_asked() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE thumb text; BEGIN
    NEW.two_organisations := true;
    IF jsonb_typeof(NEW.payload) IS DISTINCT FROM 'object'
       OR jsonb_typeof(NEW.payload -> 'owner') IS DISTINCT FROM 'string'
       OR jsonb_typeof(NEW.payload -> 'public_key') IS DISTINCT FROM 'string'
       OR coalesce(jsonb_typeof(NEW.payload -> 'organisation'), 'string') <> 'string' THEN
        RAISE EXCEPTION 'not a key with an owner' USING ERRCODE = '23514';
    END IF;
    IF NEW.about_id::text IS DISTINCT FROM (NEW.payload ->> 'organisation') THEN
        RAISE EXCEPTION 'not about whoever owns the key' USING ERRCODE = '42501';
    END IF;
    thumb := sec.key_to_trust(NEW.requesting_organisation_id, NEW.payload ->> 'owner', NEW.about_id,
                              NEW.payload ->> 'public_key');
    IF EXISTS (SELECT 1 FROM public.incidents_trustedkey x WHERE x.thumbprint = thumb AND x.ended_at IS NULL AND x.for_all) THEN
        RAISE EXCEPTION 'this key is on the list already' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""
KEYS_BEFORE = f"""
CREATE OR REPLACE FUNCTION sec.make_signing_key(key uuid, how text, public text, whole bytea) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
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
CREATE OR REPLACE FUNCTION sec.retire_signing_key(which uuid, how text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
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
CREATE OR REPLACE FUNCTION sec.key_to_trust(asker uuid, whose text, organisation uuid, public text) RETURNS text
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
CREATE OR REPLACE FUNCTION sec.trust_asked() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
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
"""
# On the way back one signature stays under each identifier: the one that was there first.
ONE_EACH = "DELETE FROM incidents_playbooksignature WHERE takes_back"


class Migration(migrations.Migration):
    dependencies = [("incidents", "0029_running_mends")]
    operations = [
        migrations.AddField("playbooksignature", "takes_back", models.BooleanField(default=False, db_default=False)),
        migrations.RemoveConstraint("playbooksignature", "playbook_signature_once"),
        migrations.AddConstraint(
            "playbooksignature",
            models.UniqueConstraint(fields=("playbook", "signature_id", "takes_back"), name="playbook_signature_once"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, ONE_EACH),
        migrations.RunSQL(
            f"ALTER POLICY portal_app_select ON incidents_signingkey USING ({KNOWN})",
            f"ALTER POLICY portal_app_select ON incidents_signingkey USING ({USED})",
        ),
        migrations.RunSQL(PLACES + NAMES + KEYS, KEYS_BEFORE + NO_NAMES + NO_PLACES),
    ]
