WITH home AS (
    SELECT oid, nspname::text AS name, nspacl, nspowner FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'limbeck_roundtrip')
), part AS (
    -- What belongs to an extension comes and goes with it.
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS (
    SELECT c.*, CASE h.name WHEN 'public' THEN '' ELSE h.name || '.' END || c.relname AS name
    FROM pg_class c JOIN home h ON h.oid = c.relnamespace
    WHERE c.relname <> 'alembic_version' AND c.relname <> 'alembic_version' || '_pkc'
    AND (('pg_class'::regclass), c.oid) NOT IN (SELECT classid, objid FROM part)
), kind AS (
    SELECT t.*, CASE h.name WHEN 'public' THEN '' ELSE h.name || '.' END || t.typname AS name
    FROM pg_type t JOIN home h ON h.oid = t.typnamespace
    WHERE (('pg_type'::regclass), t.oid) NOT IN (SELECT classid, objid FROM part)
), proc AS (
    SELECT p.*, CASE h.name WHEN 'public' THEN '' ELSE h.name || '.' END || p.proname || '('
        || pg_get_function_identity_arguments(p.oid) || ')' AS name
    FROM pg_proc p JOIN home h ON h.oid = p.pronamespace
    WHERE (('pg_proc'::regclass), p.oid) NOT IN (SELECT classid, objid FROM part)
)
SELECT 'schema', '', name, concat_ws(' ', nspacl::text, nullif(pg_get_userbyid(nspowner), current_user)) FROM home
UNION ALL
SELECT CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
        WHEN 'c' THEN 'type' ELSE 'table' END,
    '', r.name, concat_ws(' ', r.relkind::text, r.relpersistence::text, r.reloptions::text, r.relrowsecurity, r.relforcerowsecurity,
        r.relreplident, r.relacl::text, nullif(pg_get_userbyid(r.relowner), current_user), pg_get_expr(r.relpartbound, r.oid),
        CASE r.relkind WHEN 'p' THEN pg_get_partkeydef(r.oid) END,
        CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
        (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = r.oid))
FROM rel r WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
UNION ALL
SELECT 'column', r.name, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || a.attcollation::regcollation END,
    CASE WHEN a.attnotnull THEN 'NOT NULL' END,
    (SELECT 'NOT VALID' FROM pg_constraint k WHERE k.conrelid = r.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated),
    'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity, ''), nullif(a.attgenerated, ''),
    CASE WHEN a.attstorage <> t.typstorage THEN 'STORAGE ' || a.attstorage::text END, nullif(a.attcompression, ''),
    CASE WHEN coalesce(a.attstattarget, -1) <> -1 THEN 'STATISTICS ' || a.attstattarget END,
    a.attacl::text, a.attoptions::text)
FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'f', 'c')
UNION ALL
SELECT 'constraint', coalesce(r.name, k.name), c.conname, pg_get_constraintdef(c.oid)
FROM pg_constraint c LEFT JOIN rel r ON r.oid = c.conrelid LEFT JOIN kind k ON k.oid = c.contypid
WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND coalesce(r.oid, k.oid) IS NOT NULL
UNION ALL
SELECT 'index', t.name, r.name, concat_ws(' ', pg_get_indexdef(r.oid), CASE WHEN NOT i.indisvalid THEN 'INVALID' END,
    CASE WHEN i.indisclustered THEN 'CLUSTER' END, CASE WHEN i.indisreplident THEN 'REPLICA IDENTITY' END)
FROM pg_index i JOIN rel r ON r.oid = i.indexrelid JOIN rel t ON t.oid = i.indrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = r.oid AND c.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'type', '', k.name, concat_ws(' ', k.typtype::text, k.typacl::text, nullif(pg_get_userbyid(k.typowner), current_user),
    CASE WHEN k.typtype = 'd' THEN format_type(k.typbasetype, k.typtypmod) END,
    CASE WHEN k.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || k.typdefault,
    (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = k.oid),
    (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = k.oid))
FROM kind k WHERE k.typtype IN ('e', 'd', 'r') OR (k.typtype = 'b' AND k.typelem = 0 AND k.typcategory <> 'A')
UNION ALL
SELECT 'sequence', '', r.name, concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
    s.seqcache, s.seqcycle, r.relpersistence::text, r.relacl::text, nullif(pg_get_userbyid(r.relowner), current_user),
    (SELECT 'OWNED BY ' || o.name || '.' || a.attname FROM pg_depend d JOIN rel o ON o.oid = d.refobjid
        JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass))
