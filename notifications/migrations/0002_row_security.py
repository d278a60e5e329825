"""Who may see a message to a person: its organisation, and lead, deputy lead and provider its facts (state, way, times).
The address stands in the contact point, which stays at home; the code goes out with the message and is read by nobody.

The worker claims and settles rows of every organisation by columns that hold nothing of substance. What it must send it
gets from `sec.claimed()`, for the rows that it holds.
"""

from django.db import migrations

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

PLANNED = (
    "id", "event_id", "organisation_id", "incident_id", "kind", "subject_id", "state", "due_at", "attempts", "claimed_by",
    "claimed_until",
)  # fmt: skip
PLANNING_MOVES = ("state", "due_at", "attempts", "claimed_by", "claimed_until")
FACTS = (
    "id", "organisation_id", "incident_id", "incident_reference", "exercise", "contact_point_id", "person_id", "way",
    "message", "state", "created_at", "due_at", "attempts", "transport", "error", "accepted_at", "delivered_at",
    "answered_at",
)  # fmt: skip
QUEUE = (
    "id", "organisation_id", "incident_id", "contact_point_id", "person_id", "way", "message", "state", "created_at",
    "due_at", "attempts", "claimed_by", "claimed_until", "accepted_at", "delivered_at",
)  # fmt: skip
NEW = (
    "id", "organisation_id", "incident_id", "incident_reference", "exercise", "event_id", "contact_point_id", "person_id",
    "way", "message", "code", "idempotency_key", "state", "error", "created_at",
    "due_at",
)  # fmt: skip
DELIVERY_MOVES = (
    "state", "due_at", "attempts", "claimed_by", "claimed_until", "transport", "provider_ref", "error", "accepted_at",
    "delivered_at", "answered_at",
)  # fmt: skip


def incident(condition: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = notifications_delivery.incident_id AND ({condition}))"
    )


SIDE = incident(f"notifications_delivery.organisation_id = {ME} OR {ME} = ANY (i.overseers)")
OWN_PEOPLE = (
    f"organisation_id = {ME} AND state IN ('pending', 'skipped') AND {incident(f'{ME} = ANY (i.participants)')}"
    " AND EXISTS (SELECT 1 FROM partners_contactpoint c WHERE c.id = notifications_delivery.contact_point_id"
    f" AND c.organisation_id = {ME} AND c.person_id IS NOT DISTINCT FROM notifications_delivery.person_id)"
)

# Which events people are told of, and whom each concerns: everybody in its audience, or the organisation it names.
# `notifications/kinds.py` says the same to Python; a test compares them.
PLANNING = f"""
CREATE FUNCTION sec.told_of(kind text, data jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE kind WHEN 'tasks.assigned' THEN 'named' WHEN 'incident.widened' THEN 'everybody'
                     WHEN 'incident.moved' THEN CASE WHEN data ->> 'was' = 'suspected' THEN 'everybody' END
                     WHEN 'incident.closed' THEN 'everybody' WHEN 'delivery.dead' THEN 'named' END
$$;
CREATE FUNCTION sec.planning_wanted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.notifications_planning (id, event_id, organisation_id, incident_id, kind, subject_id)
    SELECT gen_random_uuid(), e.id, n.organisation_id, e.incident_id, e.kind, e.subject_id
      FROM added n JOIN public.ledger_event e ON e.id = n.event_id
     WHERE e.incident_id IS NOT NULL AND CASE sec.told_of(e.kind, e.data) WHEN 'everybody' THEN true
           WHEN 'named' THEN EXISTS (SELECT 1 FROM public.partners_organisation o
                                      WHERE o.id = n.organisation_id AND o.slug = e.data ->> 'organisation')
           ELSE false END
    ON CONFLICT (event_id, organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER planning_wanted AFTER INSERT ON ledger_streamentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sec.planning_wanted();
"""

MOVES = """
CREATE FUNCTION sec.delivery_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.state <> OLD.state OR NEW.attempts <> OLD.attempts) AND NOT (NEW.state = ANY (CASE OLD.state
            WHEN 'pending' THEN ARRAY['claimed','superseded']
            WHEN 'claimed' THEN ARRAY['claimed','accepted','pending','dead','superseded']
            WHEN 'accepted' THEN ARRAY['delivered','answered','dead']
            WHEN 'delivered' THEN ARRAY['answered']
            WHEN 'dead' THEN ARRAY['pending']
            ELSE ARRAY[]::text[] END)) THEN
        RAISE EXCEPTION 'no arrow from % to %', OLD.state, NEW.state USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_moves BEFORE UPDATE OF state, attempts ON notifications_delivery
    FOR EACH ROW EXECUTE FUNCTION sec.delivery_moves();
"""

