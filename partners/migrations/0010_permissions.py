"""The register of permissions: rows are written by functions alone, that hold who may say what, and when.

A permission is in force through `sec.permit_integration`, which spends an approval of two persons of its two
organisations. Whether it is in force on a day is worked out from its dates by whoever asks (`partners.permissions`), so
that one is off on the day after its last even when nothing runs.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
PARTY = f"{ME} IN (grantor_id, grantee_id)"
OF_A_PARTY = (
    "EXISTS (SELECT 1 FROM partners_integration i WHERE i.id = partners_integrationversion.integration_id"
    f" AND {ME} IN (i.grantor_id, i.grantee_id))"
)

NAMING = rf"""
-- A pattern of accounts, as `partners.account_patterns` has it: name@realm in small letters; a * stands for letters
-- inside one label of the name, once a label and never in the realm, beside at least three letters that are said.
CREATE FUNCTION sec.account_pattern(pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(length(pattern) <= 128
        AND pattern ~ '^[a-z0-9_*-]+(\.[a-z0-9_*-]+)*@[a-z0-9]+([.-][a-z0-9]+)*$'
        AND pattern !~ '\*[^.@]*\*'
        AND (pattern !~ '\*' OR length(regexp_replace(split_part(pattern, '@', 1), '[^a-z0-9]', '', 'g')) >= 3), false)
$$;
-- Whose history a permission is: its two sides.
CREATE FUNCTION sec.told_of_permission(r jsonb) RETURNS uuid[] LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY[(r ->> 'grantor_id')::uuid, (r ->> 'grantee_id')::uuid]
$$;
CREATE FUNCTION sec.permission_happened(i public.partners_integration, what text, details jsonb) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), t.org_id,
           CASE WHEN t.kind = 'job' THEN 'system' WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id,
           '', i.id, ARRAY[i.grantor_id, i.grantee_id], details || jsonb_build_object('permission', i.id)
      FROM sec.ticket() t
$$;
CREATE FUNCTION sec.stands_or_runs(org uuid, systems uuid[]) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT NOT EXISTS (SELECT 1 FROM unnest(systems) x WHERE NOT (org = ANY (sec.on_system(x))))
$$;
CREATE FUNCTION sec.may_own_permission(person uuid, org uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.partners_person p WHERE p.id = person AND p.organisation_id = org AND p.is_active
                      AND NOT p.break_glass AND p.role NOT IN ('guest', 'service_account')
                      AND (p.access_ends_at IS NULL OR p.access_ends_at > now()))
$$;
-- Work about a permission that is settled: what was asked, what was to be renewed.
CREATE FUNCTION sec.permission_settled(permission uuid, org uuid, kinds text[]) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE public.partners_workitem w SET state = 'cleared', settled_at = clock_timestamp()
     WHERE (org IS NULL OR w.organisation_id = org) AND w.state = 'open'
       AND w.key IN (SELECT k || ':' || permission FROM unnest(kinds) k)
