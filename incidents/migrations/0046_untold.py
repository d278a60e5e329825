"""Organisations in reach that the lead leaves untold, with a reason; and those outside of reach, which take part when
they accept it or a second organisation approves.

A trigger on participants holds both: no path of ours lets somebody in past it.
"""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OF_INCIDENT = "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {0}.incident_id AND {1})"
# Not by itself, also once it takes part: that it was left out first is between those who lead.
UNTOLD_SEEN = f"organisation_id <> {ME} AND " + OF_INCIDENT.format("incidents_untold", f"{ME} = ANY (i.overseers)")
UNTOLD_LED = f"organisation_id <> {ME} AND " + OF_INCIDENT.format("incidents_untold", f"i.lead_id = {ME}")
OUTSIDE_SEEN = OF_INCIDENT.format("incidents_outside", f"{ME} = ANY (i.overseers)")

LETTING_IN = f"""
-- Everybody who joins is the lead, is in the newest radius, was agreed to from outside, or was left untold first and
-- told since, also when its path has ended by then; and is not left untold.
CREATE FUNCTION sec.sides_belong() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE touched uuid; reached jsonb; BEGIN
    IF EXISTS (SELECT 1 FROM joined j JOIN public.incidents_untold u
                   ON u.incident_id = j.incident_id AND u.organisation_id = j.organisation_id AND u.told_at IS NULL) THEN
        RAISE EXCEPTION 'this organisation is left untold: tell it first' USING ERRCODE = '42501';
    END IF;
    FOR touched IN SELECT DISTINCT j.incident_id FROM joined j LOOP
        reached := sec.current_radius(touched) -> 'organisations';
        IF jsonb_typeof(reached) IS DISTINCT FROM 'array' THEN
            reached := '[]';  -- before there is a radius nobody but the lead takes part
        END IF;
        IF EXISTS (
                SELECT 1 FROM joined j JOIN public.incidents_incident i ON i.id = j.incident_id
                 WHERE j.incident_id = touched AND j.organisation_id <> i.lead_id
                   AND j.organisation_id::text NOT IN (SELECT o ->> 'id' FROM jsonb_array_elements(reached) o
                                                        WHERE o ? 'id')
                   AND NOT EXISTS (SELECT 1 FROM public.incidents_outside a
                                    WHERE a.incident_id = touched AND a.organisation_id = j.organisation_id)
                   AND NOT EXISTS (SELECT 1 FROM public.incidents_untold u WHERE u.incident_id = touched
                                      AND u.organisation_id = j.organisation_id AND u.told_at IS NOT NULL)) THEN
            RAISE EXCEPTION 'no path reaches it: it must accept, or a second organisation approve' USING ERRCODE = '42501';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER sides_belong AFTER INSERT ON incidents_participant
    REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION sec.sides_belong();

-- Left untold is said at the opening, of who is in reach; later it would be a way in past the second organisation.
CREATE FUNCTION sec.untold_at_opening() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM kept k
                WHERE EXISTS (SELECT 1 FROM public.incidents_participant p WHERE p.incident_id = k.incident_id)
                   OR NOT EXISTS (SELECT 1 FROM public.incidents_radius r WHERE r.incident_id = k.incident_id
                                     AND r.document -> 'organisations'
                                         @> jsonb_build_array(jsonb_build_object('id', k.organisation_id::text)))) THEN
        RAISE EXCEPTION 'whoever is in reach is left untold at the opening, and not later' USING ERRCODE = '42501';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER untold_at_opening AFTER INSERT ON incidents_untold
    REFERENCING NEW TABLE AS kept FOR EACH STATEMENT EXECUTE FUNCTION sec.untold_at_opening();

-- What must be true is asked when somebody asks, so that nobody is asked in vain, and again by the act.
CREATE FUNCTION sec.outside_asked() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; BEGIN
    NEW.two_organisations := true;
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = (NEW.payload ->> 'incident')::uuid
       AND x.lead_id = NEW.requesting_organisation_id AND x.status NOT IN ('suspected', 'closed');
    IF i.id IS NULL OR NEW.about_id IS NULL OR NEW.about_id = i.lead_id OR NEW.about_id = ANY (i.participants)
       OR cardinality(NEW.audience) < 2 OR NOT NEW.audience <@ (i.overseers || NEW.about_id)
       OR EXISTS (SELECT 1 FROM public.incidents_untold u WHERE u.incident_id = i.id AND u.organisation_id = NEW.about_id
                     AND u.told_at IS NULL)
       OR (NEW.payload ->> 'organisation', NEW.payload ->> 'reference', NEW.payload ->> 'because', NEW.payload ->> 'name',
           NEW.payload ->> 'lead')
          IS DISTINCT FROM (NEW.about_id::text, i.reference, NEW.reason,
                            (SELECT o.name FROM public.partners_organisation o WHERE o.id = NEW.about_id),
                            (SELECT o.name FROM public.partners_organisation o WHERE o.id = i.lead_id)) THEN
        RAISE EXCEPTION 'the lead of an open incident asks for this, about somebody whom no path reaches'
            USING ERRCODE = '42501';
    END IF;
    -- Two at once: the second one sees what the first has written.
    PERFORM pg_advisory_xact_lock(hashtextextended('outside ' || i.id || NEW.about_id, 0));
    IF EXISTS (SELECT 1 FROM public.partners_approval a WHERE a.kind = 'let_outside_in' AND a.about_id = NEW.about_id
                  AND a.payload ->> 'incident' = i.id::text AND a.state = 'waiting' AND a.expires_at > clock_timestamp())
       OR EXISTS (SELECT 1 FROM public.incidents_outside o
                   WHERE o.incident_id = i.id AND o.organisation_id = NEW.about_id) THEN
        RAISE EXCEPTION 'this was asked already' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outside_asked BEFORE INSERT ON partners_approval FOR EACH ROW
    WHEN (NEW.kind = 'let_outside_in') EXECUTE FUNCTION sec.outside_asked();

-- Spend the approval; the lead's own job lets the organisation in soon after.
CREATE FUNCTION sec.let_outside_in(approval uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_approval := sec.carry_out(approval, 'let_outside_in'); i public.incidents_incident; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = (a.payload ->> 'incident')::uuid
       AND x.lead_id = a.requesting_organisation_id AND x.status <> 'closed' FOR NO KEY UPDATE;
    IF i.id IS NULL OR a.deciding_organisation_id = a.requesting_organisation_id
       OR NOT a.deciding_organisation_id = ANY (i.overseers || a.about_id) THEN
        RAISE EXCEPTION 'the incident is closed, or somebody else leads it by now' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_outside (id, incident_id, organisation_id, because, agreed_by_id, at)
    VALUES (gen_random_uuid(), i.id, a.about_id, a.reason, a.deciding_organisation_id, clock_timestamp())
    ON CONFLICT (incident_id, organisation_id) DO NOTHING;
    INSERT INTO public.incidents_rewalk (id, incident_id, what, organisation_id, at)
    VALUES (gen_random_uuid(), i.id, 'sides', a.deciding_organisation_id, clock_timestamp());
END $$;
REVOKE ALL ON FUNCTION sec.sides_belong(), sec.untold_at_opening(), sec.outside_asked(), sec.let_outside_in(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.let_outside_in(uuid) TO portal_app;
"""
BACKWARD = """
DROP TRIGGER outside_asked ON partners_approval; DROP TRIGGER sides_belong ON incidents_participant;
DROP TRIGGER untold_at_opening ON incidents_untold;
DROP FUNCTION sec.let_outside_in(uuid), sec.outside_asked(), sec.sides_belong(), sec.untold_at_opening();
"""

