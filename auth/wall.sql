-- The second wall: whoever asks in the name of a partner or a member sees its own rows, whatever
-- the statement says. ADR-0019. The context is `hub.actor`, set for each transaction by
-- hub/kernel/tx.py: hub, operator, partner:7, member:9. Without it nothing is there.

CREATE SCHEMA wall;
COMMENT ON SCHEMA wall IS 'What row-level security asks: who acts in this transaction.';

-- Each is called as (SELECT wall.f()), so once per statement and not once per row.
CREATE FUNCTION wall.is_hub() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('hub.actor', true) IN ('hub', 'operator')
                    OR starts_with(current_setting('hub.actor', true), 'operator:'), false)
$$;
COMMENT ON FUNCTION wall.is_hub IS 'Whether the hub itself or one of its people acts.';

-- After a transaction the setting is an empty text, not NULL: neither is a number.
CREATE FUNCTION wall.partner_id() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN starts_with(current_setting('hub.actor', true), 'partner:')
                THEN substr(current_setting('hub.actor', true), 9)::integer END
$$;
COMMENT ON FUNCTION wall.partner_id IS 'The partner that acts; NULL: none.';

CREATE FUNCTION wall.member_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN starts_with(current_setting('hub.actor', true), 'member:')
                THEN substr(current_setting('hub.actor', true), 8)::bigint END
$$;
COMMENT ON FUNCTION wall.member_id IS 'The member who acts; NULL: none.';

GRANT USAGE ON SCHEMA wall TO PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA wall TO PUBLIC;

-- FORCE: the owner of a table is no exception. Superusers and BYPASSRLS are; the hub is neither.
CREATE PROCEDURE wall.build(named regclass, own text DEFAULT 'false', may_add text DEFAULT NULL)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', named);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', named);
    EXECUTE format('CREATE POLICY own_rows ON %s USING ((SELECT wall.is_hub()) OR (%s))'
                   ' WITH CHECK ((SELECT wall.is_hub()) OR (%s))',
                   named, own, coalesce(may_add, own));
END $$;
COMMENT ON PROCEDURE wall.build IS
    'Put the wall around a table: `own` says which rows a partner or a member sees, `may_add` which
they may write; without them only the hub does.';

CALL wall.build('linked_accounts',
    'partner_id = (SELECT wall.partner_id()) OR member_id = (SELECT wall.member_id())',
    'partner_id = (SELECT wall.partner_id())');
-- A partner sees whom it has linked, and may enrol: it is linked a statement later.
CALL wall.build('members',
    'member_id = (SELECT wall.member_id())
     OR (SELECT wall.partner_id()) IS NOT NULL
        AND EXISTS (SELECT FROM linked_accounts l WHERE l.member_id = members.member_id
                    AND l.partner_id = (SELECT wall.partner_id()))',
    '(SELECT wall.partner_id()) IS NOT NULL');
CALL wall.build('terms', 'partner_id = (SELECT wall.partner_id())', 'false');
CALL wall.build('windows', '(SELECT wall.partner_id()) IS NOT NULL', 'false');
CALL wall.build('development_tokens');
CALL wall.build('secret_keys');
CALL wall.build('people', 'partner_id = (SELECT wall.partner_id())', 'false');
CALL wall.build('person_roles');
CALL wall.build('passkeys', 'member_id = (SELECT wall.member_id())', 'false');
CALL wall.build('invitations');
CALL wall.build('ceremonies');
CALL wall.build('sessions', 'member_id = (SELECT wall.member_id())', 'false');
CALL wall.build('approvals');
CALL wall.build('oauth_clients', 'partner_id = (SELECT wall.partner_id())', 'false');
CALL wall.build('signing_keys');
CALL wall.build('pushed_requests');
CALL wall.build('authorization_codes');
CALL wall.build('refresh_tokens');
CALL wall.build('rate_marks');
CALL wall.build('oauth_grants', 'member_id = (SELECT wall.member_id())', 'false');
CALL wall.build('till_codes', 'member_id = (SELECT wall.member_id())', 'false');
CALL wall.build('till_misses');
CALL wall.build('spent_orders');
CALL wall.build('revoked_tokens');
CALL wall.build('seen_proofs');
CALL wall.build('trusted_documents');
CALL wall.build('trusted_releases');
CALL wall.build('field_uses');
CALL wall.build('cost_buckets');
CALL wall.build('jobs');
CALL wall.build('job_schedules');
CALL wall.build('feed_cursors');
CALL wall.build('feed_skips');
CALL wall.build('audit_runs');

-- What all may read, and the hub alone writes. Payments of a window are computed from all of its
-- cells, in the name of whoever asks.
DO $$
DECLARE
    named text;
BEGIN
    FOREACH named IN ARRAY ARRAY['coalition', 'partners', 'cells', 'cell_lines'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', named);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', named);
        EXECUTE format('CREATE POLICY all_rows ON %I FOR SELECT USING (true)', named);
        EXECUTE format('CREATE POLICY hub_writes ON %I USING ((SELECT wall.is_hub()))'
                       ' WITH CHECK ((SELECT wall.is_hub()))', named);
    END LOOP;
END $$;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM hub_app;

-- The ledger's tables have the first wall only, but for this: where nobody acts, nothing is there.
-- A policy by row would cost three to ten times the time of reading the journal (ADR-0019). Its
-- partitioned tables, and answers, follow in journal_wall.sql.
CREATE FUNCTION wall.is_somebody() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('hub.actor', true) <> '', false)
$$;
COMMENT ON FUNCTION wall.is_somebody IS 'Whether anybody acts at all.';
GRANT EXECUTE ON FUNCTION wall.is_somebody TO PUBLIC;
DO $$
DECLARE
    thing regclass;
BEGIN
    FOR thing IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace
                 AND c.relkind = 'r' AND NOT c.relispartition LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', thing);
        EXECUTE format('CREATE POLICY somebody_acts ON %s FOR SELECT'
                       ' USING ((SELECT wall.is_somebody()))', thing);
    END LOOP;
END $$;

REVOKE ALL ON PROCEDURE wall.build FROM PUBLIC;