$$;
"""

PROPOSING = rf"""
-- A new permission, or a new version of one. `side` is the caller's; `after` the version that it has read, 0 for none.
CREATE FUNCTION sec.propose_permission(permission uuid, after integer, side text, other uuid, doc jsonb) RETURNS uuid
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.partners_integration; was public.partners_integrationversion; named uuid[];
        mine uuid := (doc ->> 'owner')::uuid; theirs uuid; source uuid := (doc ->> 'from_system')::uuid; today date := current_date;
        accounts text[] := ARRAY(SELECT jsonb_array_elements_text(doc -> 'accounts'));
        classes text[] := ARRAY(SELECT jsonb_array_elements_text(doc -> 'data_classes'));
        systems uuid[] := ARRAY(SELECT DISTINCT x::uuid FROM jsonb_array_elements_text(doc -> 'systems') x);
        starts date := (doc ->> 'starts_on')::date; review date := (doc ->> 'review_on')::date;
        expires date := (doc ->> 'expires_on')::date; BEGIN
    IF NOT sec.may_keep_register() THEN
        RAISE EXCEPTION 'proposing a permission needs an administrator or incident manager' USING ERRCODE = '42501';
    END IF;
    IF permission IS NULL THEN
        IF side IS NULL OR side NOT IN ('grantor', 'grantee') OR other IS NULL OR other = me OR after <> 0
           OR NOT EXISTS (SELECT 1 FROM public.partners_organisation o WHERE o.id = other) THEN
            RAISE EXCEPTION 'a permission has two organisations' USING ERRCODE = '23514';
        END IF;
    ELSE
        SELECT * INTO i FROM public.partners_integration x
         WHERE x.id = permission AND me IN (x.grantor_id, x.grantee_id) FOR UPDATE;
        IF i.id IS NULL THEN
            RAISE EXCEPTION 'not a permission of yours' USING ERRCODE = '42501';
        END IF;
        IF i.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'this permission was ended: make a new one' USING ERRCODE = '23514';
        END IF;
        IF i.latest IS DISTINCT FROM after THEN
            RAISE EXCEPTION 'somebody changed it meanwhile: look at it again' USING ERRCODE = '23514';
        END IF;
        SELECT * INTO was FROM public.partners_integrationversion v WHERE v.integration_id = i.id AND v.number = i.latest;
        side := CASE WHEN me = i.grantor_id THEN 'grantor' ELSE 'grantee' END;
        other := CASE WHEN me = i.grantor_id THEN i.grantee_id ELSE i.grantor_id END;
        theirs := CASE WHEN side = 'grantor' THEN was.grantee_owner_id ELSE was.grantor_owner_id END;
        theirs := CASE WHEN sec.may_own_permission(theirs, other) THEN theirs END;
    END IF;
    IF EXISTS (SELECT 1 FROM unnest(ARRAY['name', 'purpose', 'kill_switch_name', 'kill_switch_how']) f
                WHERE btrim(coalesce(doc ->> f, '')) = '' OR length(doc ->> f) > 2000)
       OR length(coalesce(doc ->> 'resources', '')) > 2000 THEN
        RAISE EXCEPTION 'a permission has a name, a purpose and whom to ring to stop it' USING ERRCODE = '23514';
    END IF;
    IF coalesce(doc ->> 'direction', '') NOT IN ('to_grantor', 'to_grantee', 'both') OR cardinality(classes) = 0
       OR NOT classes <@ ARRAY['no_personal', 'personal', 'special_category', 'criminal_offence', 'payment', 'secrets'] THEN
        RAISE EXCEPTION 'say which data go which way' USING ERRCODE = '23514';
    END IF;
    IF cardinality(accounts) NOT BETWEEN 1 AND 20 OR EXISTS (SELECT 1 FROM unnest(accounts) p WHERE NOT sec.account_pattern(p)) THEN
        RAISE EXCEPTION 'name the accounts, like svc-backup@ashbourne or svc-*@ashbourne' USING ERRCODE = '23514';
    END IF;
    IF starts IS NULL OR review IS NULL OR expires IS NULL OR NOT starts <= expires OR NOT review BETWEEN starts AND expires
       OR NOT expires BETWEEN today AND today + 366 OR starts < today - 366 THEN
        RAISE EXCEPTION 'it ends within a year from today, and is reviewed before that' USING ERRCODE = '23514';
    END IF;
    named := systems || source;
    IF cardinality(systems) > 20 OR EXISTS (SELECT 1 FROM unnest(named) x WHERE x IS NOT NULL
            AND x <> ALL (sec.my_systems() || array_remove(coalesce(was.system_ids || was.from_system_id, '{{}}'), NULL))
            AND x NOT IN (SELECT n.system_id FROM sec.neighbours() n)) THEN
        RAISE EXCEPTION 'not a system that you can name' USING ERRCODE = '42501';
    END IF;
    IF coalesce(doc ->> 'link_kind', '') <> '' AND (source IS NULL OR cardinality(systems) = 0
       OR doc ->> 'link_kind' NOT IN ('identity_trust', 'shared_administrators', 'replication', 'network_route', 'hosting',
                                      'data_feed')) THEN
        RAISE EXCEPTION 'a link leads from a system to a system' USING ERRCODE = '23514';
    END IF;
    IF mine IS NULL OR NOT sec.may_own_permission(mine, me) THEN
        RAISE EXCEPTION 'the owner is a person of your own organisation' USING ERRCODE = '42501';
    END IF;
    IF permission IS NULL THEN
        INSERT INTO public.partners_integration AS n (id, grantor_id, grantee_id, made_at, latest, ended_by_name, ended_because)
        VALUES (gen_random_uuid(), CASE side WHEN 'grantor' THEN me ELSE other END,
                CASE side WHEN 'grantor' THEN other ELSE me END, clock_timestamp(), 1, '', '')
        RETURNING * INTO i;
    ELSE
        UPDATE public.partners_integration x SET latest = x.latest + 1 WHERE x.id = i.id RETURNING * INTO i;
    END IF;
    INSERT INTO public.partners_integrationversion (id, integration_id, number, name, purpose, direction, data_classes, accounts,
        resources, system_ids, from_system_id, starts_on, review_on, expires_on, grantor_owner_id, grantor_owner_name,
        grantee_owner_id, grantee_owner_name, complete_at, kill_switch_name, kill_switch_how, link_kind, proposed_at,
        proposed_by, proposed_by_name, proposed_for_id, grantor_approved_by, grantee_approved_by, refused_by_name, refused_because)
    SELECT gen_random_uuid(), i.id, i.latest, btrim(doc ->> 'name'), btrim(doc ->> 'purpose'), doc ->> 'direction', classes,
           accounts, btrim(coalesce(doc ->> 'resources', '')), systems, source, starts, review, expires,
           o.grantor, coalesce((SELECT p.name FROM public.partners_person p WHERE p.id = o.grantor), ''),
           o.grantee, coalesce((SELECT p.name FROM public.partners_person p WHERE p.id = o.grantee), ''),
           CASE WHEN theirs IS NOT NULL THEN clock_timestamp() END, btrim(doc ->> 'kill_switch_name'),
           btrim(doc ->> 'kill_switch_how'), coalesce(doc ->> 'link_kind', ''), clock_timestamp(), sec.who(),
           coalesce(sec.my_name(), ''), me, '', '', '', ''
      FROM (SELECT CASE side WHEN 'grantor' THEN mine ELSE theirs END AS grantor,
                   CASE side WHEN 'grantor' THEN theirs ELSE mine END AS grantee) o;
    PERFORM sec.permission_happened(i, 'permission.proposed', jsonb_build_object('version', i.latest));
    PERFORM sec.permission_settled(i.id, me, ARRAY['permission-asked']);
    PERFORM sec.raise_work(other, 'permission', 'permission-asked:' || i.id,
        format('Agree to a permission with %s, or refuse it: %s', (SELECT o.name FROM public.partners_organisation o
                                                                    WHERE o.id = me), btrim(doc ->> 'name')),
        'It is not in force until a person of each side has approved this very version.',
        '/permissions/' || i.id || '/', i.id, NULL);
    RETURN i.id;