# A word to members outside is no word to whoever is left untold.
HEADS_UP_BEFORE = import_module("incidents.migrations.0018_heads_up").SENDING
HEADS_UP_BEFORE = "".join(
    f"CREATE OR REPLACE FUNCTION sec.{each}" for each in HEADS_UP_BEFORE.split("CREATE FUNCTION sec.")[1:4:2]
)
HEADS_UP = HEADS_UP_BEFORE.replace(
    "NOT o.id = ANY (i.participants)",
    "NOT o.id = ANY (i.participants) AND NOT EXISTS (SELECT 1 FROM public.incidents_untold u"
    " WHERE u.incident_id = i.id AND u.organisation_id = o.id AND u.told_at IS NULL)",
)

MOVES = import_module("incidents.migrations.0013_radius_moves")


def _kept(sql, name):
    """One function of an earlier migration, as CREATE OR REPLACE."""
    start = sql.index(f"CREATE FUNCTION sec.{name}(")
    return sql[start : sql.index("$$;", start) + 4].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


# Of an incident that is kept from somebody, whoever does not take part must not read that the register is walked. A walk
# that passes for somebody's what-if would not do: those come from people alone, and not just after a cut is confirmed.
READ_BEFORE = _kept(MOVES.WALKING, "wide_read")
WALK_BEFORE = _kept(MOVES.WALKING, "edges_of_incident")
PREVIEW_BEFORE = _kept(import_module("incidents.migrations.0044_planned_cuts").REACHING, "cut_preview")
READING = (
    f"""
CREATE FUNCTION sec.read_shown(walked uuid[], reason text, readers uuid[], about uuid) RETURNS void
{READ_BEFORE[READ_BEFORE.index("LANGUAGE sql") :]}
CREATE OR REPLACE FUNCTION sec.wide_read(walked uuid[], reason text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    SELECT sec.read_shown(walked, reason, NULL, NULL)
$$;
CREATE FUNCTION sec.is_kept_from_somebody(i public.incidents_incident) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT i.status = 'suspected' OR EXISTS (SELECT 1 FROM public.incidents_untold u
                                              WHERE u.incident_id = i.id AND u.told_at IS NULL)
$$;
CREATE FUNCTION sec.read_of_incident(incident uuid, walked uuid[], reason text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    SELECT sec.read_shown(walked, reason, CASE WHEN sec.is_kept_from_somebody(i) THEN i.participants END, NULL)
      FROM public.incidents_incident i WHERE i.id = incident
$$;
{WALK_BEFORE.replace("sec.wide_read(", "sec.read_of_incident(incident, ")}
{PREVIEW_BEFORE.replace("sec.wide_read(", "sec.read_of_incident(incident, ")}
-- Before such an incident is written nobody takes part: the caller alone is told now, the others by `opening_read`. At
-- the commit the incident must be there, else this would be a way to read the register unseen.
CREATE FUNCTION sec.edges_quietly(starts uuid[], incident uuid) RETURNS jsonb LANGUAGE plpgsql {DEFINER} AS $$
DECLARE walked uuid[]; BEGIN
    IF sec.me() IS NULL OR incident IS NULL OR (starts <@ sec.my_systems()) IS NOT TRUE
       OR EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = incident) THEN
        RAISE EXCEPTION 'a start that is not yours, or an incident that is open already' USING ERRCODE = '42501';
    END IF;
    walked := sec.walked_from(starts);
    PERFORM sec.read_shown(walked, 'opening', ARRAY[sec.me()], incident);
    RETURN sec.estate_of(walked);
END $$;
CREATE FUNCTION sec.quiet_read_held() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = NEW.subject_id
                      AND i.lead_id = NEW.actor_organisation_id AND sec.is_kept_from_somebody(i)) THEN
        RAISE EXCEPTION 'the register is read quietly to open an incident that is kept from somebody'
            USING ERRCODE = '42501';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER quiet_read_held AFTER INSERT ON ledger_event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind = 'estate.read' AND NEW.subject_id IS NOT NULL) EXECUTE FUNCTION sec.quiet_read_held();
CREATE FUNCTION sec.opening_read(incident uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me();
    IF i.id IS NULL OR NOT sec.is_kept_from_somebody(i) THEN
        RAISE EXCEPTION 'the lead says this, of an incident that is kept from somebody' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.read_shown(sec.incident_walk(incident), 'opening', array_remove(i.participants, i.lead_id), NULL);
END $$;
REVOKE ALL ON FUNCTION sec.read_shown(uuid[], text, uuid[], uuid), sec.is_kept_from_somebody(public.incidents_incident),
    sec.read_of_incident(uuid, uuid[], text), sec.edges_quietly(uuid[], uuid), sec.quiet_read_held(),
    sec.opening_read(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.edges_quietly(uuid[], uuid), sec.opening_read(uuid) TO {APP};
""".replace(
        "incident_reference,\n                                     audience, data)",
        "incident_reference,\n                                     subject_id, audience, data)",
    )
    .replace("t.person_id, '',\n           ARRAY[shown.org]", "t.person_id, '',\n           about, ARRAY[shown.org]")
    .replace(
        "AND r.org IS NOT NULL) shown",
        "AND r.org IS NOT NULL) shown\n     WHERE readers IS NULL OR shown.org = ANY (readers)",
    )
)
READING_BACK = f"""
DROP TRIGGER quiet_read_held ON ledger_event;
{READ_BEFORE}{WALK_BEFORE}{PREVIEW_BEFORE}
DROP FUNCTION sec.opening_read(uuid), sec.quiet_read_held(), sec.edges_quietly(uuid[], uuid),
    sec.read_of_incident(uuid, uuid[], text), sec.is_kept_from_somebody(public.incidents_incident),
    sec.read_shown(uuid[], text, uuid[], uuid);
"""