FROM rel r JOIN pg_sequence s ON s.seqrelid = r.oid
UNION ALL
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, '', p.name,
    concat_ws(' ', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END,
        (SELECT concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.agginitval, g.aggsortop, format_type(g.aggtranstype, NULL))
            FROM pg_aggregate g WHERE g.aggfnoid = p.oid), p.proacl::text,
        nullif(pg_get_userbyid(p.proowner), current_user))
FROM proc p
UNION ALL
SELECT 'trigger', r.name, g.tgname, concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled::text)
FROM pg_trigger g JOIN rel r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'rule', r.name, w.rulename, concat_ws(' ', pg_get_ruledef(w.oid), w.ev_enabled::text)
FROM pg_rewrite w JOIN rel r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'policy', r.name, p.polname, concat_ws(' ', p.polcmd::text, p.polpermissive,
    (SELECT string_agg(CASE o WHEN 0 THEN 'public' ELSE pg_get_userbyid(o) END, ', ' ORDER BY o) FROM unnest(p.polroles) o),
    'USING ' || pg_get_expr(p.polqual, p.polrelid), 'CHECK ' || pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN rel r ON r.oid = p.polrelid
UNION ALL
SELECT 'extension', '', e.extname, concat_ws(' ', e.extversion, n.nspname)
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
UNION ALL
SELECT 'statistics', '', CASE h.name WHEN 'public' THEN '' ELSE h.name || '.' END || x.stxname,
    concat_ws(' ', pg_get_statisticsobjdef(x.oid), to_jsonb(x) ->> 'stxstattarget')
FROM pg_statistic_ext x JOIN home h ON h.oid = x.stxnamespace
UNION ALL
SELECT 'comment', '', concat_ws(' ', i.type, i.identity), d.description
FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
WHERE d.objoid >= 16384 AND (d.classoid, d.objoid) NOT IN (SELECT classid, objid FROM part)
UNION ALL
SELECT 'default privileges', '', concat_ws(' ', pg_get_userbyid(a.defaclrole), h.name, a.defaclobjtype::text), a.defaclacl::text
FROM pg_default_acl a LEFT JOIN home h ON h.oid = a.defaclnamespace
UNION ALL
SELECT 'publication', '', p.pubname, concat_ws(' ', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
    (SELECT string_agg(t.schemaname || '.' || t.tablename, ', ' ORDER BY 1) FROM pg_publication_tables t WHERE t.pubname = p.pubname))
FROM pg_publication p
UNION ALL
SELECT 'event trigger', '', evtname, concat_ws(' ', evtevent, evtfoid::regproc, evtenabled::text, evttags::text) FROM pg_event_trigger
UNION ALL
SELECT 'collation', '', CASE h.name WHEN 'public' THEN '' ELSE h.name || '.' END || c.collname,
    concat_ws(' ', c.collprovider::text, c.collisdeterministic, c.collcollate, c.collctype)
FROM pg_collation c JOIN home h ON h.oid = c.collnamespace
WHERE (('pg_collation'::regclass), c.oid) NOT IN (SELECT classid, objid FROM part)
UNION ALL
SELECT 'operator', '', o.oid::regoperator::text, o.oprcode::text FROM pg_operator o JOIN home h ON h.oid = o.oprnamespace
WHERE (('pg_operator'::regclass), o.oid) NOT IN (SELECT classid, objid FROM part)
UNION ALL
SELECT 'cast', '', format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL),
    concat_ws(' ', c.castfunc::regproc, c.castcontext::text, c.castmethod::text) FROM pg_cast c
WHERE c.oid >= 16384 AND (('pg_cast'::regclass), c.oid) NOT IN (SELECT classid, objid FROM part)
UNION ALL
SELECT 'text search configuration', '', CASE h.name WHEN 'public' THEN '' ELSE h.name || '.' END || c.cfgname,
    (SELECT string_agg(m.maptokentype || ' ' || m.mapseqno || ' ' || m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno)
        FROM pg_ts_config_map m WHERE m.mapcfg = c.oid)
FROM pg_ts_config c JOIN home h ON h.oid = c.cfgnamespace
WHERE (('pg_ts_config'::regclass), c.oid) NOT IN (SELECT classid, objid FROM part)
UNION ALL
SELECT 'text search dictionary', '', CASE h.name WHEN 'public' THEN '' ELSE h.name || '.' END || d.dictname,
    concat_ws(' ', d.dicttemplate::text, d.dictinitoption)
FROM pg_ts_dict d JOIN home h ON h.oid = d.dictnamespace
WHERE (('pg_ts_dict'::regclass), d.oid) NOT IN (SELECT classid, objid FROM part)