END $$;
-- A side names its owner, and with that says that the systems on its side are its own.
CREATE FUNCTION sec.own_permission(permission uuid, version integer, person uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.partners_integration; v public.partners_integrationversion; BEGIN
    SELECT * INTO i FROM public.partners_integration x
     WHERE x.id = permission AND me IN (x.grantor_id, x.grantee_id) FOR UPDATE;
    IF i.id IS NULL OR NOT sec.fresh() OR NOT sec.may_approve() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO v FROM public.partners_integrationversion x WHERE x.integration_id = i.id AND x.number = version;
    IF i.ended_at IS NOT NULL OR version IS DISTINCT FROM i.latest OR v.permitted_at IS NOT NULL OR v.refused_at IS NOT NULL THEN
        RAISE EXCEPTION 'this version waits for nobody (any more)' USING ERRCODE = '23514';
    END IF;
    IF person IS NULL OR NOT sec.may_own_permission(person, me) THEN
        RAISE EXCEPTION 'the owner is a person of your own organisation' USING ERRCODE = '42501';
    END IF;
    IF me = i.grantor_id AND (cardinality(v.system_ids) = 0 OR NOT v.system_ids <@ sec.my_systems())
       OR me = i.grantee_id AND v.from_system_id IS NOT NULL AND NOT v.from_system_id = ANY (sec.my_systems()) THEN
        RAISE EXCEPTION 'it names no system of yours on your side: change it first' USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_integrationversion x
       SET grantor_owner_id = CASE WHEN me = i.grantor_id THEN person ELSE x.grantor_owner_id END,
           grantor_owner_name = CASE WHEN me = i.grantor_id THEN p.name ELSE x.grantor_owner_name END,
           grantee_owner_id = CASE WHEN me = i.grantee_id THEN person ELSE x.grantee_owner_id END,
           grantee_owner_name = CASE WHEN me = i.grantee_id THEN p.name ELSE x.grantee_owner_name END,
           complete_at = CASE WHEN me = i.grantor_id AND x.grantee_owner_id IS NULL
                                OR me = i.grantee_id AND x.grantor_owner_id IS NULL THEN NULL ELSE clock_timestamp() END
      FROM public.partners_person p WHERE x.id = v.id AND p.id = person;
    PERFORM sec.permission_happened(i, 'permission.owned', jsonb_build_object('version', version));
END $$;
"""

PERMITTING = rf"""
-- The link behind a permission, as a fact of the register that outlives it: written when a side could write it by hand
-- (`sec.may_link`: it speaks for the target, or for the source and sees the target), asked of whoever does otherwise. Its
-- words name no permission, because more people read a link than that.
CREATE FUNCTION sec.permission_link(i public.partners_integration, v public.partners_integrationversion) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE target uuid; runs uuid[]; runner uuid; ends text; BEGIN
    FOREACH target IN ARRAY v.system_ids LOOP
        CONTINUE WHEN target = v.from_system_id OR EXISTS (SELECT 1 FROM public.partners_dependency d
                                                            WHERE d.source_id = v.from_system_id AND d.target_id = target);
        runs := sec.speakers(v.from_system_id) || sec.speakers(target);
        IF ARRAY[i.grantor_id, i.grantee_id] && sec.speakers(target)
           OR EXISTS (SELECT 1 FROM unnest(ARRAY[i.grantor_id, i.grantee_id]) side
                       WHERE side = ANY (sec.speakers(v.from_system_id))
                         AND (side = ANY (sec.on_system(target)) OR target = ANY (sec.walked_from(ARRAY[v.from_system_id])))) THEN
            INSERT INTO public.partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group",
                barrier, reviewed_by, note)
            VALUES (gen_random_uuid(), v.from_system_id, target, v.link_kind, '', '', '', false, '', 'none', '',
                    'Written down when two organisations agreed that it is used.');
        ELSE
            SELECT format('%s to %s', (SELECT s.name FROM public.partners_sharedsystem s WHERE s.id = v.from_system_id),
                          (SELECT s.name FROM public.partners_sharedsystem s WHERE s.id = target)) INTO ends;
            FOR runner IN SELECT DISTINCT x FROM unnest(runs) x LOOP
                PERFORM sec.raise_work(runner, 'permission', 'permission-link:' || v.from_system_id || ':' || target,
                    'Write a link into the register: ' || ends,
                    format('%s and %s have agreed that it is used. Whoever speaks for an end writes it down; it counts in every'
                           ' radius, whether the permission is in force or not.',
                           (SELECT o.name FROM public.partners_organisation o WHERE o.id = i.grantee_id),
                           (SELECT o.name FROM public.partners_organisation o WHERE o.id = i.grantor_id)),
                    '/partners/links/', target, NULL);
            END LOOP;
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION sec.permit_integration(approval uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_approval; i public.partners_integration; v public.partners_integrationversion; BEGIN
    a := sec.carry_out(approval, 'permit_integration');
    SELECT * INTO i FROM public.partners_integration x WHERE x.id = (a.payload ->> 'integration')::uuid FOR UPDATE;
    IF i.id IS NULL OR a.requesting_organisation_id = a.deciding_organisation_id
       OR NOT ARRAY[a.requesting_organisation_id, a.deciding_organisation_id] @> ARRAY[i.grantor_id, i.grantee_id] THEN
        RAISE EXCEPTION 'a person of each of its two sides approves a permission' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO v FROM public.partners_integrationversion x WHERE x.integration_id = i.id AND x.number = i.latest;
    IF i.ended_at IS NOT NULL OR v.number IS DISTINCT FROM (a.payload ->> 'version')::integer THEN
        RAISE EXCEPTION 'it was changed or ended meanwhile' USING ERRCODE = '23514';
    END IF;
    IF v.permitted_at IS NOT NULL OR v.refused_at IS NOT NULL THEN
        RAISE EXCEPTION 'this version was approved or refused already' USING ERRCODE = '23514';
    END IF;
    IF v.complete_at IS NULL OR v.complete_at > a.requested_at OR NOT sec.may_own_permission(v.grantor_owner_id, i.grantor_id)
       OR NOT sec.may_own_permission(v.grantee_owner_id, i.grantee_id) THEN
        RAISE EXCEPTION 'both sides name an owner before anybody is asked' USING ERRCODE = '23514';
    END IF;
    IF cardinality(v.system_ids) = 0 OR NOT sec.stands_or_runs(i.grantor_id, v.system_ids)
       OR v.from_system_id IS NOT NULL AND NOT sec.stands_or_runs(i.grantee_id, ARRAY[v.from_system_id]) THEN
        RAISE EXCEPTION 'each side permits for systems of its own' USING ERRCODE = '23514';
    END IF;
    IF v.expires_on < current_date THEN
        RAISE EXCEPTION 'its last day is over' USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_integrationversion x
       SET permitted_at = clock_timestamp(), approval_id = a.id,
           grantor_approved_by = CASE WHEN a.requesting_organisation_id = i.grantor_id THEN a.requested_by_name ELSE a.decided_by_name END,
           grantee_approved_by = CASE WHEN a.requesting_organisation_id = i.grantee_id THEN a.requested_by_name ELSE a.decided_by_name END
     WHERE x.id = v.id;
    UPDATE public.partners_integration x SET permitted = v.number, lapsed_at = NULL WHERE x.id = i.id;
    IF v.link_kind <> '' THEN
        PERFORM sec.permission_link(i, v);
    END IF;
    PERFORM sec.permission_settled(i.id, NULL, ARRAY['permission-asked', 'permission-ends', 'permission-review']);
    PERFORM sec.permission_happened(i, 'permission.permitted', jsonb_build_object('version', v.number));
END $$;
-- Saying no to a version, or taking one's own back. What was approved before stays as it is.
CREATE FUNCTION sec.refuse_permission(permission uuid, version integer, because text) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.partners_integration; BEGIN
    SELECT * INTO i FROM public.partners_integration x
     WHERE x.id = permission AND me IN (x.grantor_id, x.grantee_id) FOR UPDATE;
    IF i.id IS NULL OR NOT sec.fresh() OR NOT sec.may_approve() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(because, '')) = '' THEN
        RAISE EXCEPTION 'a refusal says why' USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_integrationversion v
       SET refused_at = clock_timestamp(), refused_by_name = sec.my_name(), refused_for_id = me, refused_because = because
     WHERE v.integration_id = i.id AND v.number = version AND v.number = i.latest AND v.permitted_at IS NULL
       AND v.refused_at IS NULL AND i.ended_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this version waits for nobody (any more)' USING ERRCODE = '23514';
    END IF;
    PERFORM sec.permission_settled(i.id, NULL, ARRAY['permission-asked']);
    PERFORM sec.permission_happened(i, 'permission.refused', jsonb_build_object('version', version));