# A link that is named becomes work of whoever runs an end, and a line in its history: a notice like any other.
NAME_BEFORE = _kept(MOVES.NAMING, "name_link")
DECIDE_BEFORE = _kept(MOVES.NAMING, "decide_link")
NAMING = (
    f"""
CREATE FUNCTION sec.no_untold_end(incident uuid, ends uuid[], organisation uuid) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM public.incidents_untold u WHERE u.incident_id = incident AND u.told_at IS NULL
                  AND (u.organisation_id = organisation
                       OR u.organisation_id IN (SELECT unnest(sec.speakers(e)) FROM unnest(ends) e))) THEN
        RAISE EXCEPTION 'whoever runs an end of this link is left untold and would read of it: tell it first'
            USING ERRCODE = '23514';
    END IF;
END $$;
REVOKE ALL ON FUNCTION sec.no_untold_end(uuid, uuid[], uuid) FROM PUBLIC;
"""
    + NAME_BEFORE.replace(
        "    INSERT INTO public.incidents_linkclaim",
        "    PERFORM sec.no_untold_end(incident, CASE WHEN kind = 'system' THEN ARRAY[source, target] ELSE ARRAY[source] END,\n"
        "        CASE WHEN kind = 'organisation' THEN target END);\n    INSERT INTO public.incidents_linkclaim",
    )
    + DECIDE_BEFORE.replace(
        "    UPDATE public.incidents_linkclaim x",
        "    IF counts THEN\n"
        "        PERFORM sec.no_untold_end(c.incident_id, ARRAY[c.from_system_id], c.to_organisation_id);\n"
        "    END IF;\n    UPDATE public.incidents_linkclaim x",
    )
)
NAMING_BACK = NAME_BEFORE + DECIDE_BEFORE + "DROP FUNCTION sec.no_untold_end(uuid, uuid[], uuid);"


