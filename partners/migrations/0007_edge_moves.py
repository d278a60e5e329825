"""What both ends of a link say of it: cut, checked, connected again. Functions hold the arrows and write the rows; who
speaks for an end is whoever owns or provides its system, as its ticket says."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
# Whoever runs one of the two ends reads what both have said; who merely stands on a system sees whether it is cut.
RUNS_AN_END = (
    "EXISTS (SELECT 1 FROM partners_dependency d WHERE d.id = partners_edgemove.dependency_id"
    " AND (d.source_id = ANY ((SELECT sec.systems_i_run())::uuid[])"
    " OR d.target_id = ANY ((SELECT sec.systems_i_run())::uuid[])))"
)

MOVING = f"""
CREATE FUNCTION sec.runners(system uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT array_remove(ARRAY[s.owner_id, s.provider_id], NULL) FROM public.partners_sharedsystem s WHERE s.id = system
$$;
-- The names of both ends and of who speaks for each, for whoever may see the link.
CREATE FUNCTION sec.edge_ends(dependency uuid) RETURNS TABLE (which text, system text, organisations text[], mine boolean)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT e.which, s.name, ARRAY(SELECT o.name FROM public.partners_organisation o
                                   WHERE o.id = ANY (sec.runners(s.id)) ORDER BY o.name),
           sec.me() = ANY (sec.runners(s.id))
      FROM public.partners_dependency d
      CROSS JOIN LATERAL (VALUES ('source', d.source_id), ('target', d.target_id)) e(which, system_id)
      JOIN public.partners_sharedsystem s ON s.id = e.system_id
     WHERE d.id = dependency AND (d.source_id = ANY (sec.my_systems()) OR d.target_id = ANY (sec.my_systems()))
$$;
-- What an end said last in this round, or when it said so of one kind; nothing of a round that is over.
CREATE FUNCTION sec.edge_last(edge uuid, which text, kind text) RETURNS public.partners_edgemove LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.* FROM public.partners_edgemove m
     WHERE m.dependency_id = edge AND (which IS NULL OR m.at_end = which) AND (kind IS NULL OR m.what = kind)
       AND m.at > coalesce((SELECT max(r.at) FROM public.partners_edgemove r
                             WHERE r.dependency_id = edge AND r.what = 'reconnected'), '-infinity')
     ORDER BY m.at DESC LIMIT 1
$$;
CREATE FUNCTION sec.edge_moved(d public.partners_dependency, which text, kind text, words text, vouched text)
RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.partners_edgemove (id, dependency_id, at_end, what, text, vouched_by, pressed_by, organisation_id, at)
    VALUES (gen_random_uuid(), d.id, which, kind, words, vouched, sec.who(), sec.me(), clock_timestamp());
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    VALUES (gen_random_uuid(), 'link.' || kind, clock_timestamp(), sec.me(), 'person', sec.who(), '', d.id,
            ARRAY(SELECT DISTINCT x FROM unnest(sec.runners(d.source_id) || sec.runners(d.target_id)) x),
            jsonb_build_object('link', d.id, 'end', which,
                'source', (SELECT s.slug FROM public.partners_sharedsystem s WHERE s.id = d.source_id),
                'target', (SELECT s.slug FROM public.partners_sharedsystem s WHERE s.id = d.target_id)));
END $$;
-- The arrows. Each end: (nothing) -> cut -> assured -> agreed; cut again takes the rest back. Connected again when both
-- agree, each by its own organisation, at most seven days after both were checked, and after the last cut.
CREATE FUNCTION sec.move_edge(edge uuid, which text, act text, words text, vouched text) RETURNS text
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); d public.partners_dependency; here uuid[]; there uuid[]; other text;
        mine public.partners_edgemove; theirs public.partners_edgemove; checked timestamptz; BEGIN
    other := CASE which WHEN 'source' THEN 'target' WHEN 'target' THEN 'source' END;
    SELECT * INTO d FROM public.partners_dependency x WHERE x.id = edge;
    here := sec.runners(CASE which WHEN 'source' THEN d.source_id ELSE d.target_id END);
    there := sec.runners(CASE which WHEN 'source' THEN d.target_id ELSE d.source_id END);
    IF other IS NULL OR d.id IS NULL OR me IS NULL OR NOT me = ANY (here) THEN
        RAISE EXCEPTION 'only whoever runs this end speaks for it' USING ERRCODE = '42501';
    END IF;
    IF NOT sec.fresh() OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO d FROM public.partners_dependency x WHERE x.id = edge FOR UPDATE;
    mine := sec.edge_last(edge, which, NULL);
    theirs := sec.edge_last(edge, other, NULL);
    IF act = 'cut' THEN
        IF btrim(words) = '' THEN
            RAISE EXCEPTION 'say why it is cut' USING ERRCODE = '23514';
        END IF;
        IF coalesce(mine.what, 'cut') = 'cut'
           AND (CASE which WHEN 'source' THEN d.cut_source_at ELSE d.cut_target_at END) IS NOT NULL THEN
            RAISE EXCEPTION 'this end says cut already' USING ERRCODE = '23514';
        END IF;
        UPDATE public.partners_dependency x
           SET cut_source_at = CASE which WHEN 'source' THEN coalesce(x.cut_source_at, clock_timestamp()) ELSE x.cut_source_at END,
               cut_target_at = CASE which WHEN 'target' THEN coalesce(x.cut_target_at, clock_timestamp()) ELSE x.cut_target_at END
         WHERE x.id = edge;
        PERFORM sec.edge_moved(d, which, 'cut', words, '');
        RETURN 'cut';
    END IF;
    IF d.cut_source_at IS NULL AND d.cut_target_at IS NULL THEN
        RAISE EXCEPTION 'neither end says cut' USING ERRCODE = '23514';
    END IF;
    IF act = 'assured' THEN
        IF btrim(words) = '' OR btrim(vouched) = '' THEN
            RAISE EXCEPTION 'write what was checked, and who vouches' USING ERRCODE = '23514';
        END IF;
        PERFORM sec.edge_moved(d, which, 'assured', words, vouched);
        RETURN 'assured';
    END IF;
    IF act IS DISTINCT FROM 'agreed' THEN
        RAISE EXCEPTION 'no such move' USING ERRCODE = '23514';
    END IF;
    checked := least((sec.edge_last(edge, which, 'assured')).at, (sec.edge_last(edge, other, 'assured')).at);
    IF mine.what IS DISTINCT FROM 'assured' OR theirs.what IS NULL OR theirs.what NOT IN ('assured', 'agreed') THEN
        RAISE EXCEPTION 'both ends are checked first' USING ERRCODE = '23514';
    END IF;
    IF checked < clock_timestamp() - interval '7 days' OR checked < (sec.edge_last(edge, NULL, 'cut')).at THEN
        RAISE EXCEPTION 'both ends must have been checked within seven days, and after the last cut' USING ERRCODE = '23514';
    END IF;
    IF theirs.what = 'agreed' THEN
        IF theirs.pressed_by = sec.who() THEN
            RAISE EXCEPTION 'a second person agrees for the other end' USING ERRCODE = '42501';
        END IF;
        IF theirs.organisation_id = me AND EXISTS (SELECT 1 FROM unnest(here) a, unnest(there) b WHERE a <> b) THEN
            RAISE EXCEPTION 'each end is agreed by an organisation of its own' USING ERRCODE = '42501';
        END IF;
    END IF;
    PERFORM sec.edge_moved(d, which, 'agreed', '', '');
    IF theirs.what = 'assured' THEN
        RETURN 'agreed';
    END IF;
    UPDATE public.partners_dependency x SET cut_source_at = NULL, cut_target_at = NULL WHERE x.id = edge;
    PERFORM sec.edge_moved(d, 'both', 'reconnected', '', '');
    RETURN 'reconnected';