END $$;
-- Either side, alone and at once: a permission less is never less safe.
CREATE FUNCTION sec.end_permission(permission uuid, because text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.partners_integration; titled text; BEGIN
    SELECT * INTO i FROM public.partners_integration x
     WHERE x.id = permission AND me IN (x.grantor_id, x.grantee_id) FOR UPDATE;
    IF i.id IS NULL OR NOT sec.fresh() OR NOT sec.may_approve() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(because, '')) = '' THEN
        RAISE EXCEPTION 'say why it ends' USING ERRCODE = '23514';
    END IF;
    IF i.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'it was ended already' USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_integration x SET ended_at = clock_timestamp(), ended_by = sec.who(), ended_by_name = sec.my_name(),
           ended_for_id = me, ended_because = because WHERE x.id = i.id;
    SELECT v.name INTO titled FROM public.partners_integrationversion v
     WHERE v.integration_id = i.id AND v.number = coalesce(i.permitted, i.latest);
    PERFORM sec.permission_settled(i.id, NULL, ARRAY['permission-asked', 'permission-ends', 'permission-review']);
    PERFORM sec.permission_happened(i, 'permission.ended', '{{}}');
    PERFORM sec.raise_work(CASE WHEN me = i.grantor_id THEN i.grantee_id ELSE i.grantor_id END, 'permission',
        'permission-ended:' || i.id, format('%s has ended a permission: %s', (SELECT o.name FROM public.partners_organisation o
                                                                             WHERE o.id = me), titled),
        'Stop what relied on it. The way itself is open until both ends of the link say cut.',
        '/permissions/' || i.id || '/', i.id, NULL);
