-- Who may do what. hub_poster owns the tables and functions of the ledger and cannot sign in;
-- hub_app, the role of the running hub, reads the ledger and calls its functions, nothing else.
-- Append-only is a matter of privilege, not of triggers (rule book 1.10.1).

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hub_poster') THEN
        CREATE ROLE hub_poster NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hub_app') THEN
        CREATE ROLE hub_app NOLOGIN;
    END IF;
EXCEPTION   -- another database of this server was quicker
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
