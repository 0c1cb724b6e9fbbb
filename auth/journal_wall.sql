-- The wall around what wall.sql leaves out: partitioned tables of the journal, and stored answers.
-- Where nobody acts, nothing is there. The owner of the journal is let through, so what writes it
-- pays nothing; what reads it asks once per statement (measured in ADR-0019).
DO $$
DECLARE
    thing regclass;
BEGIN
    FOR thing IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace
                 AND (c.relkind = 'p' OR c.relkind = 'r' AND c.relispartition) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', thing);
        EXECUTE format('CREATE POLICY somebody_acts ON %s FOR SELECT'
                       ' USING ((SELECT wall.is_somebody()))', thing);
    END LOOP;
END $$;

-- Answers are found by a hash of the actor and the key, and written in every name.
ALTER TABLE answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE answers FORCE ROW LEVEL SECURITY;
CREATE POLICY somebody_acts ON answers
    USING ((SELECT wall.is_somebody())) WITH CHECK ((SELECT wall.is_somebody()));