END $$;
"""

KEEPING = rf"""
-- Writes down that the last day is over; true for the first of the two sides whose chore comes by. By the chore's clock.
CREATE FUNCTION sec.lapse_permission(permission uuid, moment timestamptz, today date) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.partners_integration; BEGIN
    UPDATE public.partners_integration x SET lapsed_at = moment
      FROM public.partners_integrationversion v
     WHERE x.id = permission AND me IN (x.grantor_id, x.grantee_id) AND x.lapsed_at IS NULL AND x.ended_at IS NULL
       AND v.integration_id = x.id AND v.number = x.permitted AND v.expires_on < today
    RETURNING x.* INTO i;
    IF i.id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM sec.permission_happened(i, 'permission.lapsed', jsonb_build_object('version', i.permitted));
    RETURN true;
END $$;
-- Names of the systems that permissions of the caller name, and nothing else of them.
CREATE FUNCTION sec.permission_systems() RETURNS TABLE (id uuid, slug text, name text) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT DISTINCT s.id, s.slug, s.name FROM public.partners_integration i
      JOIN public.partners_integrationversion v ON v.integration_id = i.id
      JOIN public.partners_sharedsystem s ON s.id = ANY (v.system_ids || v.from_system_id)
     WHERE sec.me() IN (i.grantor_id, i.grantee_id)