END $$;
REVOKE ALL ON FUNCTION sec.runners(uuid), sec.edge_ends(uuid), sec.edge_last(uuid, text, text),
    sec.edge_moved(public.partners_dependency, text, text, text, text), sec.move_edge(uuid, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.edge_ends(uuid), sec.move_edge(uuid, text, text, text, text) TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.move_edge(uuid, text, text, text, text),
    sec.edge_moved(public.partners_dependency, text, text, text, text), sec.edge_last(uuid, text, text),
    sec.edge_ends(uuid), sec.runners(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0006_guest_kind"),
    ]

    operations = [
        migrations.CreateModel(
            name="EdgeMove",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "at_end",
                    models.TextField(choices=[("source", "Source"), ("target", "Target"), ("both", "Both ends")]),
                ),
                (
                    "what",
                    models.TextField(
                        choices=[
                            ("cut", "cut at this end"),
                            ("assured", "checked"),
                            ("agreed", "says: connect again"),
                            ("reconnected", "connected again"),
                        ]
                    ),
                ),
                ("text", models.TextField(blank=True, default="")),
                ("vouched_by", models.TextField(blank=True, default="")),
                ("pressed_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "dependency",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="partners.dependency",
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
                "ordering": ["at"],
                "indexes": [models.Index(fields=["dependency", "at"], name="edge_moves")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("at_end__in", ["source", "target", "both"])), name="edge_end"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("what__in", ["cut", "assured", "agreed", "reconnected"])), name="edge_move"
                    ),
                ],
            },
        ),
        migrations.RunSQL(MOVING, BACKWARD),
        protect("partners_edgemove", Allow("portal_app", "select", RUNS_AN_END)),
    ]