ENTERING = f"""
-- A worker enters an organisation for a row that it has claimed, and for nothing else. A claim whose time has run out
-- still counts until somebody else takes the row: what was sent meanwhile must not be sent again.
CREATE FUNCTION sec.enter_planning(planning uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT p.organisation_id INTO org FROM public.notifications_planning p
     WHERE p.id = planning AND p.state = 'claimed' AND p.claimed_by = worker AND worker <> '';
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this planning' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
CREATE FUNCTION sec.enter_delivery(delivery uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT d.organisation_id INTO org FROM public.notifications_delivery d
     WHERE d.id = delivery AND d.state = 'claimed' AND d.claimed_by = worker AND worker <> '';
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this delivery' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
-- All that a worker needs to send what it holds. A way that is no longer trusted comes back with `usable` false: only a
-- stand-down still goes out on it, because it goes to whoever was told, the same way.
CREATE FUNCTION sec.claimed(worker text) RETURNS TABLE (id uuid, organisation_id uuid, incident_id uuid, attempts integer,
    message text, way text, address text, reference text, exercise boolean, code text, usable boolean)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, d.organisation_id, d.incident_id, d.attempts, d.message, d.way, c.address, d.incident_reference,
           d.exercise, d.code,
           c.is_active AND coalesce(p.is_active, true) AND (c.trust = 'trusted' OR d.message = 'stood_down')
      FROM public.notifications_delivery d
      JOIN public.partners_contactpoint c ON c.id = d.contact_point_id
      LEFT JOIN public.partners_person p ON p.id = d.person_id
     WHERE d.claimed_by = worker AND worker <> '' AND d.state = 'claimed' AND d.claimed_until > clock_timestamp()
     ORDER BY d.created_at, d.id
$$;
-- Which of the caller's own contact points ride on a system that an open incident of theirs can reach.
CREATE FUNCTION sec.reached_contact_points() RETURNS TABLE (contact_point_id uuid, incident_id uuid,
    incident_reference text, exercise boolean, system_name text)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, i.id, i.reference, i.exercise, coalesce(nullif(s.spoken, ''), s.name)
      FROM (SELECT sec.me() AS me) m
      JOIN public.partners_contactpoint c ON c.organisation_id = m.me
      JOIN public.partners_sharedsystem s ON s.id = c.rides_on_id
      JOIN public.incidents_incident i ON m.me = ANY (i.participants) AND i.status <> 'closed'
      JOIN public.incidents_radius r ON r.incident_id = i.id AND r.document -> 'reached_systems' ? s.id::text
     ORDER BY i.opened_at
$$;
REVOKE ALL ON FUNCTION sec.told_of(text, jsonb), sec.planning_wanted(), sec.delivery_moves(), sec.enter_planning(uuid, text),
    sec.enter_delivery(uuid, text), sec.claimed(text), sec.reached_contact_points() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.enter_planning(uuid, text), sec.enter_delivery(uuid, text), sec.claimed(text),
    sec.reached_contact_points() TO portal_worker;
"""

BACKWARD = """
DROP FUNCTION sec.reached_contact_points(), sec.claimed(text), sec.enter_delivery(uuid, text),
    sec.enter_planning(uuid, text);
DROP TRIGGER delivery_moves ON notifications_delivery;
DROP FUNCTION sec.delivery_moves();
DROP TRIGGER planning_wanted ON ledger_streamentry;
DROP FUNCTION sec.planning_wanted(), sec.told_of(text, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("incidents", "0003_triggers"), ("ledger", "0002_seal")]
    operations = [
        migrations.RunSQL(PLANNING + MOVES + ENTERING, BACKWARD),
        protect(
            "notifications_planning",
            Allow(WORKER, "select", "true", columns=PLANNED),
            Allow(WORKER, "update", "true", "true", columns=PLANNING_MOVES),
        ),
        protect(
            "notifications_delivery",
            Allow(APP, "select", SIDE, columns=FACTS),
            Allow(WORKER, "select", "true", columns=QUEUE),
            Allow(WORKER, "insert", OWN_PEOPLE, columns=NEW),
            Allow(WORKER, "update", "true", "true", columns=DELIVERY_MOVES),
        ),
    ]