$$;
-- For whoever runs a system: that others have a permission on it, with accounts and dates, and nothing more.
CREATE FUNCTION sec.permissions_on_my_systems() RETURNS TABLE (id uuid, grantor_id uuid, grantee_id uuid, name text,
    accounts text[], systems uuid[], starts_on date, expires_on date, permitted boolean, refused boolean, ended boolean)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT i.id, i.grantor_id, i.grantee_id, v.name, v.accounts,
           ARRAY(SELECT x FROM unnest(v.system_ids || v.from_system_id) x WHERE x = ANY (sec.systems_i_run())),
           v.starts_on, v.expires_on, v.permitted_at IS NOT NULL, v.refused_at IS NOT NULL, i.ended_at IS NOT NULL
      FROM public.partners_integration i
      JOIN public.partners_integrationversion v ON v.integration_id = i.id AND v.number = coalesce(i.permitted, i.latest)
     WHERE sec.me() NOT IN (i.grantor_id, i.grantee_id)
       AND (v.system_ids || v.from_system_id) && sec.systems_i_run()
     ORDER BY v.name, i.id
$$;
REVOKE ALL ON FUNCTION sec.account_pattern(text), sec.told_of_permission(jsonb),
    sec.permission_happened(public.partners_integration, text, jsonb), sec.stands_or_runs(uuid, uuid[]),
    sec.may_own_permission(uuid, uuid), sec.permission_settled(uuid, uuid, text[]),
    sec.propose_permission(uuid, integer, text, uuid, jsonb), sec.own_permission(uuid, integer, uuid),
    sec.permission_link(public.partners_integration, public.partners_integrationversion), sec.permit_integration(uuid),
    sec.refuse_permission(uuid, integer, text), sec.end_permission(uuid, text),
    sec.lapse_permission(uuid, timestamptz, date), sec.permission_systems(), sec.permissions_on_my_systems() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.propose_permission(uuid, integer, text, uuid, jsonb), sec.own_permission(uuid, integer, uuid),
    sec.permit_integration(uuid), sec.refuse_permission(uuid, integer, text), sec.end_permission(uuid, text),
    sec.permission_systems(), sec.permissions_on_my_systems() TO portal_app;
