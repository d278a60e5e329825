"""Wall screens: who makes and ends one, how it is paired, and the one document that it may read.

A screen's ticket has the reach `display`: to every policy it is nobody, so that it reads no row of any table. What it
shows comes from `sec.wall()` alone, which holds no name of a person, no number, no meeting point, no note and no reason.
The incident's title is left out as well: it is free text, written in a hurry, and may name people. Titles of steps are
shown, because they come from a playbook that everybody agreed on beforehand.
"""

from django.db import migrations

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
SHOWN = (
    "id", "incident_id", "organisation_id", "label", "made_by", "made_at", "expires_at", "code_expires_at", "paired_at",
    "revoked_at",
)  # fmt: skip

MAKING = f"""
CREATE FUNCTION sec.display_happened(d public.incidents_walldisplay, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), d.organisation_id,
           CASE WHEN t.person_id IS NULL THEN 'system' ELSE 'person' END, t.person_id, i.id, i.reference, d.id,
           ARRAY[d.organisation_id], jsonb_build_object('display', d.id)
      FROM public.incidents_incident i LEFT JOIN sec.ticket() t ON true WHERE i.id = d.incident_id
$$;
CREATE FUNCTION sec.make_display(incident uuid, name text, code bytea) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); d public.incidents_walldisplay; BEGIN
    IF NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i
                    WHERE i.id = incident AND me = ANY (i.participants) AND i.status <> 'closed') THEN
        RAISE EXCEPTION 'not an open incident that you take part in' USING ERRCODE = '42501';
    END IF;
    IF btrim(name) = '' OR octet_length(code) <> 32 THEN
        RAISE EXCEPTION 'a screen needs a name' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_walldisplay (id, incident_id, organisation_id, label, made_by, made_at, expires_at,
        code_digest, code_expires_at)
    VALUES (gen_random_uuid(), incident, me, name, sec.who(), clock_timestamp(), clock_timestamp() + interval '7 days', code,
        clock_timestamp() + interval '10 minutes') RETURNING * INTO d;
    PERFORM sec.display_happened(d, 'display.made');
    RETURN d.id;
END $$;
CREATE FUNCTION sec.revoke_display(display uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d public.incidents_walldisplay; BEGIN
    IF NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    UPDATE public.incidents_walldisplay x SET revoked_at = coalesce(x.revoked_at, clock_timestamp()), code_digest = NULL
     WHERE x.id = display AND x.organisation_id = sec.me() RETURNING * INTO d;
    IF d.id IS NULL THEN
        RAISE EXCEPTION 'not a screen of yours' USING ERRCODE = '42501';
    END IF;
    UPDATE sec.grant_token g SET revoked_at = now() WHERE g.session_id = display AND g.revoked_at IS NULL;
    PERFORM sec.display_happened(d, 'display.revoked');
END $$;
-- For the door: spend a code. Nothing is answered for a wrong, a used and an old one alike.
CREATE FUNCTION sec.pair_display(code bytea) RETURNS TABLE (display uuid, incident uuid, org uuid, slug text, name text,
    seconds integer) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d public.incidents_walldisplay; BEGIN
    UPDATE public.incidents_walldisplay x SET code_digest = NULL, paired_at = clock_timestamp()
      FROM public.incidents_incident i, sec.org_state s
     WHERE x.code_digest = code AND x.code_expires_at > clock_timestamp() AND x.revoked_at IS NULL
       AND i.id = x.incident_id AND i.status <> 'closed' AND x.organisation_id = ANY (i.participants)
       AND s.org_id = x.organisation_id AND s.isolated_at IS NULL AND s.own_tasks_at IS NULL
    RETURNING x.* INTO d;
    IF d.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM sec.display_happened(d, 'display.paired');
    RETURN QUERY SELECT d.id, d.incident_id, d.organisation_id, o.slug, o.name,
                        extract(epoch FROM d.expires_at - clock_timestamp())::integer
                   FROM public.partners_organisation o WHERE o.id = d.organisation_id;
END $$;
-- A closed incident is on no wall.
CREATE FUNCTION sec.displays_end() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE sec.grant_token g SET revoked_at = now() FROM public.incidents_walldisplay d
     WHERE d.incident_id = NEW.id AND g.session_id = d.id AND g.revoked_at IS NULL;
    UPDATE public.incidents_walldisplay d SET revoked_at = clock_timestamp(), code_digest = NULL
     WHERE d.incident_id = NEW.id AND d.revoked_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER displays_end AFTER UPDATE OF status ON incidents_incident
    FOR EACH ROW WHEN (NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION sec.displays_end();
"""

