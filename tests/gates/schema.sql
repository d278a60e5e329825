-- Everything that a migration can make, a line each, in words and without numbers of objects.
WITH ours AS (SELECT n.oid, n.nspname, n.nspacl FROM pg_namespace n WHERE n.nspname IN ('public', 'sec')),
     things AS (SELECT c.* FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM ours))
SELECT concat_ws(' ', 'column', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                 a.attidentity, a.attacl, pg_get_expr(d.adbin, d.adrelid))
  FROM things c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
 WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT concat_ws(' ', 'thing', c.relkind, c.oid::regclass, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.reloptions)
  FROM things c
UNION ALL
SELECT 'index ' || pg_get_indexdef(c.oid) FROM things c WHERE c.relkind = 'i'
UNION ALL
SELECT concat_ws(' ', 'policy', c.oid::regclass, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[],
                 pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid))
  FROM things c JOIN pg_policy p ON p.polrelid = c.oid
UNION ALL
SELECT concat_ws(' ', 'constraint', c.oid::regclass, x.conname, pg_get_constraintdef(x.oid))
  FROM things c JOIN pg_constraint x ON x.conrelid = c.oid WHERE x.contype <> 'n'
UNION ALL
SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid)) FROM pg_trigger t WHERE NOT t.tgisinternal
UNION ALL
SELECT concat_ws(' ', 'function', pg_get_functiondef(f.oid), f.proacl)
  FROM pg_proc f WHERE f.pronamespace IN (SELECT oid FROM ours)
UNION ALL
SELECT concat_ws(' ', 'schema', nspname, nspacl) FROM ours
UNION ALL
SELECT concat_ws(' ', 'default', d.defaclobjtype, d.defaclacl) FROM pg_default_acl d