GRANT EXECUTE ON FUNCTION sec.lapse_permission(uuid, timestamptz, date) TO portal_worker;
"""
BACKWARD = """
DROP FUNCTION sec.permissions_on_my_systems(), sec.permission_systems(), sec.lapse_permission(uuid, timestamptz, date),
    sec.end_permission(uuid, text), sec.refuse_permission(uuid, integer, text), sec.permit_integration(uuid),
    sec.permission_link(public.partners_integration, public.partners_integrationversion),
    sec.own_permission(uuid, integer, uuid), sec.propose_permission(uuid, integer, text, uuid, jsonb),
    sec.permission_settled(uuid, uuid, text[]), sec.may_own_permission(uuid, uuid), sec.stands_or_runs(uuid, uuid[]),
    sec.permission_happened(public.partners_integration, text, jsonb), sec.told_of_permission(jsonb),
    sec.account_pattern(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0009_estate_records"),
    ]

    operations = [
        migrations.CreateModel(
            name="Integration",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("latest", models.PositiveIntegerField()),
                ("permitted", models.PositiveIntegerField(blank=True, null=True)),
                ("lapsed_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.UUIDField(blank=True, null=True)),
                ("ended_by_name", models.TextField(blank=True, default="")),
                ("ended_because", models.TextField(blank=True, default="")),
                (
                    "ended_for",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "grantee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "grantor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["made_at"],
            },
        ),
        migrations.CreateModel(
            name="IntegrationVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("name", models.TextField()),
                ("purpose", models.TextField()),
                (
                    "direction",
                    models.TextField(
                        choices=[
                            ("to_grantor", "Data goes to the organisation that permits"),
                            ("to_grantee", "Data goes to the organisation that is let in"),
                            ("both", "Data goes both ways"),
                        ]
                    ),
                ),
                (
                    "data_classes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(
                            choices=[
                                ("no_personal", "No personal data"),
                                ("personal", "Personal data"),
                                ("special_category", "Special category data, such as health"),
                                ("criminal_offence", "Criminal offence data"),
                                ("payment", "Payment and bank data"),
                                ("secrets", "Passwords, keys or backups that hold them"),
                            ]
                        ),
                        size=None,
                    ),
                ),
                ("accounts", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("resources", models.TextField(blank=True, default="")),
                (
                    "system_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("from_system_id", models.UUIDField(blank=True, null=True)),
                ("starts_on", models.DateField()),
                ("review_on", models.DateField()),
                ("expires_on", models.DateField()),
                ("grantor_owner_name", models.TextField(blank=True, default="")),
                ("grantee_owner_name", models.TextField(blank=True, default="")),
                ("complete_at", models.DateTimeField(blank=True, null=True)),
                ("kill_switch_name", models.TextField()),
                ("kill_switch_how", models.TextField()),
                (
                    "link_kind",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("identity_trust", "Directory trust"),
                            ("shared_administrators", "Shared administrators"),
                            ("replication", "Replication"),
                            ("network_route", "Network route"),
                            ("hosting", "Hosting"),
                            ("data_feed", "Data feed"),
                            ("unknown", "Kind not known yet"),
                        ],
                        default="",
                    ),
                ),
                ("proposed_at", models.DateTimeField()),
                ("proposed_by", models.UUIDField(blank=True, null=True)),
                ("proposed_by_name", models.TextField(blank=True, default="")),
                ("permitted_at", models.DateTimeField(blank=True, null=True)),
                ("grantor_approved_by", models.TextField(blank=True, default="")),
                ("grantee_approved_by", models.TextField(blank=True, default="")),
                ("refused_at", models.DateTimeField(blank=True, null=True)),
                ("refused_by_name", models.TextField(blank=True, default="")),
                ("refused_because", models.TextField(blank=True, default="")),
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
                    "grantee_owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "grantor_owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="partners.integration",
                    ),
                ),
                (
                    "proposed_for",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "refused_for",
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
                "ordering": ["number"],
            },
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.CheckConstraint(
                condition=models.Q(("grantor", models.F("grantee")), _negated=True),
                name="integration_two_organisations",
            ),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("permitted__isnull", True), ("permitted__lte", models.F("latest")), _connector="OR"
                ),
                name="integration_permitted",
            ),
        ),
        migrations.AddConstraint(
            model_name="integrationversion",
            constraint=models.UniqueConstraint(fields=("integration", "number"), name="integration_version_once"),
        ),
        migrations.AddConstraint(
            model_name="integrationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_on__lte", models.F("expires_on")), ("review_on__lte", models.F("expires_on"))
                ),
                name="integration_version_dates",
            ),
        ),
        migrations.AddConstraint(
            model_name="integrationversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("permitted_at__isnull", True),
                    models.Q(
                        ("refused_at__isnull", True),
                        models.Q(("grantor_approved_by", ""), _negated=True),
                        models.Q(("grantee_approved_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="integration_version_approved",
            ),
        ),
        migrations.RunSQL(NAMING + PROPOSING + PERMITTING + KEEPING, BACKWARD),
        protect("partners_integration", Allow(APP, "select", PARTY), Allow(WORKER, "select", PARTY)),
        protect("partners_integrationversion", Allow(APP, "select", OF_A_PARTY), Allow(WORKER, "select", OF_A_PARTY)),
        keep_history("partners_integration", "permission", "told_of_permission"),
    ]