def _row(name, fields, options):
    key = ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False))
    return migrations.CreateModel(name=name, fields=[key, *fields], options=options)


def _to(name, where, on_delete=django.db.models.deletion.PROTECT, **more):
    return (name, models.ForeignKey(on_delete=on_delete, to=where, **more))


class Migration(migrations.Migration):
    dependencies = [("incidents", "0045_own_books")]
    operations = [
        _row(
            "Untold",
            [
                ("slug", models.TextField()),
                ("name", models.TextField()),
                ("exposure", models.TextField()),
                ("distance", models.PositiveSmallIntegerField(null=True)),
                ("path", models.TextField()),
                ("because", models.TextField()),
                ("at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                _to("incident", "incidents.incident", django.db.models.deletion.CASCADE, db_index=False,
                    related_name="untold"),
                _to("organisation", "partners.organisation", related_name="+"),
            ],
            {
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "organisation"), name="untold_once"),
                    models.CheckConstraint(condition=models.Q(("because__regex", r"\S")), name="untold_says_why"),
                ],
            },
        ),
        _row(
            "Outside",
            [
                ("because", models.TextField()),
                ("at", models.DateTimeField()),
                _to("incident", "incidents.incident", django.db.models.deletion.CASCADE, db_index=False,
                    related_name="+"),
                _to("organisation", "partners.organisation", related_name="+"),
                _to("agreed_by", "partners.organisation", db_index=False, related_name="+"),
            ],
            {
                "ordering": ["at"],
                "constraints": [models.UniqueConstraint(fields=("incident", "organisation"), name="outside_once")],
            },
        ),
        migrations.RunSQL(LETTING_IN, BACKWARD),
        protect(
            "incidents_untold",
            Allow(APP, "select", UNTOLD_SEEN),
            Allow(APP, "insert", f"{UNTOLD_LED} AND told_at IS NULL AND length(because) <= 500"),
            Allow(APP, "update", f"{UNTOLD_LED} AND told_at IS NULL", UNTOLD_LED, columns=("told_at",)),
            Allow(WORKER, "select", UNTOLD_SEEN),
        ),
        protect("incidents_outside", Allow(APP, "select", OUTSIDE_SEEN), Allow(WORKER, "select", OUTSIDE_SEEN)),
        migrations.RunSQL(HEADS_UP, HEADS_UP_BEFORE),
        migrations.RunSQL(READING, READING_BACK),
        migrations.RunSQL(NAMING, NAMING_BACK),
    ]  # fmt: skip
