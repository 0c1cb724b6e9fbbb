-- Ownership and privileges: whoever signs in for the hub can read the ledger and call its
-- functions, and cannot write a row of it.

ALTER SCHEMA ledger OWNER TO hub_poster;
DO $$
DECLARE
    thing record;
BEGIN
    FOR thing IN SELECT c.oid::regclass AS name, c.relkind FROM pg_class c
                 WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p', 'v') LOOP
        EXECUTE format('ALTER %s %s OWNER TO hub_poster',
                       CASE thing.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, thing.name);
    END LOOP;
    FOR thing IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                 WHERE p.pronamespace = 'ledger'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO hub_poster', thing.name);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', thing.name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO hub_app', thing.name);
    END LOOP;
END $$;
ALTER TYPE ledger.operation OWNER TO hub_poster;
ALTER TYPE ledger.draft OWNER TO hub_poster;
ALTER TYPE ledger.charge OWNER TO hub_poster;
GRANT USAGE ON SCHEMA ledger TO hub_app;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO hub_app;
