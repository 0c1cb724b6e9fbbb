-- What most people would write: the ledger's tables without lanes, and one function per request.
-- The tables are made from the ledger's own, so that columns, checks, indexes and fill factors are
-- the same; the lane is always 0 and the sequence of entries is a sequence.

CREATE SCHEMA naive;
CREATE SEQUENCE naive.entry_seq;

DO $$
DECLARE
    ledger_table record;
BEGIN
    FOR ledger_table IN
        SELECT c.relname, array_to_string(c.reloptions, ', ') AS options FROM pg_class c
        WHERE c.relnamespace = 'ledger'::regnamespace AND c.relname IN (
            'wallets', 'lots', 'entries', 'allocations', 'keys', 'issue_references', 'flows',
            'liabilities')
    LOOP
        EXECUTE format('CREATE TABLE naive.%1$I (LIKE ledger.%1$I INCLUDING ALL) %2$s',
                       ledger_table.relname, 'WITH (' || ledger_table.options || ')');
    END LOOP;
END $$;

-- Take over what lies on the stage: the same wallets, lots, entries and keys. Lots and entries are
-- numbered by lane there and at large here.
DO $$
DECLARE
    ledger_table text;
    columns text;
    taken text;
BEGIN
    FOREACH ledger_table IN ARRAY
        '{wallets,lots,entries,allocations,keys,issue_references}'::text[]
    LOOP
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
               string_agg(CASE WHEN attname = 'lane' THEN '0'
                               WHEN attname IN ('seq', 'ref_seq', 'source_seq', 'lot_id',
                                                'last_seq')
                               THEN format('%I * 64 + lane', attname)
                               ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
        INTO columns, taken FROM pg_attribute
        WHERE attrelid = ('naive.' || ledger_table)::regclass AND attnum > 0 AND NOT attisdropped;
        EXECUTE format('INSERT INTO naive.%1$I (%2$s) SELECT %3$s FROM ledger.%1$I',
                       ledger_table, columns, taken);
    END LOOP;
    PERFORM setval('naive.entry_seq', (SELECT max(seq) + 1 FROM naive.entries));
END $$;
INSERT INTO naive.flows (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                         acceptor_terms_id, is_reversal, points, entry_count)
SELECT 0, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id, is_reversal,
       sum(points), sum(entry_count)
FROM ledger.flows GROUP BY 2, 3, 4, 5, 6, 7, 8;
INSERT INTO naive.liabilities (lane, issuer_id, issue_terms_id, expires_month, points)
SELECT 0, issuer_id, issue_terms_id, expires_month, sum(points)
FROM ledger.liabilities GROUP BY 2, 3, 4;

-- One issue in one call. Answers the code that the ledger would.
CREATE FUNCTION naive.issue_one(
    p_partner integer, p_wallet bigint, p_points bigint, p_key uuid, p_request uuid, p_actor text,
    p_reference_hash uuid, p_reference text, p_reason text, p_expires timestamptz) RETURNS smallint
LANGUAGE plpgsql AS $$
DECLARE
    wallet naive.wallets;
    answered naive.keys;
    v_terms integer;
    v_seq bigint;
    v_salt uuid := gen_random_uuid();
BEGIN
    SELECT * INTO wallet FROM naive.wallets WHERE lane = 0 AND wallet_id = p_wallet FOR UPDATE;
    IF NOT FOUND THEN RETURN 2; END IF;
    SELECT * INTO answered FROM naive.keys WHERE lane = 0 AND key_hash = p_key;
    IF FOUND THEN
        RETURN CASE WHEN answered.request_hash = p_request THEN answered.code ELSE 50 END;
    END IF;
    IF NOT wallet.is_open THEN RETURN 3; END IF;
    SELECT terms_id INTO v_terms FROM ledger.terms_spans
    WHERE partner_id = p_partner AND effective_from <= now() AND now() < effective_until;
    IF NOT FOUND THEN RETURN 4; END IF;
    v_seq := nextval('naive.entry_seq');
    INSERT INTO naive.issue_references (reference_hash, lane, seq)
    VALUES (p_reference_hash, 0, v_seq) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RETURN 5; END IF;
    INSERT INTO naive.entries (lane, seq, kind, partner_id, wallet_id, points, terms_id, lot_id,
                               reason, reference, ends_at, occurred_at, decided_at, posted_at,
                               segment_id, actor, request_hash, salt, leaf_hash)
    VALUES (0, v_seq, 1, p_partner, p_wallet, p_points, v_terms, v_seq, p_reason, p_reference,
            p_expires, now(), now(), now(), 1, p_actor, p_request, v_salt,
            ledger.leaf_hash(v_salt, 0::smallint, v_seq, 1::smallint, p_partner, p_wallet, NULL,
                             NULL, p_points, NULL, NULL, NULL, v_terms, NULL, v_seq, now(), now(),
                             now(), NULL, p_expires, p_request, p_actor, p_reason, p_reference,
                             NULL, NULL, NULL, ledger.lot_body(
                                 p_partner, (extract(epoch FROM now()) * 1000000)::bigint, NULL,
                                 NULL, NULL, NULL), NULL));
    INSERT INTO naive.lots (lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points,
                            remaining_points, issue_rank, expires_at, source_seq)
    VALUES (0, v_seq, p_wallet, p_partner, p_partner, v_terms, p_points, p_points,
            (extract(epoch FROM now()) * 1000000)::bigint, p_expires, v_seq);
    UPDATE naive.wallets SET balance_points = balance_points + p_points, last_seq = v_seq
    WHERE lane = 0 AND wallet_id = p_wallet;
    INSERT INTO naive.flows AS f VALUES (0, 1, 1, p_partner, 0, v_terms, 0, false, p_points, 1)
    ON CONFLICT (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
                 is_reversal)
    DO UPDATE SET points = f.points + excluded.points, entry_count = f.entry_count + 1;
    INSERT INTO naive.liabilities AS l
    VALUES (0, p_partner, v_terms, date_trunc('month', p_expires)::date, p_points)
    ON CONFLICT (lane, issuer_id, issue_terms_id, expires_month)
    DO UPDATE SET points = l.points + excluded.points;
    INSERT INTO naive.keys (lane, key_hash, request_hash, code, seq, detail, posted_at)
    VALUES (0, p_key, p_request, 0, v_seq, v_seq, now());
    RETURN 0;
END $$;

-- One redemption in one call. Flows and liabilities come last and in order, against deadlocks.
CREATE FUNCTION naive.redeem_one(
    p_partner integer, p_wallet bigint, p_points bigint, p_key uuid, p_request uuid, p_actor text,
    p_reference text) RETURNS smallint
LANGUAGE plpgsql AS $$
DECLARE
    wallet naive.wallets;
    answered naive.keys;
    lot record;
    drawn record;
    v_terms integer;
    v_expired bigint;
    v_seq bigint := nextval('naive.entry_seq');
    v_salt uuid := gen_random_uuid();
    v_left bigint := p_points;
    v_line integer := 0;
    v_take bigint;
    v_body bytea := '';
BEGIN
    SELECT * INTO wallet FROM naive.wallets WHERE lane = 0 AND wallet_id = p_wallet FOR UPDATE;
    IF NOT FOUND THEN RETURN 2; END IF;
    SELECT * INTO answered FROM naive.keys WHERE lane = 0 AND key_hash = p_key;
    IF FOUND THEN
        RETURN CASE WHEN answered.request_hash = p_request THEN answered.code ELSE 50 END;
    END IF;
    IF NOT wallet.is_open THEN RETURN 3; END IF;
    SELECT terms_id INTO v_terms FROM ledger.terms_spans
    WHERE partner_id = p_partner AND effective_from <= now() AND now() < effective_until;
    IF NOT FOUND THEN RETURN 4; END IF;
    SELECT coalesce(sum(remaining_points - held_points), 0) INTO v_expired FROM naive.lots
    WHERE lane = 0 AND wallet_id = p_wallet AND is_open AND expires_at <= now();
    IF wallet.balance_points - wallet.held_points - v_expired < p_points THEN RETURN 1; END IF;
    FOR lot IN
        SELECT lot_id, issuer_id, issue_terms_id, remaining_points - held_points AS free
        FROM naive.lots
        WHERE lane = 0 AND wallet_id = p_wallet AND is_open AND expires_at > now()
          AND available_at <= now() AND remaining_points > held_points
        ORDER BY expires_at, issue_rank, lot_id
    LOOP
        v_take := least(v_left, lot.free);
        v_left := v_left - v_take;
        v_line := v_line + 1;
        UPDATE naive.lots SET remaining_points = remaining_points - v_take,
                              is_open = remaining_points > v_take
        WHERE lane = 0 AND lot_id = lot.lot_id;
        INSERT INTO naive.allocations (lane, seq, line, kind, is_reversal, lot_id, points,
                                       issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id)
        VALUES (0, v_seq, v_line, 2, false, lot.lot_id, -v_take, lot.issuer_id, p_partner,
                lot.issue_terms_id, v_terms);
        v_body := v_body || ledger.allocation_body(
            2::smallint, false, lot.lot_id, -v_take, 0, lot.issuer_id, p_partner,
            lot.issue_terms_id, v_terms, NULL);
        EXIT WHEN v_left = 0;
    END LOOP;
    IF v_left > 0 THEN RAISE EXCEPTION 'the lots of a wallet do not cover its balance'; END IF;
    INSERT INTO naive.entries (lane, seq, kind, partner_id, wallet_id, points, terms_id, reference,
                               occurred_at, decided_at, posted_at, segment_id, actor, request_hash,
                               salt, leaf_hash)
    VALUES (0, v_seq, 2, p_partner, p_wallet, p_points, v_terms, p_reference, now(), now(), now(),
            1, p_actor, p_request, v_salt,
            ledger.leaf_hash(v_salt, 0::smallint, v_seq, 2::smallint, p_partner, p_wallet, NULL,
                             NULL, p_points, NULL, NULL, NULL, v_terms, NULL, NULL, now(), now(),
                             now(), NULL, NULL, p_request, p_actor, NULL, p_reference, NULL, NULL,
                             NULL, NULL, v_body));
    UPDATE naive.wallets SET balance_points = balance_points - p_points, last_seq = v_seq
    WHERE lane = 0 AND wallet_id = p_wallet;
    INSERT INTO naive.keys (lane, key_hash, request_hash, code, seq, posted_at)
    VALUES (0, p_key, p_request, 0, v_seq, now());
    FOR drawn IN
        SELECT issuer_id, issue_terms_id, -sum(points) AS points,
               bool_or(line = 1)::integer AS entry_count
        FROM naive.allocations WHERE lane = 0 AND seq = v_seq
        GROUP BY issuer_id, issue_terms_id ORDER BY issuer_id, issue_terms_id
    LOOP
        INSERT INTO naive.flows AS f
        VALUES (0, 1, 2, drawn.issuer_id, p_partner, drawn.issue_terms_id, v_terms, false,
                drawn.points, drawn.entry_count)
        ON CONFLICT (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                     acceptor_terms_id, is_reversal)
        DO UPDATE SET points = f.points + excluded.points,
                      entry_count = f.entry_count + excluded.entry_count;
    END LOOP;
    FOR drawn IN
        SELECT a.issuer_id, a.issue_terms_id, date_trunc('month', l.expires_at)::date AS month,
               sum(a.points) AS points
        FROM naive.allocations a JOIN naive.lots l ON l.lane = 0 AND l.lot_id = a.lot_id
        WHERE a.lane = 0 AND a.seq = v_seq GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    LOOP
        UPDATE naive.liabilities SET points = points + drawn.points
        WHERE lane = 0 AND issuer_id = drawn.issuer_id AND issue_terms_id = drawn.issue_terms_id
          AND expires_month = drawn.month;
    END LOOP;
    RETURN 0;
END $$;

-- What must hold in these books too; empty when all is well.
CREATE FUNCTION naive.audit() RETURNS TABLE (rule text) LANGUAGE sql STABLE AS $$
    SELECT 'wallets equal their lots'
    WHERE (SELECT count(*) FROM naive.wallets w LEFT JOIN (
               SELECT wallet_id, sum(remaining_points) AS points FROM naive.lots GROUP BY wallet_id) l
           USING (wallet_id) WHERE w.balance_points <> coalesce(l.points, 0)) > 0
    UNION ALL
    SELECT 'liabilities equal the lots'
    WHERE (SELECT sum(points) FROM naive.liabilities)
          <> (SELECT sum(remaining_points) FROM naive.lots)
    UNION ALL
    SELECT 'flows equal the entries'
    WHERE (SELECT sum(points) FROM naive.flows) <> (SELECT sum(points) FROM naive.entries)
    UNION ALL
    SELECT 'every entry has a key'
    WHERE (SELECT count(*) FROM naive.keys WHERE seq IS NOT NULL)
          <> (SELECT count(*) FROM naive.entries)
    UNION ALL
    SELECT 'every issue has a reference'
    WHERE (SELECT count(*) FROM naive.issue_references)
          <> (SELECT count(*) FROM naive.entries WHERE kind = 1)
    UNION ALL
    SELECT 'every issue has a lot'
    WHERE (SELECT count(*) FROM naive.lots)
          <> (SELECT count(*) FROM naive.entries WHERE kind = 1)
$$;