SHOWING = f"""
-- Everything that a screen may read: one incident, as one document; NULL for every other ticket. Steps of organisations
-- only where the screen's own organisation oversees the incident; silence of others is a count otherwise.
CREATE FUNCTION sec.wall() RETURNS jsonb LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE t record; i public.incidents_incident; oversees boolean; BEGIN
    SELECT * INTO t FROM sec.ticket();
    IF t.reach IS DISTINCT FROM 'display' OR NOT EXISTS (
           SELECT 1 FROM public.incidents_walldisplay d JOIN sec.org_state s ON s.org_id = d.organisation_id
            WHERE d.id = t.session_id AND d.incident_id = t.incident_id AND d.organisation_id = t.org_id
              AND d.revoked_at IS NULL AND d.expires_at > clock_timestamp() AND s.own_tasks_at IS NULL) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = t.incident_id;
    IF i.status = 'closed' OR NOT t.org_id = ANY (i.participants) THEN
        RETURN NULL;
    END IF;
    oversees := t.org_id = ANY (i.overseers);
    RETURN jsonb_build_object(
        'reference', i.reference, 'exercise', i.exercise, 'status', i.status, 'opened_at', i.opened_at,
        'next_update_at', i.next_update_at, 'now', clock_timestamp(), 'oversees', oversees,
        'silent', (SELECT count(*) FROM public.incidents_participant p
                    WHERE p.incident_id = i.id AND p.acknowledged_at IS NULL AND p.tasks_total > 0),
        'people_told', CASE WHEN oversees THEN
            (SELECT coalesce(sum(p.people_told), 0) FROM public.incidents_participant p WHERE p.incident_id = i.id) END,
        'steps', CASE WHEN oversees THEN
            (SELECT coalesce(jsonb_agg(jsonb_build_object('position', s.position, 'title',
                        coalesce(nullif(s.short_title, ''), s.title)) ORDER BY s.position), '[]')
               FROM public.incidents_step s WHERE s.playbook_id = i.playbook_id
                AND EXISTS (SELECT 1 FROM public.incidents_task x WHERE x.incident_id = i.id AND x.step_id = s.id)) END,
        'organisations', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', n.name, 'role', n.role, 'word', n.word,
                'own', n.organisation_id = t.org_id,
                'told', CASE WHEN oversees THEN p.told_at IS NOT NULL END,
                'seen', CASE WHEN oversees THEN p.seen_at IS NOT NULL END,
                'answered', CASE WHEN oversees THEN p.acknowledged_at IS NOT NULL OR p.tasks_total = 0 END,
                'tasks', CASE WHEN oversees THEN
                    (SELECT coalesce(jsonb_object_agg(x.position, jsonb_build_object('status', x.status,
                            'acknowledge_by', x.acknowledge_by, 'finish_by', x.finish_by)), '{{}}')
                       FROM public.incidents_task x WHERE x.incident_id = i.id AND x.organisation_id = n.organisation_id)
                    END) ORDER BY n.role <> 'lead', n.name), '[]')
              FROM public.incidents_standing n JOIN public.incidents_participant p
                ON p.incident_id = n.incident_id AND p.organisation_id = n.organisation_id
             WHERE n.incident_id = i.id));
END $$;
REVOKE ALL ON FUNCTION sec.display_happened(public.incidents_walldisplay, text), sec.make_display(uuid, text, bytea),
    sec.revoke_display(uuid), sec.pair_display(bytea), sec.displays_end(), sec.wall() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.make_display(uuid, text, bytea), sec.revoke_display(uuid), sec.wall() TO portal_app;
GRANT EXECUTE ON FUNCTION sec.pair_display(bytea) TO portal_auth;
"""

BACKWARD = """
DROP FUNCTION sec.wall();
DROP TRIGGER displays_end ON incidents_incident;
DROP FUNCTION sec.displays_end(), sec.pair_display(bytea), sec.revoke_display(uuid), sec.make_display(uuid, text, bytea),
    sec.display_happened(public.incidents_walldisplay, text);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0009_wall_display"), ("incidents", "0008_hand_over_security")]
    operations = [
        migrations.RunSQL(MAKING + SHOWING, BACKWARD),
        protect(
            "incidents_walldisplay",
            Allow(
                APP,
                "select",
                f"organisation_id = {ME} AND EXISTS (SELECT 1 FROM incidents_incident i"
                " WHERE i.id = incidents_walldisplay.incident_id)",
                columns=SHOWN,
            ),
        ),
    ]
