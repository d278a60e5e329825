"""Who may see the partnership: everybody its members by name; an organisation its own people, keys and contacts; a
system those who stand on it, own it or provide it. Sign-in tables belong to the door alone."""

from django.db import migrations

from portal.tenancy.policies import ME, MINE, Allow, everything, protect

APP, AUTH, WORKER = "portal_app", "portal_auth", "portal_worker"
OWN = f"organisation_id = {ME}"
ANYONE = f"{MINE} IS NOT NULL"

# Definer functions, not sub-selects: systems, participations and dependencies would otherwise ask one another in a circle.
FUNCTIONS = """
CREATE FUNCTION sec.my_systems() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT x.id), '{}') FROM (
        SELECT p.system_id AS id FROM public.partners_participation p WHERE p.organisation_id = sec.me()
        UNION ALL
        SELECT s.id FROM public.partners_sharedsystem s WHERE s.provider_id = sec.me() OR s.owner_id = sec.me()) x
$$;
CREATE FUNCTION sec.systems_i_run() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(s.id), '{}') FROM public.partners_sharedsystem s
     WHERE s.provider_id = sec.me() OR s.owner_id = sec.me()
$$;
-- Names of the systems next to mine and of those that my contact points ride on, and nothing else of them.
CREATE FUNCTION sec.neighbours() RETURNS TABLE (dependency_id uuid, system_id uuid, slug text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.id, s.id, s.slug, s.name FROM public.partners_dependency d
      JOIN public.partners_sharedsystem s ON s.id IN (d.source_id, d.target_id)
     WHERE d.source_id = ANY (sec.my_systems()) OR d.target_id = ANY (sec.my_systems())
    UNION
    SELECT NULL, s.id, s.slug, s.name FROM public.partners_contactpoint c
      JOIN public.partners_sharedsystem s ON s.id = c.rides_on_id
     WHERE c.organisation_id = sec.me()
$$;
CREATE FUNCTION sec.organisation_made() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO sec.org_state (org_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.my_systems(), sec.systems_i_run(), sec.neighbours(), sec.organisation_made() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_systems(), sec.systems_i_run(), sec.neighbours() TO portal_app, portal_worker;
CREATE TRIGGER organisation_made AFTER INSERT ON partners_organisation
    FOR EACH ROW EXECUTE FUNCTION sec.organisation_made();
"""
BACKWARD = """
DROP TRIGGER organisation_made ON partners_organisation;
DROP FUNCTION sec.organisation_made(), sec.neighbours(), sec.systems_i_run(), sec.my_systems();
"""
SYSTEM_IS_MINE = "id = ANY ((SELECT sec.my_systems())::uuid[])"
STAND_IS_MINE = f"{OWN} OR system_id = ANY ((SELECT sec.systems_i_run())::uuid[])"
EDGE_IS_MINE = (
    "source_id = ANY ((SELECT sec.my_systems())::uuid[]) OR target_id = ANY ((SELECT sec.my_systems())::uuid[])"
)


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("tenancy", "0001_tickets"),
        ("sessions", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunSQL(FUNCTIONS, BACKWARD),
        protect(
            "partners_organisation",
            Allow(APP, "select", ANYONE),
            Allow(WORKER, "select", ANYONE),
            Allow(AUTH, "select", "true"),
        ),
        protect(
            "partners_person",
            Allow(APP, "select", f"organisation_id = {MINE}"),
            Allow(WORKER, "select", OWN),
            Allow(AUTH, "select", "true"),
            Allow(AUTH, "update", "true", "true", columns=("last_login",)),
        ),
        protect(
            "partners_apikey",
            Allow(APP, "select", OWN),
            Allow(AUTH, "select", "true"),
            Allow(AUTH, "insert", "true"),
            Allow(AUTH, "update", "true", "true", columns=("last_used_at", "revoked_at")),
        ),
        protect("partners_apikeysecret", Allow(AUTH, "select", "true"), Allow(AUTH, "insert", "true")),
        protect("partners_credential", *everything(AUTH)),
        protect("partners_signinlink", *everything(AUTH)),
        protect("partners_sharedsystem", Allow(APP, "select", SYSTEM_IS_MINE), Allow(WORKER, "select", SYSTEM_IS_MINE)),
        protect("partners_participation", Allow(APP, "select", STAND_IS_MINE), Allow(WORKER, "select", STAND_IS_MINE)),
        protect("partners_dependency", Allow(APP, "select", EDGE_IS_MINE)),
        protect(
            "partners_contactpoint",
            Allow(APP, "select", OWN),
            Allow(WORKER, "select", OWN),
            Allow(WORKER, "update", OWN, OWN, columns=("trust", "trust_since", "trust_because")),
        ),
        protect("partners_dutydesk", Allow(APP, "select", OWN)),
        protect("django_session", *everything(AUTH)),
        protect("auth_group"),
        protect("auth_group_permissions"),
        # Names of Django's own models, the same for everybody: on the reviewed list of the catalogue gate.
        protect("django_content_type", Allow(AUTH, "select", "true")),
        protect("auth_permission", Allow(AUTH, "select", "true")),
    ]
