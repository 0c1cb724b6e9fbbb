CREATE SCHEMA audit;

COMMENT ON SCHEMA audit IS 'Who did what that matters; appended by the function of this schema.';

CREATE SCHEMA ledger;

COMMENT ON SCHEMA ledger IS 'How points move: written by the functions of this schema only.';

CREATE SCHEMA wall;

COMMENT ON SCHEMA wall IS 'What row-level security asks: who acts in this transaction.';

CREATE TYPE ledger.charge AS (
	ix integer,
	cap_id bigint,
	unit_amount numeric,
	back_amount numeric,
	issue_terms_id integer,
	rest_amount numeric,
	amount numeric,
	origin_seq bigint,
	wallet_id bigint
);

COMMENT ON TYPE ledger.charge IS 'One charge on its way through post_batch. rest_amount: there is no more to borrow beyond this;
NULL: there may be. Of a cap that each wallet has to itself: its limit for this charge.';

CREATE TYPE ledger.draft AS (
	ix integer,
	line integer,
	kind smallint,
	is_reversal boolean,
	lot_id bigint,
	points bigint,
	held_points bigint,
	issuer_id integer,
	issue_terms_id integer,
	expires_at timestamp with time zone,
	new_lot integer,
	creditor_id integer,
	arrears_seq bigint
);

COMMENT ON TYPE ledger.draft IS 'One allocation to be written: points taken from (-) or given back to (+) a lot. lot_id NULL
is the lot that the operation itself makes; new_lot numbers the lots it moves points into.';

CREATE TYPE ledger.operation AS (
	ix integer,
	lane smallint,
	kind smallint,
	wallet_id bigint,
	counter_lane smallint,
	counter_wallet_id bigint,
	partner_id integer,
	funder_id integer,
	points bigint,
	asked_points bigint,
	cap_id bigint,
	mode smallint,
	terms_id integer,
	lot_id bigint,
	ref_seq bigint,
	key_hash uuid,
	request_hash uuid,
	reference_hash uuid,
	reference text,
	reason text,
	category text,
	match_rate numeric,
	actor text,
	occurred_at timestamp with time zone,
	decided_at timestamp with time zone,
	posted_at timestamp with time zone,
	available_at timestamp with time zone,
	ends_at timestamp with time zone,
	issue_rank bigint,
	restriction_id integer,
	contributor_wallet_id bigint,
	group_number integer,
	is_special boolean,
	is_owing boolean,
	owed_change bigint,
	code smallint,
	is_replay boolean,
	seq bigint,
	detail bigint,
	segment_id bigint
);

COMMENT ON TYPE ledger.operation IS 'One operation on its way through post_batch.';

CREATE FUNCTION audit.append(p_at timestamp with time zone, p_event text, p_actor text, p_person_id integer, p_client_id text, p_subject text, p_detail text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'audit', 'pg_temp'
    AS $$
DECLARE
    last log%ROWTYPE;
    before bytea;
    new_seq bigint;
BEGIN
    LOCK TABLE log IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO last FROM log ORDER BY seq DESC LIMIT 1;
    before := coalesce(last.hash, sha256(''));
    new_seq := coalesce(last.seq, 0) + 1;
    INSERT INTO log VALUES (
        new_seq, p_at, p_event, p_actor, p_person_id, p_client_id, p_subject, p_detail, before,
        sha256(before || int8send(new_seq) || timestamptz_send(p_at) || audit.write_text(p_event)
               || audit.write_text(p_actor) || int4send(coalesce(p_person_id, -1))
               || audit.write_text(coalesce(p_client_id, '')) || audit.write_text(p_subject)
               || audit.write_text(p_detail)));
    RETURN new_seq;
END $$;

COMMENT ON FUNCTION audit.append(p_at timestamp with time zone, p_event text, p_actor text, p_person_id integer, p_client_id text, p_subject text, p_detail text) IS 'Append one record. Locks the log until the transaction ends.';

CREATE FUNCTION audit.sign_head(p_seq bigint, p_signed_at timestamp with time zone, p_public_key bytea, p_signature bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'audit', 'pg_temp'
    AS $$
    INSERT INTO heads VALUES (p_seq, p_signed_at, p_public_key, p_signature) ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION audit.write_text(written text) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT int4send(octet_length(convert_to(written, 'UTF8'))) || convert_to(written, 'UTF8')
$$;

CREATE FUNCTION ledger.add_checkpoint(p_id bigint, p_signed_at timestamp with time zone, p_key integer, p_root bytea, p_note text, a_lane smallint[], a_size bigint[], a_root bytea[], a_edge bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM checkpoints HAVING coalesce(max(checkpoint_id), 0) + 1 = p_id;
    IF NOT FOUND THEN RAISE EXCEPTION 'checkpoints are numbered densely'; END IF;
    PERFORM FROM unnest(a_lane, a_size) AS grown (lane, tree_size)
    JOIN lanes l USING (lane)
    WHERE grown.tree_size > l.last_seq
       OR EXISTS (SELECT FROM lane_trees t
                  WHERE t.lane = grown.lane AND t.tree_size >= grown.tree_size);
    IF FOUND THEN RAISE EXCEPTION 'a tree grows, and not beyond its lane'; END IF;
    INSERT INTO checkpoints (checkpoint_id, signed_at, key_number, root, note)
    VALUES (p_id, p_signed_at, p_key, p_root, p_note);
    INSERT INTO lane_trees (lane, tree_size, checkpoint_id, root, edge)
    SELECT lane, tree_size, p_id, root, edge
    FROM unnest(a_lane, a_size, a_root, a_edge) AS grown (lane, tree_size, root, edge);
END $$;

CREATE FUNCTION ledger.add_log_key(p_public bytea, p_at timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    known integer;
BEGIN
    LOCK TABLE log_keys IN EXCLUSIVE MODE;
    SELECT key_number INTO known FROM log_keys WHERE public_key = p_public;
    IF known IS NULL THEN
        INSERT INTO log_keys (key_number, public_key, since_at)
        SELECT coalesce(max(key_number), 0) + 1, p_public, p_at FROM log_keys
        RETURNING key_number INTO known;
    END IF;
    RETURN known;
END $$;

CREATE FUNCTION ledger.add_tiles(p_lane smallint, p_level smallint, p_first bigint, a_root bytea[], a_hashes bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM tiles WHERE lane = p_lane AND level = p_level
    HAVING coalesce(max(tile), -1) + 1 = p_first;
    IF NOT FOUND THEN RAISE EXCEPTION 'tiles are numbered densely'; END IF;
    INSERT INTO tiles (lane, level, tile, root, hashes)
    SELECT p_lane, p_level, p_first + n - 1, root, hashes
    FROM unnest(a_root, a_hashes) WITH ORDINALITY AS full_tile (root, hashes, n);
END $$;

CREATE FUNCTION ledger.allocation_body(kind smallint, is_reversal boolean, lot_id bigint, points bigint, held_points bigint, issuer_id integer, acceptor_id integer, issue_terms_id integer, acceptor_terms_id integer, arrears_seq bigint) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT int2send(kind) || boolsend(is_reversal) || int8send(lot_id) || int8send(points)
        || int8send(held_points) || int4send(issuer_id) || int4send(acceptor_id)
        || int4send(issue_terms_id) || int4send(acceptor_terms_id)
        || int8send(coalesce(arrears_seq, 0))
$$;

CREATE FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM (
        SELECT o.ix,
               CASE WHEN o.kind IN (1, 15) THEN o.owed_change
                    WHEN o.kind = 3 THEN o.points - o.detail + o.owed_change
                    WHEN o.kind = 4 THEN o.owed_change - o.points
                    WHEN o.kind = 11 THEN o.owed_change - o.points - o.detail
                    WHEN o.kind IN (12, 13, 17) THEN o.owed_change - o.detail
                    WHEN o.kind IN (10, 19) THEN 0
                    WHEN o.kind = 18 THEN o.owed_change
                    ELSE -o.points END AS points,
               CASE WHEN o.kind = 10 THEN o.points ELSE 0 END AS held_points
        FROM unnest(ops) o WHERE o.code = 0 AND NOT o.is_replay
        UNION ALL
        SELECT d.ix, -d.points,
               CASE WHEN (ops[d.ix]).kind IN (11, 12, 13) THEN 0 ELSE -d.held_points END
        FROM unnest(drafts) d
    ) both_sides
    GROUP BY ix HAVING sum(points) <> 0 OR sum(held_points) <> 0;
    IF FOUND THEN RAISE EXCEPTION 'allocations do not sum to their operation'; END IF;
END $$;

CREATE FUNCTION ledger.assert_free_of_conflicts(p_clock timestamp with time zone, a_kind smallint[], a_wallet bigint[], a_counter bigint[], a_decided timestamp with time zone[], a_group integer[], a_partner integer[], a_actor text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM (
        SELECT o.wallet_id, o.ix, o.kind IN (1, 15) AS is_credit, o.kind IN (2, 6, 7, 8, 9, 10)
                   AS is_debit, coalesce(o.decided_at, p_clock) AS decided_at
        FROM unnest(a_wallet, a_kind, a_decided) WITH ORDINALITY
            AS o (wallet_id, kind, decided_at, ix)
        UNION ALL
        SELECT o.wallet_id, o.ix, true, false, NULL
        FROM unnest(a_counter, a_kind) WITH ORDINALITY AS o (wallet_id, kind, ix)
        WHERE o.kind = 6
    ) touched
    GROUP BY wallet_id HAVING count(*) > 1 AND (
        bool_or(NOT is_credit AND NOT is_debit)
        OR min(decided_at) FILTER (WHERE is_debit) < max(decided_at) FILTER (WHERE is_debit)
        OR min(ix) FILTER (WHERE is_credit) < max(ix) FILTER (WHERE is_debit));
    IF FOUND THEN RAISE EXCEPTION 'the batch is not free of conflicts'; END IF;
    PERFORM FROM unnest(a_group, a_kind, a_actor, a_partner)
        AS o (group_number, kind, actor, partner_id)
    WHERE o.group_number IS NOT NULL AND o.kind NOT IN (1, 15)
       OR starts_with(o.actor, 'partner:') AND o.actor <> 'partner:' || o.partner_id;
    IF FOUND THEN
        RAISE EXCEPTION 'a group has credits only, and a partner posts in its own name only';
    END IF;
END $$;

CREATE FUNCTION ledger.audit() RETURNS TABLE(rule text, place text, found text, expected text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    -- Postings of an entry sum to zero.
    SELECT 'entry sums to zero', format('entry %s:%s', lane, seq), sum(points)::text, '0'
    FROM postings GROUP BY lane, seq HAVING sum(points) <> 0
    UNION ALL
    -- What an entry moves is what its allocations move.
    SELECT 'entry equals its allocations', format('entry %s:%s', e.lane, e.seq), e.points::text,
           coalesce(a.points, 0)::text
    FROM entries e LEFT JOIN LATERAL (
        SELECT CASE WHEN e.kind = 3 THEN sum(x.points) FILTER (WHERE x.is_reversal)
                    WHEN e.kind = 4 THEN coalesce(-sum(x.points), 0) + coalesce(
                        (SELECT d.points FROM arrears d WHERE d.lane = e.lane
                            AND d.wallet_id = e.wallet_id AND d.seq = e.seq), 0)
                    WHEN e.kind = 11 THEN -sum(x.points) FILTER (WHERE x.kind = e.mode)
                    WHEN e.kind IN (10, 12, 13) THEN abs(sum(x.held_points))
                    WHEN e.kind IN (16, 17) THEN -sum(x.points) FILTER (WHERE x.kind = 6)
                    ELSE -sum(x.points) END::bigint AS points
        FROM allocations x WHERE x.lane = e.lane AND x.seq = e.seq) a ON true
    WHERE e.lane >= 0 AND e.kind NOT IN (1, 15, 18, 19)
      AND e.points IS DISTINCT FROM coalesce(a.points, 0)
    UNION ALL
    -- A lot has what was issued less what was taken, and what is held of it.
    SELECT 'lot equals its allocations', format('lot %s:%s', l.lane, l.lot_id),
           format('%s, held %s', l.remaining_points, l.held_points),
           format('%s, held %s', l.points + coalesce(a.points, 0), coalesce(a.held_points, 0))
    FROM lots l LEFT JOIN (SELECT lane, lot_id, sum(points)::bigint AS points,
                                  sum(held_points)::bigint AS held_points
                           FROM allocations GROUP BY lane, lot_id) a USING (lane, lot_id)
    WHERE l.remaining_points <> l.points + coalesce(a.points, 0)
       OR l.held_points <> coalesce(a.held_points, 0)
    UNION ALL
    SELECT 'lot is within its bounds', format('lot %s:%s', lane, lot_id),
           format('held %s, remaining %s, points %s', held_points, remaining_points, points),
           '0 <= held <= remaining <= points'
    FROM lots
    WHERE NOT (0 <= held_points AND held_points <= remaining_points AND remaining_points <= points)
    UNION ALL
    -- A wallet has what its lots have, and what its postings fold to.
    SELECT 'wallet equals its lots', format('wallet %s:%s', w.lane, w.wallet_id),
           format('%s, held %s', w.balance_points, w.held_points),
           format('%s, held %s', coalesce(l.points, 0), coalesce(l.held_points, 0))
    FROM wallets w LEFT JOIN (SELECT lane, wallet_id, sum(remaining_points)::bigint AS points,
                                     sum(held_points)::bigint AS held_points
                              FROM lots GROUP BY lane, wallet_id) l USING (lane, wallet_id)
    WHERE w.balance_points <> coalesce(l.points, 0) OR w.held_points <> coalesce(l.held_points, 0)
    UNION ALL
    SELECT 'wallet equals its postings', format('wallet %s:%s', w.lane, w.wallet_id),
           w.balance_points::text, coalesce(p.points, 0)::text
    FROM wallets w LEFT JOIN (SELECT lane, owner_id, sum(points)::bigint AS points FROM postings
                              WHERE account = 'lot' GROUP BY lane, owner_id) p
         ON p.lane = w.lane AND p.owner_id = w.wallet_id
    WHERE w.balance_points <> coalesce(p.points, 0)
    UNION ALL
    -- Holds: the open ones are what wallets hold, each is the sum of its lines and ends once.
    SELECT 'wallet equals its holds', format('wallet %s:%s', w.lane, w.wallet_id),
           w.held_points::text, coalesce(h.points, 0)::text
    FROM wallets w LEFT JOIN (SELECT lane, wallet_id, sum(points)::bigint AS points FROM holds
                              WHERE is_open GROUP BY lane, wallet_id) h USING (lane, wallet_id)
    WHERE w.held_points <> coalesce(h.points, 0)
    UNION ALL
    SELECT 'hold equals its lines', format('hold %s:%s', h.lane, h.hold_seq), h.points::text,
           coalesce(a.points, 0)::text
    FROM holds h LEFT JOIN LATERAL (
        SELECT sum(x.held_points)::bigint AS points FROM allocations x
        WHERE x.lane = h.lane AND x.seq = h.hold_seq) a ON true
    WHERE h.points <> coalesce(a.points, 0)
    UNION ALL
    SELECT 'hold ends once', format('hold %s:%s', h.lane, h.hold_seq),
           format('open %s, %s ends', h.is_open, count(e.seq)), 'open without an end, or one end'
    FROM holds h LEFT JOIN entries e
         ON e.lane = h.lane AND e.ref_seq = h.hold_seq AND e.kind IN (11, 12, 13)
    GROUP BY h.lane, h.hold_seq, h.is_open
    HAVING count(e.seq) <> CASE WHEN h.is_open THEN 0 ELSE 1 END
    UNION ALL
    -- What a move between lanes took is what arrived in the other.
    SELECT 'arrivals equal captures', format('hold %s:%s', h.lane, h.hold_seq),
           coalesce(x.points, 0)::text, h.captured_points::text
    FROM holds h LEFT JOIN (SELECT counter_lane AS lane, ref_seq AS hold_seq,
                                   sum(points)::bigint AS points
                            FROM entries WHERE kind = 15 GROUP BY 1, 2) x USING (lane, hold_seq)
    WHERE h.purpose = 6 AND NOT h.is_open AND coalesce(x.points, 0) <> h.captured_points
    UNION ALL
    -- Arrears are what was made less what was repaid; a wallet owes their sum.
    SELECT 'arrears equal their repayments', format('wallet %s:%s, entry %s', d.lane, d.wallet_id,
                                                    d.seq),
           d.owed_points::text,
           (d.points + coalesce(r.points, 0) - coalesce(f.points, 0))::text
    FROM arrears d
    LEFT JOIN (SELECT lane, arrears_seq AS seq, sum(points)::bigint AS points FROM allocations
               WHERE arrears_seq IS NOT NULL GROUP BY 1, 2) r USING (lane, seq)
    LEFT JOIN (SELECT lane, ref_seq AS seq, sum(points)::bigint AS points FROM entries
               WHERE kind = 19 AND mode = 1 GROUP BY 1, 2) f USING (lane, seq)
    WHERE d.owed_points <> d.points + coalesce(r.points, 0) - coalesce(f.points, 0)
    UNION ALL
    SELECT 'wallet equals its arrears', format('wallet %s:%s', w.lane, w.wallet_id),
           w.owed_points::text, coalesce(d.points, 0)::text
    FROM wallets w LEFT JOIN (SELECT lane, wallet_id, sum(owed_points)::bigint AS points
                              FROM arrears GROUP BY lane, wallet_id) d USING (lane, wallet_id)
    WHERE w.owed_points <> coalesce(d.points, 0)
    UNION ALL
    -- Lots belong to wallets.
    SELECT 'lot has a wallet', format('lot %s:%s', l.lane, l.lot_id), l.wallet_id::text,
           'a wallet of the lane'
    FROM lots l LEFT JOIN wallets w USING (lane, wallet_id) WHERE w.wallet_id IS NULL
    UNION ALL
    -- Sequences and lots are numbered densely; the lane knows the last number.
    SELECT 'sequence is dense', format('lane %s', l.lane),
           format('%s entries up to %s', e.entry_count, e.last_seq), l.last_seq::text
    FROM lanes l LEFT JOIN (SELECT lane, count(*) AS entry_count, max(seq) AS last_seq FROM entries
                            GROUP BY lane) e USING (lane)
    WHERE coalesce(e.entry_count, 0) <> l.last_seq OR coalesce(e.last_seq, 0) <> l.last_seq
    UNION ALL
    SELECT 'lots are numbered densely', format('lane %s', l.lane),
           format('%s lots up to %s', x.lot_count, x.last_lot_id), l.last_lot_id::text
    FROM lanes l LEFT JOIN (SELECT lane, count(*) AS lot_count, max(lot_id) AS last_lot_id FROM lots
                            GROUP BY lane) x USING (lane)
    WHERE coalesce(x.lot_count, 0) <> l.last_lot_id OR coalesce(x.last_lot_id, 0) <> l.last_lot_id
    UNION ALL
    -- posted_at never falls, and every entry lies in the segment of its posted_at.
    SELECT 'posted_at never falls', format('entry %s:%s', lane, seq), posted_at::text, before::text
    FROM (SELECT lane, seq, posted_at,
                 lag(posted_at) OVER (PARTITION BY lane ORDER BY seq) AS before
          FROM entries) x WHERE posted_at < before
    UNION ALL
    SELECT 'entry lies in its segment', format('entry %s:%s', e.lane, e.seq), e.segment_id::text,
           e.posted_at::text
    FROM entries e LEFT JOIN segments s ON s.segment_id = e.segment_id
         AND s.starts_at <= e.posted_at AND e.posted_at < s.ends_at
    WHERE s.segment_id IS NULL
    UNION ALL
    -- Cuts partition the sequence of every lane.
    SELECT 'cuts partition the lane', format('lane %s, segment %s', c.lane, c.segment_id),
           c.to_seq::text, coalesce(e.last_seq, 0)::text
    FROM cuts c JOIN segments s USING (segment_id)
    CROSS JOIN LATERAL (SELECT max(x.seq) AS last_seq
                        FROM entries x JOIN segments y ON y.segment_id = x.segment_id
                        WHERE x.lane = c.lane AND y.ends_at <= s.ends_at) e
    WHERE c.to_seq <> coalesce(e.last_seq, 0)
    UNION ALL
    -- Flows are the fold of the journal (2.14).
    SELECT 'flow equals the journal',
           format('lane %s, segment %s, kind %s, issuer %s, acceptor %s, terms %s/%s, reversal %s',
                  lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                  acceptor_terms_id, is_reversal),
           format('%s points, %s entries', f.points, f.entry_count),
           format('%s points, %s entries', j.points, j.entry_count)
    FROM flows f FULL JOIN (
        SELECT lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
               is_reversal, sum(points)::bigint AS points, sum(entry_count)::bigint AS entry_count
        FROM (SELECT lane, segment_id, kind, partner_id AS issuer_id, 0 AS acceptor_id,
                     terms_id AS issue_terms_id, 0 AS acceptor_terms_id,
                     false AS is_reversal, points, 1 AS entry_count FROM entries
              WHERE kind = 1 AND points > 0
              UNION ALL
              SELECT a.lane, e.segment_id, a.kind, a.issuer_id, a.acceptor_id, a.issue_terms_id,
                     a.acceptor_terms_id, a.is_reversal, abs(a.points), (a.line = 1)::integer
              FROM allocations a JOIN entries e USING (lane, seq)
              WHERE a.kind <> 6 AND a.points <> 0) moves
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) j
    USING (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
           is_reversal)
    WHERE f.points IS DISTINCT FROM j.points OR f.entry_count IS DISTINCT FROM j.entry_count
    UNION ALL
    -- Liabilities are what is outstanding.
    SELECT 'liability equals the lots',
           format('lane %s, issuer %s, terms %s, month %s', lane, issuer_id, issue_terms_id,
                  expires_month),
           coalesce(b.points, 0)::text, coalesce(o.points, 0)::text
    FROM liabilities b FULL JOIN (
        SELECT lane, issuer_id, issue_terms_id, ledger.month_of(expires_at) AS expires_month,
               sum(remaining_points)::bigint AS points
        FROM lots GROUP BY 1, 2, 3, 4) o USING (lane, issuer_id, issue_terms_id, expires_month)
    WHERE coalesce(b.points, 0) <> coalesce(o.points, 0)
    UNION ALL
    -- Every key was applied once, and every applied key has its entry.
    SELECT 'key has its entry', format('key %s:%s', k.lane, k.key_hash),
           coalesce(k.seq::text, 'none'), 'an entry of the same request'
    FROM keys k LEFT JOIN entries e ON e.lane = k.lane AND e.seq = k.seq
    WHERE (k.code = 0) <> (e.seq IS NOT NULL) OR e.request_hash <> k.request_hash
    UNION ALL
    SELECT 'key is applied once', format('entry %s:%s', lane, seq), count(*)::text, '1'
    FROM keys WHERE seq IS NOT NULL GROUP BY lane, seq HAVING count(*) > 1
    UNION ALL
    -- Caps: the slices of one are its limit, and what is used is the fold of its charges.
    SELECT 'slices sum to their cap', format('cap %s', k.cap_id), coalesce(s.granted, 0)::text,
           k.limit_amount::text
    FROM caps k LEFT JOIN (SELECT cap_id, sum(granted) AS granted FROM cap_slices
                           GROUP BY cap_id) s USING (cap_id)
    WHERE NOT k.is_per_wallet AND coalesce(s.granted, 0) <> k.limit_amount
    UNION ALL
    SELECT 'slice is within what it was granted', format('lane %s, cap %s', s.lane, s.cap_id),
           s.used::text, s.granted::text
    FROM cap_slices s JOIN caps k USING (cap_id) WHERE s.used > s.granted AND NOT k.is_overdrawn
    UNION ALL
    SELECT 'slice equals its charges', format('lane %s, cap %s', s.lane, s.cap_id), s.used::text,
           (coalesce(c.amount, 0) - coalesce(p.amount, 0))::text
    FROM cap_slices s
    LEFT JOIN (SELECT lane, cap_id, sum(amount) AS amount FROM charges GROUP BY 1, 2) c
         USING (lane, cap_id)
    LEFT JOIN (SELECT lane, cap_id, sum(amount) AS amount FROM cap_payments GROUP BY 1, 2) p
         USING (lane, cap_id)
    WHERE s.used <> coalesce(c.amount, 0) - coalesce(p.amount, 0)
    UNION ALL
    SELECT 'charge has a slice', format('lane %s, cap %s', c.lane, c.cap_id), 'none',
           'a slice of the lane'
    FROM (SELECT DISTINCT lane, cap_id FROM charges) c JOIN caps k USING (cap_id)
    LEFT JOIN cap_slices s USING (lane, cap_id) WHERE NOT k.is_per_wallet AND s.cap_id IS NULL
    UNION ALL
    SELECT 'usage of a wallet equals its charges',
           format('lane %s, cap %s, wallet %s', lane, cap_id, wallet_id),
           coalesce(u.used, 0)::text, coalesce(c.amount, 0)::text
    FROM cap_usage u FULL JOIN (
        SELECT lane, cap_id, wallet_id, sum(amount) AS amount
        FROM (SELECT lane, cap_id, wallet_id, amount FROM charges
              UNION ALL SELECT lane, cap_id, wallet_id, amount FROM cap_carries) used
        JOIN caps USING (cap_id) WHERE is_per_wallet GROUP BY 1, 2, 3) c
    USING (lane, cap_id, wallet_id)
    WHERE coalesce(u.used, 0) <> coalesce(c.amount, 0)
    UNION ALL
    -- Refunds never give back more than was redeemed.
    SELECT 'refunds stay within the redemption', format('entry %s:%s', e.lane, e.ref_seq),
           sum(e.points)::text, max(o.points)::text
    FROM entries e JOIN entries o ON o.lane = e.lane AND o.seq = e.ref_seq
    WHERE e.kind = 3 GROUP BY e.lane, e.ref_seq HAVING sum(e.points) > max(o.points)
    UNION ALL
    -- The leaf of every entry is the hash of what is stored. Lots and allocations are joined as
    -- sets: a look-up for each entry would cost ten times as much.
    SELECT 'leaf hashes its entry', format('entry %s:%s', e.lane, e.seq),
           encode(e.leaf_hash, 'hex'), encode(ledger.leaf_of(e), 'hex')
    FROM entries e
    LEFT JOIN lots l ON e.kind IN (1, 15) AND l.lane = e.lane AND l.lot_id = e.lot_id
    LEFT JOIN (SELECT x.lane, x.seq,
                      string_agg(ledger.allocation_body(x.kind, x.is_reversal, x.lot_id, x.points,
                                     x.held_points, x.issuer_id, x.acceptor_id, x.issue_terms_id,
                                     x.acceptor_terms_id, x.arrears_seq), NULL ORDER BY x.line)
                          AS body
               FROM allocations x GROUP BY x.lane, x.seq) a ON a.lane = e.lane AND a.seq = e.seq
    WHERE e.leaf_hash <> CASE WHEN e.lane = -1 THEN ledger.leaf_of(e) ELSE ledger.leaf_hash(
        e.salt, e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_lane,
        e.counter_wallet_id, e.points, e.asked_points, e.cap_id, e.mode, e.terms_id, e.ref_seq,
        e.lot_id, e.occurred_at, e.decided_at, e.posted_at, e.available_at, e.ends_at,
        e.request_hash, e.actor, e.reason, e.reference, e.category, e.match_rate::text,
        e.facts::text,
        CASE WHEN l.lot_id IS NOT NULL THEN
            ledger.lot_body(l.funder_id, l.issue_rank, l.restriction_id, l.contributor_wallet_id,
                            l.source_lane, l.source_lot_id) END, a.body) END
$$;

CREATE FUNCTION ledger.audit_news(a_lane smallint[], a_from bigint[]) RETURNS TABLE(rule text, place text, found text, expected text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    WITH since AS (
        SELECT * FROM unnest(a_lane, a_from) AS u (lane, from_seq)
    ), news AS MATERIALIZED (
        SELECT e.* FROM since s JOIN entries e ON e.lane = s.lane AND e.seq > s.from_seq
    ), touched AS MATERIALIZED (
        SELECT lane, wallet_id FROM news WHERE wallet_id IS NOT NULL
        UNION
        SELECT lane, counter_wallet_id FROM news WHERE kind = 6
    ), taken AS MATERIALIZED (          -- from each lot of those wallets, by all their entries
        SELECT a.lane, a.lot_id, sum(a.points)::bigint AS points,
               sum(a.held_points)::bigint AS held_points
        FROM touched t JOIN entries e ON e.lane = t.lane AND e.wallet_id = t.wallet_id
        JOIN allocations a ON a.lane = e.lane AND a.seq = e.seq
        GROUP BY a.lane, a.lot_id
    ), open_lots AS MATERIALIZED (
        SELECT l.* FROM touched t
        JOIN lots l ON l.lane = t.lane AND l.wallet_id = t.wallet_id AND l.is_open
    ), their_holds AS MATERIALIZED (
        SELECT h.* FROM news n JOIN holds h ON h.lane = n.lane AND h.hold_seq =
            CASE n.kind WHEN 10 THEN n.seq ELSE n.ref_seq END
        WHERE n.kind IN (10, 11, 12, 13)
    ), charged AS MATERIALIZED (
        SELECT DISTINCT c.lane, c.cap_id, c.wallet_id, k.is_per_wallet, k.is_overdrawn,
               k.limit_amount
        FROM news n
        CROSS JOIN LATERAL (SELECT * FROM charges x
                            WHERE x.lane = n.lane AND x.seq = n.seq OFFSET 0) c
        JOIN caps k ON k.cap_id = c.cap_id
    )
    SELECT 'sequence is dense', format('lane %s', l.lane),
           format('%s new entries up to %s', count(n.seq), coalesce(max(n.seq), s.from_seq)),
           l.last_seq::text
    FROM since s JOIN lanes l USING (lane) LEFT JOIN news n USING (lane)
    GROUP BY l.lane, l.last_seq, s.from_seq
    HAVING count(n.seq) <> l.last_seq - s.from_seq
        OR coalesce(max(n.seq), s.from_seq) <> l.last_seq
    UNION ALL
    SELECT 'posted_at never falls', format('entry %s:%s', n.lane, n.seq), n.posted_at::text,
           e.posted_at::text
    FROM news n JOIN entries e ON e.lane = n.lane AND e.seq = n.seq - 1
    WHERE n.posted_at < e.posted_at
    UNION ALL
    SELECT 'entry lies in its segment', format('entry %s:%s', n.lane, n.seq), n.segment_id::text,
           n.posted_at::text
    FROM news n LEFT JOIN segments s ON s.segment_id = n.segment_id
         AND s.starts_at <= n.posted_at AND n.posted_at < s.ends_at
    WHERE s.segment_id IS NULL
    UNION ALL
    SELECT 'leaf hashes its entry', format('entry %s:%s', e.lane, e.seq),
           encode(e.leaf_hash, 'hex'), encode(ledger.leaf_of(e), 'hex')
    FROM since s JOIN entries e ON e.lane = s.lane AND e.seq > s.from_seq
    WHERE e.leaf_hash <> ledger.leaf_of(e)
    UNION ALL
    SELECT 'entry equals its allocations', format('entry %s:%s', n.lane, n.seq), n.points::text,
           coalesce(a.points, 0)::text
    FROM news n LEFT JOIN LATERAL (
        SELECT CASE WHEN n.kind = 3 THEN sum(x.points) FILTER (WHERE x.is_reversal)
                    WHEN n.kind = 4 THEN coalesce(-sum(x.points), 0) + coalesce(
                        (SELECT d.points FROM arrears d WHERE d.lane = n.lane
                            AND d.wallet_id = n.wallet_id AND d.seq = n.seq), 0)
                    WHEN n.kind = 11 THEN -sum(x.points) FILTER (WHERE x.kind = n.mode)
                    WHEN n.kind IN (10, 12, 13) THEN abs(sum(x.held_points))
                    WHEN n.kind IN (16, 17) THEN -sum(x.points) FILTER (WHERE x.kind = 6)
                    ELSE -sum(x.points) END::bigint AS points
        FROM allocations x WHERE x.lane = n.lane AND x.seq = n.seq) a ON true
    WHERE n.lane >= 0 AND n.kind NOT IN (1, 15, 18, 19)
      AND n.points IS DISTINCT FROM coalesce(a.points, 0)
    UNION ALL
    SELECT 'lot equals its allocations', format('lot %s:%s', l.lane, l.lot_id),
           format('%s, held %s', l.remaining_points, l.held_points),
           format('%s, held %s', l.points + coalesce(t.points, 0), coalesce(t.held_points, 0))
    FROM (SELECT lane, lot_id FROM open_lots UNION SELECT lane, lot_id FROM taken) c
    JOIN lots l USING (lane, lot_id) LEFT JOIN taken t USING (lane, lot_id)
    WHERE l.remaining_points <> l.points + coalesce(t.points, 0)
       OR l.held_points <> coalesce(t.held_points, 0)
    UNION ALL
    SELECT 'lot is within its bounds', format('lot %s:%s', lane, lot_id),
           format('held %s, remaining %s, points %s', held_points, remaining_points, points),
           '0 <= held <= remaining <= points'
    FROM open_lots
    WHERE NOT (0 <= held_points AND held_points <= remaining_points AND remaining_points <= points)
    UNION ALL
    SELECT 'wallet equals its lots', format('wallet %s:%s', w.lane, w.wallet_id),
           format('%s, held %s', w.balance_points, w.held_points),
           format('%s, held %s', coalesce(l.points, 0), coalesce(l.held_points, 0))
    FROM touched t JOIN wallets w USING (lane, wallet_id)
    LEFT JOIN (SELECT lane, wallet_id, sum(remaining_points)::bigint AS points,
                      sum(held_points)::bigint AS held_points
               FROM open_lots GROUP BY lane, wallet_id) l USING (lane, wallet_id)
    WHERE w.balance_points <> coalesce(l.points, 0) OR w.held_points <> coalesce(l.held_points, 0)
    UNION ALL
    SELECT 'lot has a wallet', format('lot %s:%s', l.lane, l.lot_id), l.wallet_id::text,
           'a wallet of the lane'
    FROM open_lots l LEFT JOIN wallets w USING (lane, wallet_id) WHERE w.wallet_id IS NULL
    UNION ALL
    SELECT 'wallet equals its holds', format('wallet %s:%s', w.lane, w.wallet_id),
           w.held_points::text, coalesce(h.points, 0)::text
    FROM touched t JOIN wallets w USING (lane, wallet_id)
    CROSS JOIN LATERAL (SELECT sum(x.points)::bigint AS points FROM holds x
                        WHERE x.lane = w.lane AND x.wallet_id = w.wallet_id AND x.is_open) h
    WHERE w.held_points <> coalesce(h.points, 0)
    UNION ALL
    SELECT 'hold equals its lines', format('hold %s:%s', h.lane, h.hold_seq), h.points::text,
           coalesce(a.points, 0)::text
    FROM their_holds h CROSS JOIN LATERAL (
        SELECT sum(x.held_points)::bigint AS points FROM allocations x
        WHERE x.lane = h.lane AND x.seq = h.hold_seq) a
    WHERE h.points <> coalesce(a.points, 0)
    UNION ALL
    SELECT 'hold ends once', format('hold %s:%s', h.lane, h.hold_seq),
           format('open %s, %s ends', h.is_open, e.ends), 'open without an end, or one end'
    FROM their_holds h CROSS JOIN LATERAL (
        SELECT count(*) AS ends FROM entries x
        WHERE x.lane = h.lane AND x.ref_seq = h.hold_seq AND x.kind IN (11, 12, 13)) e
    WHERE e.ends <> CASE WHEN h.is_open THEN 0 ELSE 1 END
    UNION ALL
    SELECT 'arrivals equal captures', format('hold %s:%s', h.lane, h.hold_seq),
           coalesce(a.points, 0)::text, h.captured_points::text
    FROM their_holds h CROSS JOIN LATERAL (
        SELECT sum(x.points)::bigint AS points FROM entries x
        WHERE x.lane = h.counter_lane AND x.wallet_id = h.counter_wallet_id AND x.kind = 15
          AND x.counter_lane = h.lane AND x.ref_seq = h.hold_seq) a
    WHERE h.purpose = 6 AND NOT h.is_open AND coalesce(a.points, 0) <> h.captured_points
    UNION ALL
    SELECT 'arrears equal their repayments', format('wallet %s:%s, entry %s', d.lane, d.wallet_id,
                                                    d.seq),
           d.owed_points::text,
           (d.points + coalesce(r.points, 0) - coalesce(f.points, 0))::text
    FROM touched t JOIN arrears d USING (lane, wallet_id)
    CROSS JOIN LATERAL (
        SELECT sum(a.points)::bigint AS points
        FROM entries e JOIN allocations a ON a.lane = e.lane AND a.seq = e.seq
        WHERE e.lane = d.lane AND e.wallet_id = d.wallet_id AND a.arrears_seq = d.seq) r
    CROSS JOIN LATERAL (
        SELECT sum(e.points)::bigint AS points FROM entries e
        WHERE e.lane = d.lane AND e.ref_seq = d.seq AND e.kind = 19 AND e.mode = 1) f
    WHERE d.owed_points <> d.points + coalesce(r.points, 0) - coalesce(f.points, 0)
    UNION ALL
    SELECT 'wallet equals its arrears', format('wallet %s:%s', w.lane, w.wallet_id),
           w.owed_points::text, coalesce(d.points, 0)::text
    FROM touched t JOIN wallets w USING (lane, wallet_id)
    CROSS JOIN LATERAL (SELECT sum(x.owed_points)::bigint AS points FROM arrears x
                        WHERE x.lane = w.lane AND x.wallet_id = w.wallet_id) d
    WHERE w.owed_points <> coalesce(d.points, 0)
    UNION ALL
    SELECT 'refunds stay within the redemption', format('entry %s:%s', o.lane, o.seq),
           r.points::text, o.points::text
    FROM (SELECT DISTINCT lane, ref_seq FROM news WHERE kind = 3) n
    JOIN entries o ON o.lane = n.lane AND o.seq = n.ref_seq
    CROSS JOIN LATERAL (SELECT sum(e.points) AS points FROM entries e
                        WHERE e.lane = o.lane AND e.ref_seq = o.seq AND e.kind = 3) r
    WHERE r.points > o.points
    UNION ALL
    SELECT 'cuts partition the lane', format('lane %s, segment %s', c.lane, c.segment_id),
           c.to_seq::text, x.last_seq::text
    FROM since s JOIN cuts c ON c.lane = s.lane JOIN segments g ON g.segment_id = c.segment_id
    CROSS JOIN LATERAL (
        SELECT coalesce(max(n.seq), s.from_seq) AS last_seq
        FROM news n JOIN segments y ON y.segment_id = n.segment_id
        WHERE n.lane = c.lane AND y.ends_at <= g.ends_at) x
    WHERE c.to_seq <> x.last_seq
      AND (c.to_seq > s.from_seq OR (c.lane, c.segment_id) IN (SELECT lane, segment_id FROM news))
    UNION ALL
    SELECT 'flow equals the journal',
           format('lane %s, segment %s, kind %s, issuer %s, acceptor %s, terms %s/%s, reversal %s',
                  j.lane, j.segment_id, j.kind, j.issuer_id, j.acceptor_id, j.issue_terms_id,
                  j.acceptor_terms_id, j.is_reversal),
           format('%s points, %s entries', coalesce(f.points, 0), coalesce(f.entry_count, 0)),
           format('%s points, %s entries, or more', j.points, j.entry_count)
    FROM (SELECT lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
                 is_reversal, sum(points)::bigint AS points, sum(entry_count) AS entry_count
          FROM (SELECT lane, segment_id, kind, partner_id AS issuer_id, 0 AS acceptor_id,
                       terms_id AS issue_terms_id, 0 AS acceptor_terms_id, false AS is_reversal,
                       points, 1 AS entry_count
                FROM news WHERE kind = 1 AND points > 0
                UNION ALL
                SELECT a.lane, n.segment_id, a.kind, a.issuer_id, a.acceptor_id, a.issue_terms_id,
                       a.acceptor_terms_id, a.is_reversal, abs(a.points), (a.line = 1)::integer
                FROM news n JOIN allocations a ON a.lane = n.lane AND a.seq = n.seq
                WHERE a.kind <> 6 AND a.points <> 0) moves
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) j
    LEFT JOIN LATERAL (
        SELECT x.points, x.entry_count FROM flows x
        WHERE x.lane = j.lane AND x.segment_id = j.segment_id AND x.kind = j.kind
          AND x.issuer_id = j.issuer_id AND x.acceptor_id = j.acceptor_id
          AND x.issue_terms_id = j.issue_terms_id AND x.acceptor_terms_id = j.acceptor_terms_id
          AND x.is_reversal = j.is_reversal OFFSET 0) f ON true
    WHERE coalesce(f.points, 0) < j.points OR coalesce(f.entry_count, 0) < j.entry_count
    UNION ALL
    SELECT 'liability equals the lots',
           format('lane %s, issuer %s, terms %s, month %s', o.lane, o.issuer_id, o.issue_terms_id,
                  o.expires_month),
           coalesce(b.points, 0)::text, format('%s or more', o.points)
    FROM (SELECT lane, issuer_id, issue_terms_id, ledger.month_of(expires_at) AS expires_month,
                 sum(remaining_points)::bigint AS points
          FROM open_lots GROUP BY 1, 2, 3, 4) o
    LEFT JOIN LATERAL (
        SELECT x.points FROM liabilities x
        WHERE x.lane = o.lane AND x.issuer_id = o.issuer_id
          AND x.issue_terms_id = o.issue_terms_id AND x.expires_month = o.expires_month
        OFFSET 0) b ON true
    WHERE coalesce(b.points, 0) < o.points
    UNION ALL
    SELECT 'slices sum to their cap', format('cap %s', k.cap_id), coalesce(s.granted, 0)::text,
           k.limit_amount::text
    FROM (SELECT DISTINCT cap_id, limit_amount FROM charged WHERE NOT is_per_wallet) k
    CROSS JOIN LATERAL (SELECT sum(x.granted) AS granted FROM cap_slices x
                        WHERE x.cap_id = k.cap_id) s
    WHERE coalesce(s.granted, 0) <> k.limit_amount
    UNION ALL
    SELECT CASE WHEN s.cap_id IS NULL THEN 'charge has a slice'
                ELSE 'slice is within what it was granted' END,
           format('lane %s, cap %s', k.lane, k.cap_id), coalesce(s.used::text, 'none'),
           coalesce(s.granted::text, 'a slice of the lane')
    FROM (SELECT DISTINCT lane, cap_id, is_overdrawn FROM charged WHERE NOT is_per_wallet) k
    LEFT JOIN cap_slices s USING (lane, cap_id)
    WHERE s.cap_id IS NULL OR s.used > s.granted AND NOT k.is_overdrawn
    UNION ALL
    SELECT 'usage of a wallet equals its charges',
           format('lane %s, cap %s, wallet %s', k.lane, k.cap_id, k.wallet_id),
           coalesce(u.used, 0)::text, (coalesce(c.amount, 0) + coalesce(p.amount, 0))::text
    FROM charged k LEFT JOIN cap_usage u USING (lane, cap_id, wallet_id)
    CROSS JOIN LATERAL (
        SELECT sum(x.amount) AS amount FROM entries e
        JOIN charges x ON x.lane = e.lane AND x.seq = e.seq AND x.cap_id = k.cap_id
        WHERE e.lane = k.lane AND e.wallet_id = k.wallet_id) c
    CROSS JOIN LATERAL (
        SELECT sum(x.amount) AS amount FROM cap_carries x
        WHERE x.lane = k.lane AND x.wallet_id = k.wallet_id AND x.cap_id = k.cap_id) p
    WHERE k.is_per_wallet AND coalesce(u.used, 0) <> coalesce(c.amount, 0) + coalesce(p.amount, 0)
$$;

CREATE FUNCTION ledger.book_charges(ops ledger.operation[], charges ledger.charge[], seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    WITH charge AS MATERIALIZED (
        SELECT c.*, o.lane, seqs[c.ix] AS seq,
               row_number() OVER (PARTITION BY c.ix ORDER BY c.cap_id, c.issue_terms_id)::integer
                   AS line
        FROM unnest(charges) c JOIN unnest(ops) o ON o.ix = c.ix
        WHERE seqs[c.ix] > 0 AND c.amount <> 0
    ), written AS (
        INSERT INTO charges (lane, seq, line, cap_id, wallet_id, amount, unit_amount, back_amount,
                             issue_terms_id, origin_seq)
        SELECT lane, seq, line, cap_id, wallet_id, amount, unit_amount, back_amount, issue_terms_id,
               origin_seq
        FROM charge
    ), slice AS (
        UPDATE cap_slices s SET used = s.used + c.amount
        FROM (SELECT lane, cap_id, sum(amount) AS amount FROM charge GROUP BY lane, cap_id) c
        CROSS JOIN LATERAL (SELECT x.ctid FROM cap_slices x
                            WHERE x.lane = c.lane AND x.cap_id = c.cap_id OFFSET 0) place
        WHERE s.ctid = place.ctid
    )
    INSERT INTO cap_usage AS u (lane, cap_id, wallet_id, used)
    SELECT c.lane, c.cap_id, c.wallet_id, sum(c.amount) FROM charge c
    CROSS JOIN LATERAL (SELECT x.is_per_wallet FROM caps x WHERE x.cap_id = c.cap_id OFFSET 0) k
    WHERE k.is_per_wallet GROUP BY 1, 2, 3
    ON CONFLICT (lane, cap_id, wallet_id) DO UPDATE SET used = u.used + excluded.used;
END $$;

CREATE FUNCTION ledger.book_claims(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    WITH op AS MATERIALIZED (
        SELECT o.ix, o.lane, o.kind, o.wallet_id, o.partner_id, o.points, o.mode, o.ref_seq,
               o.ends_at, o.counter_lane, o.counter_wallet_id, o.owed_change,
               seqs[o.ix] AS new_seq
        FROM unnest(ops) o WHERE seqs[o.ix] > 0
    ), held AS (
        INSERT INTO holds (lane, hold_seq, wallet_id, partner_id, purpose, points, ends_at,
                           counter_lane, counter_wallet_id)
        SELECT lane, new_seq, wallet_id, partner_id, mode, points, ends_at, counter_lane,
               counter_wallet_id
        FROM op WHERE kind = 10
    ), ended_hold AS (
        UPDATE holds h SET is_open = false, ended_seq = o.new_seq,
                           captured_points = CASE o.kind WHEN 11 THEN o.points ELSE 0 END
        FROM op o CROSS JOIN LATERAL (
            SELECT x.ctid FROM holds x WHERE x.lane = o.lane AND x.hold_seq = o.ref_seq OFFSET 0
        ) place
        WHERE o.kind IN (11, 12, 13) AND h.ctid = place.ctid
    ), indebted AS (
        INSERT INTO arrears (lane, wallet_id, seq, creditor_id, points, owed_points)
        SELECT lane, wallet_id, new_seq, partner_id, owed_change, owed_change
        FROM op WHERE owed_change > 0
    ), repayment AS (
        SELECT lane, wallet_id, arrears_seq, sum(points)::bigint AS points
        FROM (SELECT o.lane, o.wallet_id, d.arrears_seq, d.points
              FROM unnest(drafts) d JOIN op o ON o.ix = d.ix
              WHERE d.arrears_seq IS NOT NULL
              UNION ALL
              SELECT lane, wallet_id, ref_seq, owed_change FROM op
              WHERE kind = 19 AND owed_change < 0) repaid
        GROUP BY lane, wallet_id, arrears_seq
    )
    UPDATE arrears a SET owed_points = a.owed_points + r.points
    FROM repayment r CROSS JOIN LATERAL (
        SELECT x.ctid FROM arrears x
        WHERE x.lane = r.lane AND x.wallet_id = r.wallet_id AND x.seq = r.arrears_seq OFFSET 0
    ) place
    WHERE a.ctid = place.ctid;
END $$;

CREATE FUNCTION ledger.book_moved_lots(ops ledger.operation[], drafts ledger.draft[], seqs bigint[], first_lots bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    INSERT INTO lots (lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points,
                      remaining_points, issue_rank, available_at, expires_at, source_seq,
                      source_lot_id, restriction_id, contributor_wallet_id)
    SELECT l.lane, first_lots[d.ix] + d.new_lot - 1,
           CASE o.kind WHEN 6 THEN o.counter_wallet_id ELSE o.wallet_id END,
           l.issuer_id, l.funder_id, l.issue_terms_id, -d.points, -d.points, l.issue_rank,
           l.available_at, CASE o.kind WHEN 6 THEN d.expires_at ELSE o.ends_at END, seqs[d.ix],
           l.lot_id, l.restriction_id, coalesce(o.contributor_wallet_id, l.contributor_wallet_id)
    FROM unnest(drafts) d JOIN unnest(ops) o ON o.ix = d.ix AND seqs[o.ix] > 0
    CROSS JOIN LATERAL (SELECT * FROM lots x
                        WHERE x.lane = o.lane AND x.lot_id = d.lot_id OFFSET 0) l
    WHERE d.new_lot IS NOT NULL;
END $$;

CREATE FUNCTION ledger.borrow_slice(p_cap bigint, p_lane smallint, p_wanted numeric) RETURNS numeric
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    lenders smallint[];
    aim numeric;
    here numeric;
    piece numeric;
    lender record;
BEGIN
    IF (SELECT k.is_overdrawn FROM caps k WHERE k.cap_id = p_cap) THEN
        RETURN ledger.level_slices(p_cap, p_lane, p_wanted);
    END IF;
    SELECT greatest(p_wanted, div(sum(s.granted - s.used), 16)) INTO aim FROM cap_slices s
    WHERE s.cap_id = p_cap;
    SELECT array_agg(x.lane) INTO lenders
    FROM (SELECT s.lane, sum(s.granted - s.used) OVER w - (s.granted - s.used) AS before
          FROM cap_slices s WHERE s.cap_id = p_cap AND s.granted > s.used AND s.lane <> p_lane
          WINDOW w AS (ORDER BY s.granted - s.used DESC, s.lane)) x
    WHERE x.before < aim;
    PERFORM FROM lanes WHERE lane = ANY (lenders || p_lane) ORDER BY lane FOR UPDATE;
    IF (SELECT k.is_overdrawn FROM caps k WHERE k.cap_id = p_cap) THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(sum(s.granted - s.used), 0) INTO here FROM cap_slices s
    WHERE s.lane = p_lane AND s.cap_id = p_cap;
    FOR lender IN
        SELECT s.lane, s.granted - s.used AS spare FROM cap_slices s
        WHERE s.cap_id = p_cap AND s.lane = ANY (lenders) AND s.granted > s.used
        ORDER BY spare DESC, s.lane
    LOOP
        EXIT WHEN here >= aim;
        piece := least(lender.spare, aim - here);
        UPDATE cap_slices s SET granted = s.granted - piece
        WHERE s.lane = lender.lane AND s.cap_id = p_cap;
        INSERT INTO cap_slices AS s (lane, cap_id, granted) VALUES (p_lane, p_cap, piece)
        ON CONFLICT (lane, cap_id) DO UPDATE SET granted = s.granted + excluded.granted;
        here := here + piece;
    END LOOP;
    IF here >= p_wanted
       OR here < (SELECT sum(s.granted - s.used) FROM cap_slices s WHERE s.cap_id = p_cap) THEN
        RETURN NULL;
    END IF;
    RETURN greatest(here, 0);
END $$;

CREATE FUNCTION ledger.carry(p_lane smallint, p_cap bigint, p_wallet bigint, p_key uuid, p_amount numeric) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO cap_carries (lane, wallet_id, line, cap_id, key_hash, amount)
    SELECT p_lane, p_wallet, coalesce(max(c.line), 0) + 1, p_cap, p_key, p_amount
    FROM cap_carries c WHERE c.lane = p_lane AND c.wallet_id = p_wallet;
    INSERT INTO cap_usage AS u (lane, cap_id, wallet_id, used)
    VALUES (p_lane, p_cap, p_wallet, p_amount)
    ON CONFLICT (lane, cap_id, wallet_id) DO UPDATE SET used = u.used + excluded.used;
END $$;

CREATE FUNCTION ledger.carry_back(p_lane smallint, p_wallet bigint, p_from_lane smallint, p_from_wallet bigint, p_key uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    carried record;
BEGIN
    PERFORM FROM lanes WHERE lane IN (p_lane, p_from_lane) ORDER BY lane FOR UPDATE;
    FOR carried IN
        SELECT c.cap_id, sum(c.amount) AS amount FROM cap_carries c
        WHERE c.lane = p_from_lane AND c.wallet_id = p_from_wallet AND c.key_hash = p_key
        GROUP BY c.cap_id HAVING sum(c.amount) <> 0
    LOOP
        PERFORM ledger.carry(p_from_lane, carried.cap_id, p_from_wallet, p_key, -carried.amount);
        PERFORM ledger.carry(p_lane, carried.cap_id, p_wallet, p_key, carried.amount);
    END LOOP;
END $$;

CREATE FUNCTION ledger.carry_usage(p_lane smallint, p_wallet bigint, p_to_lane smallint, p_to_wallet bigint, p_key uuid, p_since timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    carried record;
BEGIN
    PERFORM FROM lanes WHERE lane IN (p_lane, p_to_lane) ORDER BY lane FOR UPDATE;
    FOR carried IN
        SELECT u.cap_id, u.used FROM caps k
        JOIN cap_usage u ON u.lane = p_lane AND u.cap_id = k.cap_id AND u.wallet_id = p_wallet
        WHERE k.is_per_wallet AND k.ends_at > p_since AND u.used <> 0
    LOOP
        PERFORM ledger.carry(p_lane, carried.cap_id, p_wallet, p_key, -carried.used);
        PERFORM ledger.carry(p_to_lane, carried.cap_id, p_to_wallet, p_key, carried.used);
    END LOOP;
END $$;

CREATE FUNCTION ledger.charge_amounts(ops ledger.operation[], drafts ledger.draft[], charges ledger.charge[]) RETURNS ledger.charge[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        SELECT array_agg((c.ix, c.cap_id, c.unit_amount, c.back_amount, c.issue_terms_id,
                          c.rest_amount,
                          c.unit_amount * CASE WHEN c.issue_terms_id IS NULL THEN o.points
                                               ELSE coalesce(d.points, 0) END,
                          NULL, o.wallet_id)::ledger.charge
                         ORDER BY c.ix, k.is_per_wallet DESC, k.cap_id)
        FROM unnest(charges) c
        JOIN unnest(ops) o ON o.ix = c.ix AND o.code = 0 AND NOT o.is_replay
        CROSS JOIN LATERAL (SELECT * FROM caps x WHERE x.cap_id = c.cap_id OFFSET 0) k
        LEFT JOIN (SELECT x.ix, x.issue_terms_id, sum(x.held_points - x.points) AS points
                   FROM unnest(drafts) x GROUP BY x.ix, x.issue_terms_id) d
             ON d.ix = c.ix AND d.issue_terms_id = c.issue_terms_id);
END $$;

CREATE FUNCTION ledger.charges_given_back(ops ledger.operation[], drafts ledger.draft[]) RETURNS ledger.charge[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        WITH undone AS (
            SELECT o.ix, o.lane, coalesce(e.ref_seq, o.ref_seq) AS origin_seq, d.issue_terms_id,
                   d.points
            FROM unnest(ops) o
            LEFT JOIN LATERAL (SELECT x.kind, x.ref_seq FROM entries x
                               WHERE o.kind = 3 AND x.lane = o.lane
                                 AND x.seq BETWEEN o.ref_seq AND o.ref_seq
                               ORDER BY x.seq OFFSET 0) e ON e.kind = 11
            CROSS JOIN LATERAL (
                SELECT x.issue_terms_id,
                       sum(CASE o.kind WHEN 3 THEN x.points ELSE -x.held_points END) AS points
                FROM unnest(drafts) x
                WHERE o.kind <> 4 AND x.ix = o.ix
                  AND CASE o.kind WHEN 3 THEN x.is_reversal ELSE x.kind IN (5, 10) END
                GROUP BY x.issue_terms_id
                UNION ALL
                SELECT NULL, o.points WHERE o.kind = 4) d
            WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (3, 4, 11, 12, 13) AND d.points > 0
        )
        SELECT array_agg((u.ix, c.cap_id, c.unit_amount, c.back_amount, c.issue_terms_id, NULL,
                          -c.back_amount * u.points, u.origin_seq, c.wallet_id)::ledger.charge)
        FROM (SELECT ix, lane, origin_seq, NULL::integer AS issue_terms_id, sum(points) AS points
              FROM undone GROUP BY ix, lane, origin_seq
              UNION ALL
              SELECT * FROM undone WHERE issue_terms_id IS NOT NULL) u
        CROSS JOIN LATERAL (SELECT * FROM charges x
                            WHERE x.lane = u.lane AND x.seq = u.origin_seq AND x.amount > 0
                              AND x.issue_terms_id IS NOT DISTINCT FROM u.issue_terms_id
                            OFFSET 0) c
        CROSS JOIN LATERAL (SELECT x.kind FROM entries x
                            WHERE x.lane = u.lane AND x.seq BETWEEN u.origin_seq AND u.origin_seq
                            ORDER BY x.seq OFFSET 0) origin
        WHERE ((ops[u.ix]).kind = 4) = (origin.kind = 1));
END $$;

CREATE FUNCTION ledger.cut_lane(p_lane smallint, p_segment bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    here lanes;
    next_segment segments;
BEGIN
    SELECT * INTO STRICT here FROM lanes WHERE lane = p_lane FOR UPDATE;
    IF here.segment_id <> p_segment THEN
        RETURN EXISTS (SELECT FROM cuts WHERE lane = p_lane AND segment_id = p_segment);
    END IF;
    -- In order, so that a plan made while there are no lots and holds takes these indexes too.
    IF (SELECT l.lot_id FROM lots l
        WHERE l.lane = p_lane AND l.is_open AND l.expires_at < 'infinity'
          AND l.expires_at < here.segment_until AND l.remaining_points > l.held_points
        ORDER BY l.expires_at LIMIT 1) IS NOT NULL
       OR (SELECT h.hold_seq FROM holds h WHERE h.lane = p_lane AND h.is_open
             AND h.ends_at < 'infinity' AND h.ends_at < here.segment_until
           ORDER BY h.ends_at LIMIT 1) IS NOT NULL THEN
        RETURN false;
    END IF;
    SELECT * INTO STRICT next_segment FROM segments WHERE starts_at = here.segment_until;
    INSERT INTO cuts (lane, segment_id, to_seq) VALUES (p_lane, p_segment, here.last_seq);
    UPDATE lanes SET segment_id = next_segment.segment_id, segment_until = next_segment.ends_at,
                     last_posted_at = greatest(here.last_posted_at, next_segment.starts_at)
    WHERE lane = p_lane;
    RETURN true;
END $$;

CREATE FUNCTION ledger.do_charges_fit(ops ledger.operation[], charges ledger.charge[]) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM (SELECT o.lane, c.cap_id,
                            CASE WHEN k.is_per_wallet THEN c.wallet_id END AS wallet_id,
                            sum(c.amount) AS amount, min(c.rest_amount) AS limit_amount
                     FROM unnest(charges) c JOIN unnest(ops) o ON o.ix = c.ix
                     CROSS JOIN LATERAL (SELECT x.is_per_wallet FROM caps x
                                         WHERE x.cap_id = c.cap_id OFFSET 0) k
                     WHERE c.amount > 0 GROUP BY 1, 2, 3) needed
        CROSS JOIN LATERAL (SELECT * FROM caps x WHERE x.cap_id = needed.cap_id OFFSET 0) k
        LEFT JOIN LATERAL (SELECT * FROM cap_slices x
                           WHERE x.lane = needed.lane AND x.cap_id = needed.cap_id OFFSET 0) s
             ON true
        LEFT JOIN LATERAL (SELECT * FROM cap_usage x
                           WHERE x.lane = needed.lane AND x.cap_id = needed.cap_id
                             AND x.wallet_id = needed.wallet_id OFFSET 0) u ON true
        WHERE needed.amount > CASE WHEN k.is_per_wallet
                                   THEN coalesce(needed.limit_amount, k.limit_amount)
                                        - coalesce(u.used, 0)
                                   WHEN k.is_overdrawn THEN 0
                                   ELSE coalesce(s.granted - s.used, 0) END);
END $$;

CREATE FUNCTION ledger.draft_due_repayments(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op ledger.operation;
    pieces ledger.draft[];
    repaid ledger.draft[];
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind = 14 ORDER BY o.ix
    LOOP
        pieces := ledger.free_pieces(op.lane, op.wallet_id, op.decided_at, NULL);
        repaid := ledger.draft_repayment(op.lane, op.wallet_id, op.ix, 0, pieces, NULL);
        IF repaid IS NULL THEN
            ops[op.ix].code := 53;                                          -- nothing to book
        ELSE
            ops[op.ix].owed_change := ledger.repaid_by(repaid);
            ops[op.ix].points := -ops[op.ix].owed_change;
            drafts := drafts || repaid;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draft_expiries(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op ledger.operation;
    expiring ledger.draft[];
    total bigint;
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind = 5 ORDER BY o.ix
    LOOP
        SELECT array_agg((op.ix, n, 5::smallint, false, l.lot_id, -l.free, 0, l.issuer_id,
                          l.issue_terms_id, l.expires_at, NULL, NULL, NULL)::ledger.draft
                         ORDER BY n),
               sum(l.free)
        INTO expiring, total
        FROM (SELECT x.*, x.remaining_points - x.held_points AS free,
                     row_number() OVER (ORDER BY x.expires_at, x.issue_rank, x.lot_id)::integer AS n
              FROM lots x
              WHERE x.lane = op.lane AND x.wallet_id = op.wallet_id AND x.is_open
                AND x.expires_at <= op.decided_at AND x.remaining_points > x.held_points) l;
        IF total IS NULL THEN
            ops[op.ix].code := 53;                                          -- nothing to expire
        ELSE
            ops[op.ix].points := total;
            drafts := drafts || expiring;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draft_hold_ends(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    hold record;
    op ledger.operation;
    repaid ledger.draft[];
BEGIN
    FOR hold IN
        WITH asked AS MATERIALIZED (
            SELECT o.ix, o.lane, o.wallet_id, o.kind, o.decided_at, o.ref_seq, o.is_owing,
                   h.points, h.purpose, h.partner_id, h.counter_lane, h.counter_wallet_id,
                   CASE o.kind WHEN 11 THEN o.points ELSE 0 END AS taken,
                   CASE WHEN h.hold_seq IS NULL THEN 6                      -- UnknownReference
                        WHEN o.kind = 13 AND NOT (h.is_open AND h.ends_at <= o.decided_at) THEN 53
                        WHEN NOT h.is_open THEN 12                          -- HoldEnded
                        WHEN o.kind = 11 AND o.points > h.points THEN 13    -- CaptureExceedsHold
                        WHEN o.kind = 11 AND h.purpose <> 6 AND t.terms_id IS NULL THEN
                            CASE WHEN ledger.has_terms(o.partner_id, o.occurred_at) THEN 52
                                 ELSE 4 END
                        ELSE 0 END::smallint AS code
            FROM unnest(ops) o
            LEFT JOIN LATERAL (SELECT * FROM holds x
                               WHERE x.lane = o.lane AND x.hold_seq = o.ref_seq OFFSET 0) h
                 ON h.wallet_id = o.wallet_id AND (h.partner_id = o.partner_id OR o.kind = 13)
            LEFT JOIN LATERAL (SELECT * FROM terms_spans x
                               WHERE x.terms_id = o.terms_id AND x.partner_id = o.partner_id
                                 AND x.effective_from <= o.occurred_at
                                 AND o.occurred_at < x.effective_until OFFSET 0) t ON true
            WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (11, 12, 13)
        ), held AS (
            SELECT k.*, a.lot_id, a.issuer_id, a.issue_terms_id, l.expires_at,
                   l.restriction_id IS NULL AND l.available_at <= k.decided_at AS is_general,
                   (sum(a.held_points) OVER w)::bigint - a.held_points AS low,
                   (sum(a.held_points) OVER w)::bigint AS high
            FROM asked k
            CROSS JOIN LATERAL (SELECT * FROM allocations x
                                WHERE x.lane = k.lane AND x.seq = k.ref_seq OFFSET 0) a
            CROSS JOIN LATERAL (SELECT * FROM lots x
                                WHERE x.lane = k.lane AND x.lot_id = a.lot_id OFFSET 0) l
            WHERE k.code = 0
            WINDOW w AS (PARTITION BY k.ix ORDER BY a.line ROWS UNBOUNDED PRECEDING)
        ), part AS (
            SELECT h.purpose AS part_kind, h.*, least(h.high, h.taken) - h.low AS n FROM held h
            WHERE h.low < h.taken
            UNION ALL
            SELECT CASE WHEN h.expires_at <= h.decided_at THEN 5 ELSE 10 END::smallint, h.*,
                   h.high - greatest(h.low, h.taken)
            FROM held h WHERE h.taken < h.high
        )
        SELECT ix, lane, wallet_id, kind, is_owing, points, purpose, partner_id, counter_lane,
               counter_wallet_id, code,
               array_agg((ix, number, part_kind, false, lot_id,
                          CASE part_kind WHEN 10 THEN 0 ELSE -n END, -n, issuer_id,
                          issue_terms_id, expires_at, NULL, NULL, NULL)::ledger.draft
                         ORDER BY number) AS ending,
               array_agg((ix, number, part_kind, false, lot_id, n, 0, issuer_id,
                          issue_terms_id, expires_at, NULL, NULL, NULL)::ledger.draft
                         ORDER BY number) FILTER (WHERE part_kind = 10 AND is_general) AS freed,
               coalesce(sum(n) FILTER (WHERE part_kind = 5), 0) AS gone
        FROM (SELECT *, row_number() OVER (PARTITION BY ix ORDER BY low, part_kind IN (5, 10))
                            ::integer AS number
              FROM part) numbered
        GROUP BY ix, lane, wallet_id, kind, is_owing, points, purpose, partner_id, counter_lane,
                 counter_wallet_id, code
        UNION ALL
        SELECT ix, lane, wallet_id, kind, is_owing, points, purpose, partner_id, counter_lane,
               counter_wallet_id, code, NULL, NULL, 0
        FROM asked WHERE code <> 0
        ORDER BY ix
    LOOP
        IF hold.code <> 0 THEN
            ops[hold.ix].code := hold.code;
            IF hold.code = 13 THEN
                ops[hold.ix].detail := hold.points;
            END IF;
            CONTINUE;
        END IF;
        op := ops[hold.ix];     -- once: each change of one field would copy all of them
        op.detail := hold.gone;
        op.mode := hold.purpose;
        op.counter_lane := hold.counter_lane;
        op.counter_wallet_id := hold.counter_wallet_id;
        IF hold.kind <> 11 THEN
            op.points := hold.points;
            op.partner_id := hold.partner_id;
        END IF;
        drafts := drafts || hold.ending;
        IF hold.is_owing THEN
            repaid := ledger.draft_repayment(hold.lane, hold.wallet_id, hold.ix,
                                             cardinality(hold.ending), hold.freed, NULL);
            op.owed_change := ledger.repaid_by(repaid);
            drafts := drafts || repaid;
        END IF;
        ops[hold.ix] := op;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draft_lot_changes(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op ledger.operation;
    lot ledger.lots;
    free bigint;
    booked bigint;      -- points of the lot that are booked as expired
    moved ledger.draft;
    repaid ledger.draft[];
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (16, 17, 18) ORDER BY o.ix
    LOOP
        SELECT * INTO lot FROM lots l
        WHERE l.lane = op.lane AND l.lot_id = op.lot_id AND l.wallet_id = op.wallet_id;
        IF NOT FOUND THEN
            ops[op.ix].code := 6;                                           -- UnknownReference
            CONTINUE;
        END IF;
        free := lot.remaining_points - lot.held_points;
        moved := (op.ix, 1, 6::smallint, false, lot.lot_id, -op.points, 0, lot.issuer_id,
                  lot.issue_terms_id, lot.expires_at, 1, NULL, NULL);
        IF op.kind = 16 THEN
            IF lot.expires_at <= op.decided_at THEN
                ops[op.ix].code := 7;                                       -- LotExpired
            ELSIF op.ends_at <= lot.expires_at THEN
                ops[op.ix].code := 18;                                      -- EndNotLater
            ELSIF op.points > free THEN
                ops[op.ix].code := 8;                                       -- LotSpent
                ops[op.ix].detail := free;
            ELSE
                drafts := drafts || moved;
            END IF;
        ELSIF op.kind = 17 THEN
            booked := ledger.points_taken(op.lane, op.wallet_id, op.lot_id, 5::smallint);
            IF lot.expires_at > op.decided_at THEN
                ops[op.ix].code := 19;                                      -- LotNotExpired
            ELSIF op.ends_at <= op.decided_at THEN
                ops[op.ix].code := 18;                                      -- EndNotLater
            ELSIF op.points > free + booked THEN
                ops[op.ix].code := 14;                                      -- ExceedsExpired
                ops[op.ix].detail := free + booked;
            ELSE
                ops[op.ix].detail := least(op.points, free);
                IF op.points > free THEN
                    drafts := drafts || (op.ix, 1, 5::smallint, true, lot.lot_id, op.points - free,
                                         0, lot.issuer_id, lot.issue_terms_id, lot.expires_at,
                                         NULL, NULL, NULL)::ledger.draft;
                    moved.line := 2;
                END IF;
                drafts := drafts || moved;
            END IF;
        ELSIF lot.available_at <= op.decided_at OR free = 0 THEN
            ops[op.ix].code := 15;                                          -- LotNotPending
        ELSIF lot.expires_at <= op.decided_at THEN
            ops[op.ix].code := 7;                                           -- LotExpired
        ELSE
            ops[op.ix].points := free;
            IF op.is_owing AND lot.restriction_id IS NULL THEN
                moved.points := free;
                repaid := ledger.draft_repayment(op.lane, op.wallet_id, op.ix, 0, ARRAY[moved],
                                                 NULL);
                ops[op.ix].owed_change := ledger.repaid_by(repaid);
                drafts := drafts || repaid;
            END IF;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draft_refunds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op ledger.operation;
    redemption record;
    refunded bigint;
    refund_drafts ledger.draft[];
    back ledger.draft[];        -- what is usable again
    repaid ledger.draft[];
    gone bigint;                -- what is not, or lies in a reinstated lot
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind = 3 ORDER BY o.ix
    LOOP
        SELECT CASE WHEN e.kind = 11 THEN h.purpose ELSE e.kind END AS kind, e.points, e.terms_id,
               e.match_rate
        INTO redemption
        FROM (SELECT * FROM entries x
              WHERE x.lane = op.lane AND x.seq BETWEEN op.ref_seq AND op.ref_seq
              ORDER BY x.seq OFFSET 0) e
        LEFT JOIN LATERAL (SELECT x.purpose FROM holds x
                           WHERE e.kind = 11 AND x.lane = e.lane AND x.hold_seq = e.ref_seq
                           OFFSET 0) h ON true
        WHERE e.wallet_id = op.wallet_id AND e.partner_id = op.partner_id
          AND (e.kind IN (2, 7, 8) OR e.kind = 9 AND e.mode = 1 OR h.purpose IN (2, 7, 8));
        IF NOT FOUND THEN
            ops[op.ix].code := 6;                                           -- UnknownReference
            CONTINUE;
        END IF;
        SELECT coalesce(sum(e.points), 0) INTO refunded
        FROM (SELECT x.kind, x.points FROM entries x
              WHERE x.lane = op.lane AND x.ref_seq BETWEEN op.ref_seq AND op.ref_seq
              ORDER BY x.ref_seq OFFSET 0) e
        WHERE e.kind = 3;
        IF refunded + op.points > redemption.points THEN
            ops[op.ix].code := 9;                                           -- RefundExceedsRedeemed
            ops[op.ix].detail := redemption.points - refunded;
            CONTINUE;
        END IF;
        IF op.ends_at <= op.decided_at THEN
            ops[op.ix].code := 18;                                          -- EndNotLater
            CONTINUE;
        END IF;
        ops[op.ix].terms_id := redemption.terms_id;
        ops[op.ix].match_rate := redemption.match_rate;
        WITH used AS (
            SELECT a.line, a.lot_id, a.issuer_id, a.issue_terms_id, l.expires_at, l.available_at,
                   l.restriction_id,
                   (sum(-a.points) OVER w)::bigint + a.points AS low,
                   (sum(-a.points) OVER w)::bigint AS high
            FROM (SELECT * FROM allocations x WHERE x.lane = op.lane AND x.seq = op.ref_seq
                  OFFSET 0) a
            CROSS JOIN LATERAL (SELECT * FROM lots x
                                WHERE x.lane = op.lane AND x.lot_id = a.lot_id OFFSET 0) l
            WHERE a.kind = redemption.kind
            WINDOW w AS (ORDER BY a.line DESC ROWS UNBOUNDED PRECEDING)
        ), restored AS (
            SELECT *, least(high, refunded + op.points) - greatest(low, refunded) AS points
            FROM used WHERE low < refunded + op.points AND refunded < high
        ), both_ways AS (
            SELECT 1 AS way, redemption.kind, true AS is_reversal, r.*, r.points AS signed
            FROM restored r
            UNION ALL
            SELECT 2, CASE WHEN op.ends_at < 'infinity' THEN 6 ELSE 5 END::smallint, false, r.*,
                   -r.points
            FROM restored r WHERE r.expires_at <= op.decided_at
        )
        SELECT array_agg((op.ix, n, b.kind, b.is_reversal, b.lot_id, b.signed, 0, b.issuer_id,
                          b.issue_terms_id, b.expires_at, CASE b.kind WHEN 6 THEN rank END, NULL,
                          NULL)::ledger.draft ORDER BY n),
               array_agg((op.ix, n, b.kind, false, b.lot_id, b.signed, 0, b.issuer_id,
                          b.issue_terms_id, b.expires_at, NULL, NULL, NULL)::ledger.draft
                         ORDER BY n)
                   FILTER (WHERE b.way = 1 AND b.expires_at > op.decided_at
                             AND b.restriction_id IS NULL AND b.available_at <= op.decided_at),
               coalesce(-sum(b.signed) FILTER (WHERE b.way = 2), 0)
        INTO refund_drafts, back, gone
        FROM (SELECT *, row_number() OVER (ORDER BY way, line DESC)::integer AS n,
                     row_number() OVER (PARTITION BY way ORDER BY line DESC)::integer AS rank
              FROM both_ways) b;
        IF op.is_owing THEN
            repaid := ledger.draft_repayment(op.lane, op.wallet_id, op.ix,
                                             cardinality(refund_drafts), back, NULL);
            ops[op.ix].owed_change := ledger.repaid_by(repaid);
        ELSE
            repaid := NULL;
        END IF;
        ops[op.ix].detail := gone;
        drafts := drafts || refund_drafts || repaid;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draft_repayment(p_lane smallint, p_wallet bigint, p_ix integer, last_line integer, pieces ledger.draft[], earlier ledger.draft[]) RETURNS ledger.draft[]
    LANGUAGE sql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    WITH debt AS (
        SELECT seq, creditor_id, (sum(owed) OVER w)::bigint - owed AS low,
               (sum(owed) OVER w)::bigint AS high
        FROM (SELECT a.seq, a.creditor_id, a.owed_points + coalesce(r.points, 0) AS owed
              FROM (SELECT * FROM arrears x
                    WHERE x.lane = p_lane AND x.wallet_id = p_wallet OFFSET 0) a
              LEFT JOIN (SELECT e.arrears_seq, sum(e.points)::bigint AS points
                         FROM unnest(earlier) e GROUP BY e.arrears_seq) r ON r.arrears_seq = a.seq
              WHERE a.owed_points > 0) owing
        WHERE owed > 0
        WINDOW w AS (ORDER BY seq ROWS UNBOUNDED PRECEDING)
    ), piece AS (
        SELECT p.lot_id, p.issuer_id, p.issue_terms_id, p.expires_at,
               (sum(p.points) OVER w)::bigint - p.points AS low,
               (sum(p.points) OVER w)::bigint AS high
        FROM unnest(pieces) p WINDOW w AS (ORDER BY p.line ROWS UNBOUNDED PRECEDING)
    )
    SELECT array_agg((p_ix, last_line + n, 14::smallint, false, lot_id, -points, 0, issuer_id,
                      issue_terms_id, expires_at, NULL, creditor_id, seq)::ledger.draft ORDER BY n)
    FROM (SELECT piece.*, debt.seq, debt.creditor_id,
                 least(piece.high, debt.high) - greatest(piece.low, debt.low) AS points,
                 row_number() OVER (ORDER BY debt.low, piece.low)::integer AS n
          FROM debt JOIN piece ON piece.low < debt.high AND debt.low < piece.high) overlap
$$;

CREATE FUNCTION ledger.draft_repayments(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    op ledger.operation;
    wallet bigint;
    earlier ledger.draft[];
    repaid ledger.draft[];
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (1, 15) AND o.is_owing
          AND o.available_at <= o.decided_at AND o.ends_at > o.decided_at
          AND o.restriction_id IS NULL AND o.points > 0
        ORDER BY o.lane, o.wallet_id, o.ix
    LOOP
        IF wallet IS DISTINCT FROM op.wallet_id THEN
            wallet := op.wallet_id;
            earlier := NULL;
        END IF;
        repaid := ledger.draft_repayment(
            op.lane, op.wallet_id, op.ix, 0,
            ARRAY[(op.ix, 1, 14, false, NULL, op.points, 0, op.partner_id, op.terms_id, op.ends_at,
                   NULL, NULL, NULL)::ledger.draft], earlier);
        earlier := earlier || repaid;
        drafts := drafts || repaid;
        ops[op.ix].owed_change := ledger.repaid_by(repaid);
    END LOOP;
END $$;

CREATE FUNCTION ledger.draft_reverses(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op ledger.operation;
    lot ledger.lots;
    reversed bigint;
    moved bigint;               -- what lies in other lots now: reversed there, not here
    own bigint;
    spent bigint;
    others ledger.draft[];
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind = 4 ORDER BY o.ix
    LOOP
        SELECT * INTO lot FROM lots l
        WHERE l.lane = op.lane AND l.lot_id = op.lot_id AND l.wallet_id = op.wallet_id
          AND l.issuer_id = op.partner_id;
        IF NOT FOUND THEN
            ops[op.ix].code := 6;                                           -- UnknownReference
            CONTINUE;
        END IF;
        own := least(lot.remaining_points - lot.held_points, op.points);
        spent := op.points - own;
        IF lot.expires_at <= op.decided_at THEN
            ops[op.ix].code := 7;                                           -- LotExpired
            CONTINUE;
        ELSIF spent > 0 AND (coalesce(op.mode, 0) = 0 OR op.mode = 1 AND own = 0) THEN
            ops[op.ix].code := 8;                                           -- LotSpent
            ops[op.ix].detail := own;
            CONTINUE;
        END IF;
        SELECT coalesce(sum(coalesce(e.asked_points, e.points)), 0) INTO reversed
        FROM (SELECT x.kind, x.lot_id, x.asked_points, x.points FROM entries x
              WHERE x.lane = op.lane AND x.ref_seq BETWEEN lot.source_seq AND lot.source_seq
              ORDER BY x.ref_seq OFFSET 0) e
        WHERE e.kind = 4 AND e.lot_id = lot.lot_id;
        moved := 0;
        IF spent > 0 THEN
            moved := ledger.points_taken(op.lane, op.wallet_id, lot.lot_id, 6::smallint);
        END IF;
        IF reversed + moved + op.points > lot.points THEN
            ops[op.ix].code := 11;                                          -- ReverseExceedsIssued
            ops[op.ix].detail := lot.points - reversed - moved;
            CONTINUE;
        END IF;
        ops[op.ix].terms_id := lot.issue_terms_id;
        ops[op.ix].ref_seq := lot.source_seq;
        ops[op.ix].detail := 0;
        IF own > 0 THEN
            drafts := drafts || (op.ix, 1, 1::smallint, true, lot.lot_id, -own, 0, lot.issuer_id,
                                 lot.issue_terms_id, lot.expires_at, NULL, NULL, NULL)
                                ::ledger.draft;
        END IF;
        CONTINUE WHEN spent = 0;
        IF op.mode >= 2 THEN
            SELECT array_agg((op.ix, 1 + n, 14::smallint, false, lot_id,
                              -(least(high, spent) - low), 0, issuer_id, issue_terms_id,
                              expires_at, NULL, op.partner_id, NULL)::ledger.draft ORDER BY n),
                   spent - coalesce(sum(least(high, spent) - low), 0)
            INTO others, spent
            FROM (SELECT p.*, (sum(p.points) OVER w)::bigint - p.points AS low,
                         (sum(p.points) OVER w)::bigint AS high,
                         (row_number() OVER w)::integer AS n
                  FROM unnest(ledger.free_pieces(op.lane, op.wallet_id, op.decided_at, lot.lot_id))
                       p WINDOW w AS (ORDER BY p.line ROWS UNBOUNDED PRECEDING)) piece
            WHERE low < spent;
            drafts := drafts || others;
        END IF;
        CONTINUE WHEN spent = 0;
        ops[op.ix].detail := spent;
        IF op.mode = 3 THEN
            ops[op.ix].owed_change := spent;
        ELSE
            ops[op.ix].asked_points := op.points;
            ops[op.ix].points := op.points - spent;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draft_whole_holds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op ledger.operation;
    whole ledger.draft[];
    total bigint;
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind = 10 AND o.points = 0 ORDER BY o.ix
    LOOP
        SELECT array_agg((op.ix, n, 10::smallint, false, lot_id, 0, free, issuer_id,
                          issue_terms_id, expires_at, NULL, NULL, NULL)::ledger.draft ORDER BY n),
               sum(free)
        INTO whole, total
        FROM (SELECT l.*, l.remaining_points - l.held_points AS free,
                     row_number() OVER (ORDER BY l.lot_id)::integer AS n
              FROM (SELECT * FROM lots x
                    WHERE x.lane = op.lane AND x.wallet_id = op.wallet_id AND x.is_open
                      AND x.expires_at > op.decided_at
                    ORDER BY x.expires_at, x.issue_rank, x.lot_id OFFSET 0) l
              WHERE l.remaining_points > l.held_points
                AND (op.contributor_wallet_id IS NULL
                     OR l.contributor_wallet_id = op.contributor_wallet_id)) x;
        IF total IS NULL THEN
            ops[op.ix].code := 53;                                          -- nothing to book
        ELSE
            ops[op.ix].points := total;
            drafts := drafts || whole;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draw_and_charge(INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT drafts ledger.draft[], is_short boolean, has_debits boolean, has_special boolean, has_groups boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    asked ledger.charge[] := charges;
    judged ledger.operation[];
    misplaced record;
    is_changed boolean;
BEGIN
    FOR misplaced IN        -- the window has changed, or nobody opened the cap yet
        SELECT DISTINCT c.ix FROM unnest(asked) c JOIN unnest(ops) o ON o.ix = c.ix
        LEFT JOIN LATERAL (SELECT * FROM caps x WHERE x.cap_id = c.cap_id OFFSET 0) k ON true
        WHERE o.code = 0 AND NOT o.is_replay
          AND coalesce(o.occurred_at < k.starts_at OR k.ends_at <= o.occurred_at, true)
    LOOP
        ops[misplaced.ix].code := 52;                                       -- stale
    END LOOP;
    IF has_groups THEN
        ops := ledger.join_groups(ops);
    END IF;
    LOOP
        judged := ops;
        drafts := NULL;
        IF is_short THEN
            judged := ledger.refuse_shortages(judged);
        END IF;
        IF has_debits THEN
            drafts := ledger.draw_lots(judged);
            IF has_special THEN
                SELECT * INTO judged, drafts FROM ledger.draw_special(judged, drafts);
            END IF;
        END IF;
        charges := ledger.charge_amounts(judged, drafts, asked);
        IF charges IS NULL OR ledger.do_charges_fit(judged, charges) THEN
            ops := judged;
            RETURN;
        END IF;
        SELECT * INTO judged, charges, is_changed FROM ledger.judge_charges(judged, charges);
        IF NOT is_changed THEN
            ops := judged;
            RETURN;
        END IF;
        FOR i IN 1..cardinality(ops) LOOP
            IF ops[i].code = 0 AND judged[i].code IN (17, 56) THEN
                ops[i].code := judged[i].code;
                ops[i].detail := judged[i].detail;
                ops[i].cap_id := judged[i].cap_id;
            END IF;
        END LOOP;
        ops := ledger.line_up(ops);
        IF has_groups THEN
            ops := ledger.join_groups(ops);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION ledger.draw_lots(ops ledger.operation[]) RETURNS ledger.draft[]
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    drafts ledger.draft[];
    found_drafts ledger.draft[];
    uncovered bigint[];
    lots_read bigint := 3;
BEGIN
    LOOP
        WITH asked AS (
            SELECT o.ix, o.lane, o.wallet_id, o.kind, o.decided_at,
                   (sum(o.points) OVER w)::bigint - o.points AS low,
                   (sum(o.points) OVER w)::bigint AS high
            FROM unnest(ops) o
            WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (2, 6, 7, 8, 9, 10)
              AND NOT o.is_special AND (uncovered IS NULL OR o.wallet_id = ANY (uncovered))
            WINDOW w AS (PARTITION BY o.wallet_id ORDER BY o.ix)
        ), wallet AS (
            SELECT lane, wallet_id, min(decided_at) AS decided_at, max(high) AS needed,
                   array_agg(ix) AS ixs, array_agg(kind) AS kinds,
                   array_agg(low) AS lows, array_agg(high) AS highs
            FROM asked GROUP BY lane, wallet_id
        ), overlap AS (
            SELECT wallet.wallet_id, debit.ix, debit.kind, lot.lot_id, lot.issuer_id,
                   lot.issue_terms_id, lot.expires_at, lot.high AS lot_high,
                   least(debit.high, lot.high) - greatest(debit.low, lot.low) AS points,
                   lot.total >= wallet.needed AS is_covered
            FROM wallet
            CROSS JOIN LATERAL (
                SELECT x.lot_id, x.issuer_id, x.issue_terms_id, x.expires_at,
                       (sum(x.free) OVER w)::bigint - x.free AS low,
                       (sum(x.free) OVER w)::bigint AS high,
                       (sum(x.free) OVER ())::bigint AS total
                FROM (SELECT l.lot_id, l.issuer_id, l.issue_terms_id, l.expires_at, l.issue_rank,
                             l.remaining_points - l.held_points AS free
                      FROM lots l
                      WHERE l.lane = wallet.lane AND l.wallet_id = wallet.wallet_id AND l.is_open
                        AND l.expires_at > wallet.decided_at AND l.available_at <= wallet.decided_at
                        AND l.remaining_points > l.held_points
                      ORDER BY l.expires_at, l.issue_rank, l.lot_id LIMIT lots_read) x
                WINDOW w AS (ORDER BY x.expires_at, x.issue_rank, x.lot_id ROWS UNBOUNDED PRECEDING)
            ) lot
            CROSS JOIN LATERAL unnest(wallet.ixs, wallet.kinds, wallet.lows, wallet.highs)
                AS debit (ix, kind, low, high)
            WHERE lot.low < debit.high AND debit.low < lot.high
        )
        SELECT array_agg((ix, line, kind, false, lot_id, CASE kind WHEN 10 THEN 0 ELSE -points END,
                          CASE kind WHEN 10 THEN points ELSE 0 END, issuer_id, issue_terms_id,
                          expires_at, CASE kind WHEN 6 THEN line END, NULL, NULL)::ledger.draft)
                   FILTER (WHERE is_covered),
               array_agg(DISTINCT wallet_id) FILTER (WHERE NOT is_covered)
        INTO found_drafts, uncovered
        FROM (SELECT *, row_number() OVER (PARTITION BY ix ORDER BY lot_high)::integer AS line
              FROM overlap) numbered;
        drafts := drafts || found_drafts;
        EXIT WHEN uncovered IS NULL;
        ASSERT lots_read < 1000000000000, 'the lots of a wallet do not cover its debits';
        lots_read := lots_read * 8;
    END LOOP;
    RETURN drafts;
END $$;

CREATE FUNCTION ledger.draw_special(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op ledger.operation;
    use smallint;
    drawn ledger.draft[];
    mine ledger.draft[];        -- what this batch has drawn from the wallet so far
    wallet bigint;
    available bigint;
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.is_special ORDER BY o.lane, o.wallet_id, o.ix
    LOOP
        IF wallet IS DISTINCT FROM op.wallet_id THEN
            wallet := op.wallet_id;
            mine := NULL;
        END IF;
        use := CASE WHEN op.kind = 10 THEN op.mode ELSE op.kind END;
        WITH usable AS (
            SELECT l.lot_id, l.issuer_id, l.issue_terms_id, l.expires_at, l.issue_rank,
                   r.restriction_id IS NULL AS is_general,
                   l.remaining_points - l.held_points - coalesce(taken.points, 0) AS free
            FROM (SELECT * FROM lots x
                  WHERE x.lane = op.lane AND x.wallet_id = op.wallet_id AND x.is_open
                    AND x.expires_at > op.decided_at AND x.available_at <= op.decided_at
                  ORDER BY x.expires_at, x.issue_rank, x.lot_id OFFSET 0) l
            LEFT JOIN LATERAL (SELECT * FROM restrictions x
                               WHERE x.restriction_id = l.restriction_id OFFSET 0) r ON true
            LEFT JOIN (SELECT m.lot_id, sum(m.held_points - m.points)::bigint AS points
                       FROM unnest(mine) m GROUP BY m.lot_id) taken ON taken.lot_id = l.lot_id
            WHERE (op.kind <> 10 OR op.lot_id IS NULL OR l.lot_id = op.lot_id)
              AND (r.restriction_id IS NULL OR CASE use
                       WHEN 6 THEN r.is_transferable
                       WHEN 9 THEN r.is_exchangeable
                       ELSE (r.acceptor_ids IS NULL OR op.partner_id = ANY (r.acceptor_ids))
                            AND (r.categories IS NULL OR op.category = ANY (r.categories)) END)
        ), lined_up AS (
            SELECT *, (sum(free) OVER w)::bigint - free AS low, (sum(free) OVER w)::bigint AS high,
                   row_number() OVER w AS line
            FROM usable WHERE free > 0
            WINDOW w AS (ORDER BY is_general, expires_at, issue_rank, lot_id
                         ROWS UNBOUNDED PRECEDING)
        )
        SELECT coalesce(max(high), 0),
               array_agg((op.ix, line, op.kind, false, lot_id,
                          CASE op.kind WHEN 10 THEN 0 ELSE -(least(high, op.points) - low) END,
                          CASE op.kind WHEN 10 THEN least(high, op.points) - low ELSE 0 END,
                          issuer_id, issue_terms_id, expires_at, CASE op.kind WHEN 6 THEN line END,
                          NULL, NULL)::ledger.draft ORDER BY line) FILTER (WHERE low < op.points)
        INTO available, drawn FROM lined_up;
        ops[op.ix].detail := available;
        IF available < op.points THEN
            ops[op.ix].code := 1;                                           -- InsufficientPoints
        ELSE
            mine := mine || drawn;
            drafts := drafts || drawn;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION ledger.free_pieces(p_lane smallint, p_wallet bigint, p_at timestamp with time zone, but_lot bigint) RETURNS ledger.draft[]
    LANGUAGE sql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    SELECT array_agg((0, n, 14::smallint, false, lot_id, free, 0, issuer_id, issue_terms_id,
                      expires_at, NULL, NULL, NULL)::ledger.draft ORDER BY n)
    FROM (SELECT l.*, l.remaining_points - l.held_points AS free,
                 row_number() OVER (ORDER BY l.expires_at, l.issue_rank, l.lot_id)::integer AS n
          FROM lots l
          WHERE l.lane = p_lane AND l.wallet_id = p_wallet AND l.is_open AND l.expires_at > p_at
            AND l.available_at <= p_at AND l.restriction_id IS NULL
            AND l.remaining_points > l.held_points AND l.lot_id IS DISTINCT FROM but_lot) usable
$$;

CREATE FUNCTION ledger.give_back(p_cap bigint, p_amount numeric, p_key uuid, p_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM lanes WHERE lane = p_cap % 64 FOR UPDATE;
    INSERT INTO cap_payments (lane, cap_id, key_hash, amount, paid_at)
    VALUES (p_cap % 64, p_cap, p_key, p_amount, p_at) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE cap_slices s SET used = s.used - p_amount WHERE s.lane = p_cap % 64 AND s.cap_id = p_cap;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such shared cap';
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION ledger.give_back_to_wallet(p_lane smallint, p_cap bigint, p_wallet bigint, p_amount numeric, p_key uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM lanes WHERE lane = p_lane FOR UPDATE;
    IF EXISTS (SELECT FROM cap_carries c WHERE c.lane = p_lane AND c.wallet_id = p_wallet
                                           AND c.key_hash = p_key) THEN
        RETURN false;
    END IF;
    PERFORM ledger.carry(p_lane, p_cap, p_wallet, p_key, -p_amount);
    RETURN true;
END $$;

CREATE FUNCTION ledger.has_terms(partner integer, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    SELECT EXISTS (SELECT FROM terms_spans s WHERE s.partner_id = partner
                     AND s.effective_from <= at AND at < s.effective_until)
$$;

CREATE FUNCTION ledger.join_groups(ops ledger.operation[]) RETURNS ledger.operation[]
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    member record;
BEGIN
    FOR member IN
        SELECT o.ix, g.worst FROM unnest(ops) o
        JOIN (SELECT u.lane, u.group_number, max(u.code) AS worst FROM unnest(ops) u
              GROUP BY u.lane, u.group_number) g
             ON g.lane = o.lane AND g.group_number = o.group_number
        WHERE NOT o.is_replay AND (o.code = 0 AND g.worst > 0 OR o.code < 50 AND g.worst >= 50)
    LOOP
        ops[member.ix].code := CASE WHEN member.worst >= 50 THEN member.worst
                                    ELSE 16 END;                            -- GroupRefused
    END LOOP;
    RETURN ops;
END $$;

CREATE FUNCTION ledger.judge_charges(INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT is_changed boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    op ledger.operation;
    c ledger.charge;
    cap ledger.caps;
    slot integer;
    slot_names text[] := '{}';
    slot_names_of_op text[];
    spares numeric[] := '{}';       -- by slot: what is left after what was decided
    redrawn bigint[] := '{}';       -- wallets of refused debits
    spare numeric;
    can bigint;
    granted bigint;
    first_charge integer := 1;
    last_charge integer;
    name text;
BEGIN
    is_changed := false;
    WHILE first_charge <= cardinality(charges) LOOP
        op := ops[charges[first_charge].ix];
        last_charge := first_charge;
        WHILE charges[last_charge + 1].ix = op.ix LOOP
            last_charge := last_charge + 1;
        END LOOP;
        granted := op.points;
        slot_names_of_op := '{}';
        FOR i IN first_charge..last_charge LOOP
            c := charges[i];
            SELECT * INTO cap FROM caps k WHERE k.cap_id = c.cap_id;
            name := format('%s:%s:%s', op.lane, c.cap_id, CASE WHEN cap.is_per_wallet
                                                               THEN op.wallet_id END);
            slot := array_position(slot_names, name);
            IF slot IS NULL THEN
                slot_names := slot_names || name;
                slot := cardinality(slot_names);
                spares[slot] := ledger.spare_of(op.lane, c.cap_id, op.wallet_id);
            END IF;
            slot_names_of_op := slot_names_of_op || name;
            EXIT WHEN op.wallet_id = ANY (redrawn);
            spare := greatest(spares[slot], 0);
            IF cap.is_per_wallet AND c.rest_amount IS NOT NULL THEN
                spare := greatest(spares[slot] + c.rest_amount - cap.limit_amount, 0);
            END IF;
            c.amount := CASE WHEN c.issue_terms_id IS NULL THEN granted * c.unit_amount
                             ELSE c.amount END;
            CONTINUE WHEN c.amount <= spare OR c.amount = 0;
            ops[op.ix].cap_id := c.cap_id;
            IF NOT cap.is_per_wallet AND (c.rest_amount IS NULL OR spare < c.rest_amount) THEN
                ops[op.ix].code := 56;                                      -- SliceShort
                ops[op.ix].detail := ceil(least(c.amount, 1e18));
                EXIT;
            END IF;
            can := div(spare, c.unit_amount);
            IF cap.is_partial AND op.kind = 1 THEN
                granted := can;
            ELSE
                ops[op.ix].code := 17;                                      -- CapReached
                ops[op.ix].detail := can;
                EXIT;
            END IF;
        END LOOP;
        IF op.wallet_id = ANY (redrawn) THEN
            NULL;       -- decided in the next round
        ELSIF ops[op.ix].code <> 0 THEN
            is_changed := true;
            IF op.kind NOT IN (1, 15) THEN
                redrawn := redrawn || op.wallet_id;
            END IF;
        ELSE
            IF granted < op.points THEN
                ops[op.ix].asked_points := op.points;
                ops[op.ix].points := granted;
            END IF;
            FOR i IN first_charge..last_charge LOOP
                c := charges[i];
                IF c.issue_terms_id IS NULL THEN
                    c.amount := granted * c.unit_amount;
                    charges[i] := c;
                END IF;
                slot := array_position(slot_names, slot_names_of_op[i - first_charge + 1]);
                spares[slot] := spares[slot] - c.amount;
            END LOOP;
        END IF;
        first_charge := last_charge + 1;
    END LOOP;
END $$;

CREATE FUNCTION ledger.judge_debts(ops ledger.operation[]) RETURNS ledger.operation[]
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    op ledger.operation;
    owed bigint;
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind = 19 ORDER BY o.ix
    LOOP
        IF coalesce(op.mode, 0) = 0 THEN
            ops[op.ix].owed_change := op.points;
            CONTINUE;
        END IF;
        SELECT a.owed_points INTO owed FROM arrears a
        WHERE a.lane = op.lane AND a.wallet_id = op.wallet_id AND a.seq = op.ref_seq;
        IF NOT FOUND THEN
            ops[op.ix].code := 6;                                           -- UnknownReference
        ELSIF owed < op.points THEN
            ops[op.ix].code := 20;                                          -- ExceedsArrears
            ops[op.ix].detail := owed;
        ELSE
            ops[op.ix].owed_change := -op.points;
        END IF;
    END LOOP;
    RETURN ops;
END $$;

CREATE FUNCTION ledger.leaf_hash(salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint, counter_lane smallint, counter_wallet_id bigint, points bigint, asked_points bigint, cap_id bigint, mode smallint, terms_id integer, ref_seq bigint, lot_id bigint, occurred_at timestamp with time zone, decided_at timestamp with time zone, posted_at timestamp with time zone, available_at timestamp with time zone, ends_at timestamp with time zone, request_hash uuid, actor text, reason text, reference text, category text, match_rate text, facts text, lot bytea, lines bytea) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT sha256('\x00'::bytea || uuid_send(salt)
        || int2send(lane) || int8send(seq) || int2send(kind) || int4send(partner_id)
        || int8send(coalesce(wallet_id, 0)) || int2send(coalesce(counter_lane, -1::int2))
        || int8send(coalesce(counter_wallet_id, 0)) || int8send(points)
        || int8send(coalesce(asked_points, 0)) || int8send(coalesce(cap_id, 0))
        || int2send(coalesce(mode, 0::int2)) || int4send(coalesce(terms_id, 0))
        || int8send(coalesce(ref_seq, 0)) || int8send(coalesce(lot_id, 0))
        || timestamptz_send(occurred_at) || timestamptz_send(decided_at)
        || timestamptz_send(posted_at) || timestamptz_send(coalesce(available_at, '-infinity'))
        || timestamptz_send(coalesce(ends_at, 'infinity')) || uuid_send(request_hash)
        || ledger.text_body(actor) || ledger.text_body(reason) || ledger.text_body(reference)
        || ledger.text_body(category) || ledger.text_body(match_rate) || ledger.text_body(facts)
        || coalesce(lot, ''::bytea) || coalesce(lines, ''::bytea))
$$;

CREATE TABLE ledger.entries (
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    kind smallint NOT NULL,
    partner_id integer NOT NULL,
    wallet_id bigint,
    counter_lane smallint,
    counter_wallet_id bigint,
    points bigint NOT NULL,
    asked_points bigint,
    cap_id bigint,
    mode smallint,
    terms_id integer,
    ref_seq bigint,
    lot_id bigint,
    reason text,
    reference text,
    category text,
    available_at timestamp with time zone,
    ends_at timestamp with time zone,
    match_rate numeric(20,8),
    facts jsonb,
    occurred_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    segment_id bigint NOT NULL,
    actor text NOT NULL,
    request_hash uuid NOT NULL,
    salt uuid NOT NULL,
    leaf_hash bytea NOT NULL,
    CONSTRAINT entries_points_check CHECK ((points >= 0))
)
PARTITION BY RANGE (seq);

COMMENT ON TABLE ledger.entries IS 'The journal, append-only: one row per event. An issue''s row is both sides of it.';

COMMENT ON COLUMN ledger.entries.kind IS 'hub.ledger.entries.EntryKind.';

COMMENT ON COLUMN ledger.entries.partner_id IS 'Issuer of an issue or reverse, acceptor of a redemption or refund, 0 for the hub itself.';

COMMENT ON COLUMN ledger.entries.asked_points IS 'What was asked for, where less was granted or could be taken.';

COMMENT ON COLUMN ledger.entries.cap_id IS 'Cap that left no more (rule book 1.3.4).';

COMMENT ON COLUMN ledger.entries.mode IS 'Of a hold: the kind that its capture counts as. Of a reverse: how far it goes. Of an exchange:
1 if it may be given back.';

COMMENT ON COLUMN ledger.entries.ref_seq IS 'Entry of this lane that this one gives back, ends or takes back.';

COMMENT ON COLUMN ledger.entries.lot_id IS 'Lot an issue or an arrival made; lot that a reverse or an extension took from.';

COMMENT ON COLUMN ledger.entries.category IS 'What was bought, for restricted lots.';

COMMENT ON COLUMN ledger.entries.available_at IS 'Of a pending issue: usable from then on.';

COMMENT ON COLUMN ledger.entries.ends_at IS 'Expiry of the lot that was made, or the end of a hold; empty: never.';

COMMENT ON COLUMN ledger.entries.match_rate IS 'Donation match per point, in the lot''s currency.';

COMMENT ON COLUMN ledger.entries.facts IS 'What a later entry needs of a house-lane entry; integers and texts.';

COMMENT ON COLUMN ledger.entries.occurred_at IS 'When it happened at the till.';

COMMENT ON COLUMN ledger.entries.decided_at IS 'The instant at which lots and terms were judged.';

COMMENT ON COLUMN ledger.entries.leaf_hash IS 'SHA-256(0x00 || salt || body): ledger.leaf_hash.';

CREATE FUNCTION ledger.leaf_of(e ledger.entries) RETURNS bytea
    LANGUAGE sql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    SELECT ledger.leaf_hash(
        e.salt, e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_lane,
        e.counter_wallet_id, e.points, e.asked_points, e.cap_id, e.mode, e.terms_id, e.ref_seq,
        e.lot_id, e.occurred_at, e.decided_at, e.posted_at, e.available_at, e.ends_at,
        e.request_hash, e.actor, e.reason, e.reference, e.category, e.match_rate::text,
        e.facts::text,
        (SELECT ledger.lot_body(l.funder_id, l.issue_rank, l.restriction_id,
                                l.contributor_wallet_id, l.source_lane, l.source_lot_id)
         FROM lots l WHERE e.kind IN (1, 15) AND l.lane = e.lane AND l.lot_id = e.lot_id),
        CASE WHEN e.lane = -1 THEN
            (SELECT ledger.money_lines_body(
                 array_agg(m.kind ORDER BY m.line), array_agg(m.is_reversal ORDER BY m.line),
                 array_agg(m.debtor_id ORDER BY m.line), array_agg(m.creditor_id ORDER BY m.line),
                 array_agg(m.currency ORDER BY m.line), array_agg(m.amount ORDER BY m.line),
                 array_agg(m.label ORDER BY m.line))
             FROM money_lines m WHERE m.lane = e.lane AND m.seq = e.seq)
        ELSE
            (SELECT string_agg(ledger.allocation_body(a.kind, a.is_reversal, a.lot_id, a.points,
                                   a.held_points, a.issuer_id, a.acceptor_id, a.issue_terms_id,
                                   a.acceptor_terms_id, a.arrears_seq), NULL ORDER BY a.line)
             FROM allocations a WHERE a.lane = e.lane AND a.seq = e.seq)
        END)
$$;

CREATE FUNCTION ledger.level_slices(p_cap bigint, p_lane smallint, p_wanted numeric) RETURNS numeric
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    total numeric;
BEGIN
    PERFORM FROM lanes WHERE lane BETWEEN 0 AND 63 ORDER BY lane FOR UPDATE;
    SELECT sum(s.granted - s.used) INTO total FROM cap_slices s WHERE s.cap_id = p_cap;
    IF total < 0 THEN
        RETURN 0;
    END IF;
    UPDATE cap_slices s SET granted = s.used WHERE s.cap_id = p_cap;
    INSERT INTO cap_slices AS s (lane, cap_id, granted) VALUES (p_lane, p_cap, total)
    ON CONFLICT (lane, cap_id) DO UPDATE SET granted = s.granted + excluded.granted;
    UPDATE caps k SET is_overdrawn = false WHERE k.cap_id = p_cap;
    RETURN CASE WHEN total < p_wanted THEN total END;
END $$;

CREATE FUNCTION ledger.line_up(ops ledger.operation[]) RETURNS ledger.operation[]
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    op record;
    busy bigint[] := '{}';
BEGIN
    FOR op IN
        SELECT o.ix, o.code, o.wallet_id,
               CASE WHEN o.kind = 6 THEN o.counter_wallet_id END AS counter_wallet_id,
               coalesce(w.owed_points > 0, false) AS is_counter_owing
        FROM unnest(ops) o
        LEFT JOIN LATERAL (SELECT x.owed_points FROM wallets x
                           WHERE o.kind = 6 AND x.lane = o.lane
                             AND x.wallet_id = o.counter_wallet_id OFFSET 0) w ON true
        WHERE NOT o.is_replay AND (o.code = 0 OR o.code IN (51, 54, 55, 56, 57)) ORDER BY o.ix
    LOOP
        IF op.code = 0 AND (op.wallet_id = ANY (busy) OR op.counter_wallet_id = ANY (busy)) THEN
            ops[op.ix].code := 57;                                          -- waits behind another
        END IF;
        IF ops[op.ix].code <> 0 THEN
            busy := busy || op.wallet_id || op.counter_wallet_id;
        ELSIF op.is_counter_owing THEN
            busy := busy || op.counter_wallet_id;
        END IF;
    END LOOP;
    RETURN ops;
END $$;

CREATE FUNCTION ledger.lot_body(funder_id integer, issue_rank bigint, restriction_id integer, contributor_wallet_id bigint, source_lane smallint, source_lot_id bigint) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT int4send(funder_id) || int8send(issue_rank) || int4send(coalesce(restriction_id, 0))
        || int8send(coalesce(contributor_wallet_id, 0)) || int2send(coalesce(source_lane, -1::int2))
        || int8send(coalesce(source_lot_id, 0))
$$;

CREATE FUNCTION ledger.match_donations(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) RETURNS void
    LANGUAGE sql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    INSERT INTO money_lines (lane, seq, line, segment_id, kind, is_reversal, debtor_id, creditor_id,
                             amount, issue_terms_id)
    SELECT (ops[d.ix]).lane, seqs[d.ix], d.line, (ops[d.ix]).segment_id, 'DONATION_MATCH',
           d.is_reversal, d.issuer_id, (ops[d.ix]).partner_id,
           -d.points * (ops[d.ix]).match_rate, d.issue_terms_id
    FROM unnest(drafts) d
    WHERE d.kind = 8 AND (ops[d.ix]).match_rate <> 0 AND d.issuer_id <> (ops[d.ix]).partner_id
$$;

CREATE FUNCTION ledger.missed_repayment_at(p_lane smallint, p_wallet bigint, p_at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    SELECT min(due_at)
    FROM (SELECT greatest(l.available_at, s.decided_at, d.since) AS due_at, l.expires_at
          FROM (SELECT min(e.decided_at) AS since
                FROM (SELECT x.seq FROM arrears x
                      WHERE x.lane = p_lane AND x.wallet_id = p_wallet AND x.owed_points > 0
                      OFFSET 0) a
                CROSS JOIN LATERAL (SELECT x.decided_at FROM entries x
                                    WHERE x.lane = p_lane AND x.seq BETWEEN a.seq AND a.seq
                                    ORDER BY x.seq OFFSET 0) e) d,
               (SELECT * FROM lots x
                WHERE x.lane = p_lane AND x.wallet_id = p_wallet AND x.is_open
                  AND x.expires_at <= p_at ORDER BY x.expires_at OFFSET 0) l
               CROSS JOIN LATERAL (SELECT x.decided_at FROM entries x
                                   WHERE x.lane = p_lane
                                     AND x.seq BETWEEN l.source_seq AND l.source_seq
                                   ORDER BY x.seq OFFSET 0) s
          WHERE l.restriction_id IS NULL AND l.remaining_points > l.held_points) gone
    WHERE due_at < expires_at
$$;

CREATE FUNCTION ledger.money_lines_body(a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    SELECT string_agg(
        int4send(octet_length(m.kind)) || convert_to(m.kind, 'UTF8') || boolsend(m.is_reversal)
        || int4send(m.debtor) || int4send(m.creditor)
        || int4send(octet_length(coalesce(m.currency, '')))
        || convert_to(coalesce(m.currency, ''), 'UTF8')
        || numeric_send(m.amount::numeric(38, 12))
        || int4send(octet_length(coalesce(m.label, '')))
        || convert_to(coalesce(m.label, ''), 'UTF8'),
        NULL ORDER BY m.line)
    FROM unnest(a_kind, a_is_reversal, a_debtor, a_creditor, a_currency, a_amount, a_label)
         WITH ORDINALITY AS m (kind, is_reversal, debtor, creditor, currency, amount, label, line)
$$;

CREATE FUNCTION ledger.month_of(at timestamp with time zone) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT date_trunc('month', at AT TIME ZONE 'UTC')::date
$$;

CREATE FUNCTION ledger.open_cap(p_cap bigint, p_kind smallint, p_partner integer, p_subject text, p_currency text, p_limit numeric, p_starts timestamp with time zone, p_ends timestamp with time zone, p_renewal text, p_partial boolean, p_per_wallet boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM lanes WHERE lane = p_cap % 64 FOR UPDATE;
    INSERT INTO caps (cap_id, kind, partner_id, subject, currency, limit_amount, starts_at, ends_at,
                      renewal, is_partial, is_per_wallet)
    VALUES (p_cap, p_kind, p_partner, p_subject, p_currency, p_limit, p_starts, p_ends, p_renewal,
            p_partial, p_per_wallet)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF NOT p_per_wallet THEN
        INSERT INTO cap_slices (lane, cap_id, granted) VALUES (p_cap % 64, p_cap, p_limit);
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION ledger.open_wallets(a_lane smallint[], a_wallet bigint[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    INSERT INTO wallets (lane, wallet_id)
    SELECT lane, wallet_id FROM unnest(a_lane, a_wallet) AS w (lane, wallet_id)
    ORDER BY lane, wallet_id ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION ledger.plan_cut(p_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    old segments;
    new_id bigint;
BEGIN
    PERFORM FROM lanes ORDER BY lane FOR UPDATE;
    IF EXISTS (SELECT FROM segments WHERE starts_at = p_at) THEN RETURN true; END IF;
    SELECT * INTO STRICT old FROM segments WHERE starts_at < p_at AND p_at < ends_at;
    IF EXISTS (SELECT FROM lanes WHERE last_posted_at >= p_at) THEN RETURN false; END IF;
    SELECT max(segment_id) + 1 INTO new_id FROM segments;
    UPDATE segments SET ends_at = p_at WHERE segment_id = old.segment_id;
    INSERT INTO segments (segment_id, starts_at, ends_at) VALUES (new_id, p_at, old.ends_at);
    UPDATE lanes SET segment_until = p_at WHERE segment_id = old.segment_id;
    RETURN true;
END $$;

CREATE FUNCTION ledger.points_taken(p_lane smallint, p_wallet bigint, p_lot bigint, p_kind smallint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        SELECT coalesce(-sum(a.points), 0)::bigint
        FROM (SELECT x.seq FROM entries x
              WHERE x.lane = p_lane AND x.wallet_id BETWEEN p_wallet AND p_wallet
              ORDER BY x.wallet_id, x.seq OFFSET 0) e
        CROSS JOIN LATERAL (SELECT x.points FROM allocations x
                            WHERE x.lane = p_lane AND x.seq = e.seq AND x.lot_id = p_lot
                              AND x.kind = p_kind OFFSET 0) a);
END $$;

CREATE FUNCTION ledger.post_batch(p_clock timestamp with time zone, a_lane smallint[], a_kind smallint[], a_wallet bigint[], a_partner integer[], a_points bigint[], a_key uuid[], a_request uuid[], a_actor text[], a_terms integer[], a_occurred timestamp with time zone[], a_decided timestamp with time zone[], a_expires timestamp with time zone[], a_reference_hash uuid[], a_reference text[], a_reason text[], a_posted timestamp with time zone[], a_available timestamp with time zone[], a_funder integer[], a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[], a_mode smallint[], a_category text[], a_restriction integer[], a_counter_lane smallint[], a_contributor bigint[], a_group integer[], a_charged integer[], a_cap bigint[], a_unit numeric[], a_back numeric[], a_charged_terms integer[], a_rest numeric[]) RETURNS TABLE(code smallint, is_replay boolean, seq bigint, detail bigint, points bigint, posted_at timestamp with time zone, cap_id bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET cpu_operator_cost TO '1'
    AS $$
#variable_conflict use_column
DECLARE
    n integer := cardinality(a_lane);
    l_seq bigint[];             -- what the lanes say; lane -1 is element 1
    l_lot bigint[];
    l_segment bigint[];
    l_posted timestamptz[];
    l_until timestamptz[];
    ops ledger.operation[];
    drafts ledger.draft[];
    charges ledger.charge[];
    is_short boolean;
    has_debits boolean;
    has_special boolean;
    has_owing boolean;
    has_waiting boolean;
    seqs bigint[];              -- by ix; 0: not booked
    first_lots bigint[];        -- by ix: id of the first lot that the operation makes ...
    last_lots bigint[];         -- ... and of the last one; the last one so far where it makes none
    lines bytea[];              -- by ix: its allocations, as the leaf hash takes them in
    is_complete boolean;
BEGIN
    ASSERT current_setting('transaction_isolation') = 'read committed', 'needs READ COMMITTED';
    ASSERT n BETWEEN 1 AND 4096, 'a batch has 1 to 4096 operations';

    PERFORM FROM lanes WHERE lane = ANY (a_lane) ORDER BY lane FOR UPDATE;
    SELECT array_agg(last_seq ORDER BY lane), array_agg(last_lot_id ORDER BY lane),
           array_agg(last_posted_at ORDER BY lane), array_agg(segment_id ORDER BY lane),
           array_agg(segment_until ORDER BY lane)
    INTO l_seq, l_lot, l_posted, l_segment, l_until FROM lanes;

    -- 1. Decide each operation by what was in the books before the batch. For a debit, detail is
    --    what the wallet can pay at its deciding instant.
    WITH given AS (
        SELECT u.*, coalesce(u.decided, p_clock) AS decided_at,
               coalesce(u.occurred, p_clock) AS occurred_at,
               greatest(max(coalesce(u.posted, p_clock)) OVER (PARTITION BY u.lane ORDER BY u.ix),
                        l_posted[u.lane + 2]) AS posted_at,
               u.kind IN (2, 6, 7, 8, 9, 10) AS is_debit
        FROM unnest(a_lane, a_kind, a_wallet, a_partner, a_points, a_key, a_request, a_actor,
                    a_terms, a_occurred, a_decided, a_expires, a_reference_hash, a_reference,
                    a_reason, a_posted, a_available, a_funder, a_counter, a_lot, a_ref, a_match,
                    a_rank, a_mode, a_category, a_restriction, a_counter_lane, a_contributor,
                    a_group) WITH ORDINALITY
             AS u (lane, kind, wallet_id, partner_id, points, key_hash, request_hash, actor,
                   terms_id, occurred, decided, expires_at, reference_hash, reference,
                   reason, posted, available_at, funder_id, counter_wallet_id, lot_id, ref_seq,
                   match_rate, issue_rank, mode, category, restriction_id, counter_lane,
                   contributor_wallet_id, group_number, ix)
    ), judged AS (
        SELECT g.*, k.seq AS stored_seq, k.detail AS stored_detail, k.points AS stored_points,
               k.posted_at AS stored_at, k.cap_id AS stored_cap_id, w.owed_points > 0 AS is_owing,
               coalesce(c.owed_points > 0, false) AS is_counter_owing,
               coalesce(k.request_hash = g.request_hash, false) AS is_replay,
               CASE WHEN g.is_debit THEN
                   w.balance_points - w.held_points - over.points - apart.points END
                   AS available_points,
               g.is_debit AND (apart.restricted_points > 0 OR g.kind = 10 AND g.lot_id IS NOT NULL)
                   AS is_special,
               CASE WHEN k.request_hash = g.request_hash THEN k.code
                    WHEN k.request_hash IS NOT NULL THEN 50             -- the key's other request
                    WHEN g.posted_at >= l_until[g.lane + 2] THEN 51     -- the lane's cut is due
                    WHEN w.wallet_id IS NULL THEN 2
                    WHEN g.kind = 6 AND c.wallet_id IS NULL THEN 2
                    WHEN NOT w.is_open AND g.kind NOT IN (5, 12, 13) THEN 3
                    WHEN NOT c.is_open THEN 3
                    WHEN g.kind IN (1, 2, 7, 8, 9) AND t.terms_id IS NULL THEN
                        CASE WHEN ledger.has_terms(g.partner_id, g.occurred_at) THEN 52 ELSE 4 END
                    WHEN g.kind = 1 AND r.reference_hash IS NOT NULL THEN 5
                    WHEN w.held_points > 0 AND g.kind NOT IN (5, 13) AND g.decided_at >= (
                        SELECT h.ends_at FROM holds h
                        WHERE h.lane = g.lane AND h.wallet_id = g.wallet_id AND h.is_open
                        ORDER BY h.ends_at LIMIT 1)
                    THEN 54                                             -- a lapse is to be booked
                    WHEN w.owed_points > 0 AND g.kind NOT IN (5, 13, 14)
                         AND w.balance_points - w.held_points - over.points - apart.points > 0
                      OR w.owed_points > 0 AND g.kind NOT IN (13, 14) AND over.points > 0
                         AND ledger.missed_repayment_at(g.lane, g.wallet_id, g.decided_at)
                             IS NOT NULL
                    THEN 55                                             -- a repayment is
                    ELSE 0 END::smallint AS code
        FROM given g
        LEFT JOIN LATERAL (SELECT * FROM keys x WHERE x.lane = g.lane AND x.key_hash = g.key_hash
                           OFFSET 0) k ON true
        LEFT JOIN LATERAL (SELECT * FROM wallets x
                           WHERE x.lane = g.lane AND x.wallet_id = g.wallet_id OFFSET 0) w ON true
        LEFT JOIN LATERAL (SELECT * FROM wallets x
                           WHERE g.kind = 6 AND x.lane = g.lane
                             AND x.wallet_id = g.counter_wallet_id OFFSET 0) c ON true
        LEFT JOIN LATERAL (SELECT * FROM terms_spans x
                           WHERE x.terms_id = g.terms_id AND x.partner_id = g.partner_id
                             AND x.effective_from <= g.occurred_at
                             AND g.occurred_at < x.effective_until OFFSET 0) t ON true
        LEFT JOIN LATERAL (SELECT * FROM issue_references x
                           WHERE x.reference_hash = g.reference_hash OFFSET 0) r ON true
        LEFT JOIN LATERAL (             -- in the balance, but over: expired and not yet booked
            SELECT coalesce(sum(x.free), 0)::bigint AS points
            FROM (SELECT l.remaining_points - l.held_points AS free FROM lots l
                  WHERE (g.is_debit OR w.owed_points > 0) AND l.lane = g.lane
                    AND l.wallet_id = g.wallet_id AND l.is_open AND l.expires_at <= g.decided_at
                  ORDER BY l.expires_at OFFSET 0) x) over ON true
        LEFT JOIN LATERAL (             -- pending, or restricted to some uses
            SELECT coalesce(sum(x.free), 0)::bigint AS points,
                   coalesce(sum(x.free) FILTER (WHERE x.available_at <= g.decided_at), 0)
                       AS restricted_points
            FROM (SELECT l.remaining_points - l.held_points AS free, l.available_at FROM lots l
                  WHERE (g.is_debit OR w.owed_points > 0) AND l.lane = g.lane
                    AND l.wallet_id = g.wallet_id AND l.is_open
                    AND (l.available_at > '-infinity' OR l.restriction_id IS NOT NULL)
                    AND (l.available_at > g.decided_at OR l.restriction_id IS NOT NULL)
                    AND l.expires_at > g.decided_at
                  ORDER BY l.available_at OFFSET 0) x) apart ON true
    ), totalled AS (
        SELECT *, sum(points) FILTER (WHERE code = 0 AND is_debit AND NOT is_replay
                                        AND NOT is_special)
                      OVER (PARTITION BY wallet_id) > available_points AS is_short
        FROM judged
    )
    SELECT array_agg((ix, lane, kind, wallet_id, counter_lane, counter_wallet_id, partner_id,
                      coalesce(funder_id, partner_id), coalesce(stored_points, points), NULL,
                      CASE WHEN is_replay THEN stored_cap_id END,
                      mode, terms_id, lot_id, ref_seq, key_hash, request_hash, reference_hash,
                      reference, reason, category, match_rate, actor, occurred_at, decided_at,
                      CASE WHEN is_replay THEN stored_at ELSE posted_at END,
                      coalesce(available_at, '-infinity'), coalesce(expires_at, 'infinity'),
                      CASE WHEN kind IN (1, 15) THEN
                          coalesce(issue_rank, (extract(epoch FROM posted_at) * 1000000)::bigint)
                      END,
                      restriction_id, contributor_wallet_id, group_number, is_special, is_owing, 0,
                      code, is_replay, stored_seq,
                      CASE WHEN is_replay THEN stored_detail ELSE available_points END,
                      l_segment[lane + 2])::ledger.operation ORDER BY ix),
           bool_or(is_short AND code = 0), bool_or(is_special AND code = 0),
           bool_or(is_owing AND code = 0), bool_or(is_counter_owing OR code IN (54, 55))
    INTO ops, is_short, has_special, has_owing, has_waiting FROM totalled;
    IF has_waiting THEN
        ops := ledger.line_up(ops);
    END IF;
    IF a_group IS NOT NULL THEN
        ops := ledger.join_groups(ops);
    END IF;

    -- 2. Shortages, and the lots that each operation takes from or gives back to.
    has_debits := a_kind && '{2,6,7,8,9,10}'::smallint[];
    IF a_charged IS NOT NULL THEN
        SELECT array_agg((ix, cap, unit, back, terms, rest, NULL, NULL, NULL)::ledger.charge)
        INTO charges FROM unnest(a_charged, a_cap, a_unit, a_back, a_charged_terms, a_rest)
            AS u (ix, cap, unit, back, terms, rest);
        SELECT * INTO ops, charges, drafts FROM ledger.draw_and_charge(
            ops, charges, is_short, has_debits, has_special, a_group IS NOT NULL);
    ELSE
        IF is_short THEN
            ops := ledger.refuse_shortages(ops);
        END IF;
        IF has_debits THEN
            drafts := ledger.draw_lots(ops);
            IF has_special THEN
                SELECT * INTO ops, drafts FROM ledger.draw_special(ops, drafts);
            END IF;
        END IF;
    END IF;
    IF has_owing THEN
        SELECT * INTO ops, drafts FROM ledger.draft_repayments(ops, drafts);
    END IF;
    IF 3 = ANY (a_kind) THEN
        SELECT * INTO ops, drafts FROM ledger.draft_refunds(ops, drafts);
    END IF;
    IF 4 = ANY (a_kind) THEN
        SELECT * INTO ops, drafts FROM ledger.draft_reverses(ops, drafts);
    END IF;
    IF 5 = ANY (a_kind) THEN
        SELECT * INTO ops, drafts FROM ledger.draft_expiries(ops, drafts);
    END IF;
    IF 10 = ANY (a_kind) AND 0 = ANY (a_points) THEN
        SELECT * INTO ops, drafts FROM ledger.draft_whole_holds(ops, drafts);
    END IF;
    IF a_kind && '{11,12,13}'::smallint[] THEN
        SELECT * INTO ops, drafts FROM ledger.draft_hold_ends(ops, drafts);
    END IF;
    IF 14 = ANY (a_kind) THEN
        SELECT * INTO ops, drafts FROM ledger.draft_due_repayments(ops, drafts);
    END IF;
    IF a_kind && '{16,17,18}'::smallint[] THEN
        SELECT * INTO ops, drafts FROM ledger.draft_lot_changes(ops, drafts);
    END IF;
    IF 19 = ANY (a_kind) THEN
        ops := ledger.judge_debts(ops);
    END IF;
    IF a_kind && '{3,4,11,12,13}'::smallint[]
       AND EXISTS (SELECT FROM charges c WHERE c.lane = ANY (a_lane)) THEN
        charges := charges || ledger.charges_given_back(ops, drafts);
    END IF;
    PERFORM ledger.assert_free_of_conflicts(
        p_clock, a_kind, a_wallet, a_counter, a_decided, a_group, a_partner, a_actor);
    IF drafts IS NOT NULL OR NOT a_kind <@ '{1,15}'::smallint[] THEN
        PERFORM ledger.assert_drafts(ops, drafts);
    END IF;

    -- 3. Number entries and lots, dense in each lane, in the order of the batch.
    SELECT array_agg(CASE WHEN is_booked THEN l_seq[lane + 2] + booked ELSE 0 END ORDER BY ix),
           array_agg(l_lot[lane + 2] + lots_until - lots + 1 ORDER BY ix),
           array_agg(l_lot[lane + 2] + lots_until ORDER BY ix)
    INTO seqs, first_lots, last_lots
    FROM (SELECT *, count(*) FILTER (WHERE is_booked) OVER w AS booked,
                 (sum(lots) OVER w)::bigint AS lots_until
          FROM (SELECT ix, lane, bool_or(is_booked) AS is_booked, sum(lots)::bigint AS lots
                FROM (SELECT o.ix, o.lane, o.code = 0 AND NOT o.is_replay AS is_booked,
                             (o.kind IN (1, 15) AND o.points > 0 AND o.code = 0
                              AND NOT o.is_replay)::integer AS lots
                      FROM unnest(ops) o
                      UNION ALL
                      SELECT d.ix, (ops[d.ix]).lane, false, 1 FROM unnest(drafts) d
                      WHERE d.new_lot IS NOT NULL) parts
                GROUP BY ix, lane) counted
          WINDOW w AS (PARTITION BY lane ORDER BY ix)) numbered;
    IF drafts IS NOT NULL THEN
        SELECT array_agg(body ORDER BY ix) INTO lines FROM (
            SELECT ix, string_agg(line_body, NULL ORDER BY line) AS body FROM (
                SELECT d.ix, d.line, ledger.allocation_body(
                           d.kind, d.is_reversal, coalesce(d.lot_id, first_lots[d.ix]), d.points,
                           d.held_points, d.issuer_id,
                           CASE WHEN d.kind IN (2, 7, 8, 9) THEN o.partner_id
                                ELSE coalesce(d.creditor_id, 0) END, d.issue_terms_id,
                           CASE WHEN d.kind IN (2, 7, 8, 9) THEN o.terms_id ELSE 0 END,
                           d.arrears_seq) AS line_body
                FROM unnest(drafts) d JOIN unnest(ops) o ON o.ix = d.ix
                UNION ALL
                SELECT i, 0, NULL FROM generate_series(1, n) i) bodies
            GROUP BY ix) by_ix;
    END IF;

    -- 4. Book. The statement writes only rows that the locked lanes own, each at most once. What
    --    only some batches write besides has functions of its own (booking.sql).
    WITH op AS MATERIALIZED (
        SELECT o.*, seqs[o.ix] AS new_seq, o.kind IN (1, 15) AND o.points > 0 AS makes_lot,
               CASE WHEN o.kind NOT IN (1, 15) THEN o.lot_id
                    WHEN o.points > 0 THEN first_lots[o.ix] END AS entry_lot_id,
               gen_random_uuid() AS salt
        FROM unnest(ops) o WHERE seqs[o.ix] > 0
    ), allocation AS MATERIALIZED (
        SELECT d.ix, d.line, d.kind, d.is_reversal, coalesce(d.lot_id, first_lots[d.ix]) AS lot_id,
               d.lot_id IS NULL AS is_on_new_lot, d.points, d.held_points, d.issuer_id,
               d.issue_terms_id, d.expires_at, d.new_lot, d.arrears_seq,
               o.lane, o.wallet_id, o.segment_id, seqs[d.ix] AS seq,
               CASE WHEN d.kind IN (2, 7, 8, 9) THEN o.partner_id
                    ELSE coalesce(d.creditor_id, 0) END AS acceptor_id,
               CASE WHEN d.kind IN (2, 7, 8, 9) THEN o.terms_id ELSE 0 END AS acceptor_terms_id,
               CASE WHEN d.new_lot IS NULL THEN NULL WHEN o.kind = 6 THEN o.counter_wallet_id
                    ELSE o.wallet_id END AS to_wallet_id,
               CASE WHEN o.kind = 6 THEN d.expires_at ELSE o.ends_at END AS new_expires_at
        FROM unnest(drafts) d JOIN op o ON o.ix = d.ix
    ), entry AS (
        INSERT INTO entries (lane, seq, kind, partner_id, wallet_id, counter_lane,
                             counter_wallet_id, points, asked_points, cap_id, mode, terms_id,
                             ref_seq, lot_id, reason, reference, category, match_rate,
                             available_at, ends_at, occurred_at, decided_at, posted_at, segment_id,
                             actor, request_hash, salt, leaf_hash)
        SELECT lane, new_seq, kind, partner_id, wallet_id, counter_lane, counter_wallet_id, points,
               asked_points, cap_id, mode, terms_id, ref_seq, entry_lot_id, reason, reference,
               category, match_rate, nullif(available_at, '-infinity'), nullif(ends_at, 'infinity'),
               occurred_at, decided_at, posted_at, segment_id, actor, request_hash, salt,
               ledger.leaf_hash(salt, lane, new_seq, kind, partner_id, wallet_id, counter_lane,
                                counter_wallet_id, points, asked_points, cap_id, mode, terms_id,
                                ref_seq, entry_lot_id, occurred_at, decided_at, posted_at,
                                available_at, ends_at, request_hash, actor, reason, reference,
                                category, match_rate::numeric(20, 8)::text, NULL,
                                CASE WHEN makes_lot THEN ledger.lot_body(
                                    funder_id, issue_rank, restriction_id, contributor_wallet_id,
                                    CASE kind WHEN 15 THEN counter_lane END,
                                    CASE kind WHEN 15 THEN lot_id END) END,
                                lines[ix])
        FROM op
    ), allocated AS (
        INSERT INTO allocations (lane, seq, line, kind, is_reversal, lot_id, points, held_points,
                                 issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
                                 arrears_seq)
        SELECT lane, seq, line, kind, is_reversal, lot_id, points, held_points, issuer_id,
               acceptor_id, issue_terms_id, acceptor_terms_id, arrears_seq
        FROM allocation
    ), issued AS (
        INSERT INTO lots (lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points,
                          remaining_points, issue_rank, available_at, expires_at, source_seq,
                          source_lane, source_lot_id, restriction_id, contributor_wallet_id,
                          is_open)
        SELECT lane, entry_lot_id, wallet_id, partner_id, funder_id, terms_id, points,
               points + owed_change, issue_rank, available_at, ends_at, new_seq,
               CASE kind WHEN 15 THEN counter_lane END, CASE kind WHEN 15 THEN lot_id END,
               restriction_id, contributor_wallet_id, points + owed_change > 0
        FROM op WHERE makes_lot
    ), lot_change AS MATERIALIZED (
        SELECT lane, lot_id, sum(points)::bigint AS points, sum(held_points)::bigint AS held_points,
               max(available_at) AS available_at
        FROM (SELECT lane, lot_id, points, held_points, NULL::timestamptz AS available_at
              FROM allocation WHERE NOT is_on_new_lot
              UNION ALL
              SELECT lane, lot_id, 0, 0, decided_at FROM op WHERE kind = 18) changes
        GROUP BY lane, lot_id
    ), changed_lot AS (
        UPDATE lots l SET remaining_points = l.remaining_points + c.points,
                          held_points = l.held_points + c.held_points,
                          is_open = l.remaining_points + c.points > 0,
                          available_at = coalesce(c.available_at, l.available_at)
        FROM lot_change c CROSS JOIN LATERAL (
            SELECT x.ctid FROM lots x WHERE x.lane = c.lane AND x.lot_id = c.lot_id OFFSET 0) place
        WHERE l.ctid = place.ctid RETURNING 1
    ), wallet_change AS MATERIALIZED (
        SELECT lane, wallet_id, sum(points)::bigint AS points, sum(held_points)::bigint AS held,
               sum(owed_change)::bigint AS owed, max(seq) AS seq
        FROM (SELECT lane, wallet_id, new_seq AS seq,
                     CASE WHEN kind IN (1, 15) THEN points ELSE 0 END AS points,
                     0 AS held_points, owed_change FROM op
              UNION ALL
              SELECT lane, wallet_id, seq, points, held_points, 0 FROM allocation
              UNION ALL
              SELECT lane, to_wallet_id, seq, -points, 0, 0 FROM allocation
              WHERE new_lot IS NOT NULL) touched
        GROUP BY lane, wallet_id
    ), changed_wallet AS (
        UPDATE wallets w SET balance_points = w.balance_points + c.points,
                             held_points = w.held_points + c.held,
                             owed_points = w.owed_points + c.owed, last_seq = c.seq
        FROM wallet_change c CROSS JOIN LATERAL (
            SELECT x.ctid FROM wallets x
            WHERE x.lane = c.lane AND x.wallet_id = c.wallet_id OFFSET 0) place
        WHERE w.ctid = place.ctid RETURNING 1
    ), flowed AS (
        INSERT INTO flows AS f (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                                acceptor_terms_id, is_reversal, points, entry_count)
        SELECT lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
               is_reversal, sum(points), sum(entry_count)
        FROM (SELECT lane, segment_id, kind, partner_id AS issuer_id, 0 AS acceptor_id,
                     terms_id AS issue_terms_id, 0 AS acceptor_terms_id, false AS is_reversal,
                     points, 1 AS entry_count
              FROM op WHERE kind = 1 AND points > 0
              UNION ALL
              SELECT lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                     acceptor_terms_id, is_reversal, abs(points), (line = 1)::integer
              FROM allocation WHERE kind <> 6 AND points <> 0) moves
        GROUP BY lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                 acceptor_terms_id, is_reversal
        ON CONFLICT ON CONSTRAINT flows_pkey
        DO UPDATE SET points = f.points + excluded.points,
                      entry_count = f.entry_count + excluded.entry_count
    ), liable AS (
        INSERT INTO liabilities AS b (lane, issuer_id, issue_terms_id, expires_month, points)
        SELECT lane, issuer_id, issue_terms_id, ledger.month_of(expires_at), sum(points)
        FROM (SELECT lane, partner_id AS issuer_id, terms_id AS issue_terms_id,
                     ends_at AS expires_at, points
              FROM op WHERE makes_lot
              UNION ALL
              SELECT lane, issuer_id, issue_terms_id, expires_at, points FROM allocation
              UNION ALL
              SELECT lane, issuer_id, issue_terms_id, new_expires_at, -points FROM allocation
              WHERE new_lot IS NOT NULL) moves
        GROUP BY 1, 2, 3, 4 HAVING sum(points) <> 0
        ON CONFLICT ON CONSTRAINT liabilities_pkey
        DO UPDATE SET points = b.points + excluded.points RETURNING b.points
    ), referenced AS (
        INSERT INTO issue_references (reference_hash, lane, seq)
        SELECT reference_hash, lane, new_seq FROM op
        WHERE kind = 1 AND reference_hash IS NOT NULL
        ORDER BY reference_hash     -- one order in every batch: no two batches wait on each other
    ), answered AS (
        INSERT INTO keys (lane, key_hash, request_hash, code, seq, detail, points, cap_id,
                          posted_at)
        SELECT o.lane, o.key_hash, o.request_hash, o.code, nullif(seqs[o.ix], 0),
               CASE WHEN o.code <> 0 OR o.kind NOT IN (1, 2, 6, 7, 8, 9, 10, 15, 16, 17)
                        THEN o.detail
                    WHEN o.kind IN (6, 16, 17) OR o.kind IN (1, 15) AND o.points > 0
                        THEN first_lots[o.ix] END,
               CASE WHEN o.asked_points IS NOT NULL OR a_points[o.ix] <> o.points THEN o.points END,
               o.cap_id, o.posted_at
        FROM unnest(ops) o
        WHERE NOT o.is_replay AND o.code < 50 AND o.key_hash IS NOT NULL
          -- A wallet that was merged is opened for what belongs there: closed is no answer.
          AND NOT (o.code = 3 AND o.kind IN (3, 4, 16, 17, 18, 19))
    ), advanced AS (
        UPDATE lanes l SET last_seq = m.last_seq, last_posted_at = m.last_posted_at,
                           last_lot_id = m.last_lot_id
        FROM (SELECT lane, max(new_seq) AS last_seq, max(posted_at) AS last_posted_at,
                     max(last_lots[ix]) AS last_lot_id
              FROM op GROUP BY lane) m
        WHERE l.lane = m.lane
    )
    SELECT (SELECT count(*) FROM changed_lot) = (SELECT count(*) FROM lot_change)
       AND (SELECT count(*) FROM changed_wallet) = (SELECT count(*) FROM wallet_change)
       AND NOT EXISTS (SELECT FROM liable WHERE points < 0)
    INTO is_complete;
    IF NOT is_complete THEN
        RAISE EXCEPTION 'lots, wallets or liabilities do not match the batch';
    END IF;
    IF a_kind && '{3,6,16,17}'::smallint[] THEN
        PERFORM ledger.book_moved_lots(ops, drafts, seqs, first_lots);
    END IF;
    IF has_owing OR NOT a_kind <@ '{1,2,5,6,7,8,9,15}'::smallint[] THEN
        PERFORM ledger.book_claims(ops, drafts, seqs);
    END IF;
    IF a_kind && '{3,8}'::smallint[] AND EXISTS (
        SELECT FROM unnest(ops) o WHERE o.match_rate IS NOT NULL AND seqs[o.ix] > 0) THEN
        PERFORM ledger.match_donations(ops, drafts, seqs);
    END IF;
    IF charges IS NOT NULL THEN
        PERFORM ledger.book_charges(ops, charges, seqs);
    END IF;

    RETURN QUERY
    SELECT o.code, o.is_replay, CASE WHEN seqs[o.ix] > 0 THEN seqs[o.ix] ELSE o.seq END,
           CASE WHEN seqs[o.ix] = 0 OR o.kind NOT IN (1, 2, 6, 7, 8, 9, 10, 15, 16, 17)
                    THEN o.detail
                WHEN o.kind IN (6, 16, 17) OR o.kind IN (1, 15) AND o.points > 0
                    THEN first_lots[o.ix] END,
           o.points, o.posted_at, o.cap_id
    FROM unnest(ops) o ORDER BY o.ix;
END $$;

CREATE FUNCTION ledger.post_money(p_clock timestamp with time zone, p_kind smallint, p_partner integer, p_key uuid, p_request uuid, p_actor text, p_occurred timestamp with time zone, p_decided timestamp with time zone, p_posted timestamp with time zone, p_ref_seq bigint, p_reason text, p_reference text, p_facts jsonb, a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) RETURNS TABLE(code smallint, is_replay boolean, seq bigint, detail bigint, posted_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    house lanes;
    stored keys;
    new_seq bigint;
    posting_at timestamptz;
    refusal smallint := 0;
    entry_salt uuid := gen_random_uuid();
BEGIN
    SELECT * INTO STRICT house FROM lanes WHERE lane = -1 FOR UPDATE;
    SELECT * INTO stored FROM keys k WHERE k.lane = -1 AND k.key_hash = p_key;
    IF FOUND THEN
        RETURN QUERY SELECT CASE WHEN stored.request_hash = p_request THEN stored.code
                                 ELSE 50::smallint END,
                            stored.request_hash = p_request, stored.seq, stored.detail,
                            stored.posted_at;
        RETURN;
    END IF;
    posting_at := greatest(coalesce(p_posted, p_clock), house.last_posted_at);
    IF posting_at >= house.segment_until THEN
        RETURN QUERY SELECT 51::smallint, false, NULL::bigint, NULL::bigint, posting_at;
        RETURN;
    END IF;
    IF p_kind = 21 THEN
        IF NOT EXISTS (SELECT FROM entries e WHERE e.lane = -1 AND e.seq = p_ref_seq AND e.kind = 20
                                               AND e.partner_id = p_partner) THEN
            refusal := 6;
        ELSIF EXISTS (SELECT FROM entries e WHERE e.lane = -1 AND e.ref_seq = p_ref_seq
                                              AND e.kind = 21) THEN
            refusal := 10;
        END IF;
    END IF;
    IF refusal = 0 THEN
        new_seq := house.last_seq + 1;
        INSERT INTO entries (lane, seq, kind, partner_id, points, ref_seq, reason, reference, facts,
                             occurred_at, decided_at, posted_at, segment_id, actor, request_hash,
                             salt, leaf_hash)
        SELECT -1, new_seq, p_kind, p_partner, 0, p_ref_seq, p_reason, p_reference, p_facts,
               coalesce(p_occurred, p_clock), coalesce(p_decided, p_clock), posting_at,
               house.segment_id, p_actor, p_request, entry_salt,
               ledger.leaf_hash(entry_salt, -1::smallint, new_seq, p_kind, p_partner, NULL, NULL,
                                NULL, 0, NULL, NULL, NULL, NULL, p_ref_seq, NULL,
                                coalesce(p_occurred, p_clock), coalesce(p_decided, p_clock),
                                posting_at, NULL, NULL, p_request, p_actor, p_reason, p_reference,
                                NULL, NULL, p_facts::text, NULL,
                                ledger.money_lines_body(a_kind, a_is_reversal, a_debtor, a_creditor,
                                                        a_currency, a_amount, a_label));
        INSERT INTO money_lines (lane, seq, line, segment_id, kind, is_reversal, debtor_id,
                                 creditor_id, currency, amount, label)
        SELECT -1, new_seq, m.line, house.segment_id, m.kind, m.is_reversal, m.debtor_id,
               m.creditor_id, m.currency, m.amount, m.label
        FROM unnest(a_kind, a_is_reversal, a_debtor, a_creditor, a_currency, a_amount, a_label)
             WITH ORDINALITY
             AS m (kind, is_reversal, debtor_id, creditor_id, currency, amount, label, line);
        UPDATE lanes SET last_seq = new_seq, last_posted_at = posting_at WHERE lane = -1;
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO keys (lane, key_hash, request_hash, code, seq, posted_at)
        VALUES (-1, p_key, p_request, refusal, new_seq, posting_at);
    END IF;
    RETURN QUERY SELECT refusal, false, new_seq, NULL::bigint, posting_at;
END $$;

CREATE FUNCTION ledger.refuse_shortages(ops ledger.operation[]) RETURNS ledger.operation[]
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    debit record;
    wallet bigint;
    left_points bigint;
BEGIN
    FOR debit IN
        SELECT o.ix, o.wallet_id, o.points, o.detail AS available_points FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (2, 6, 7, 8, 9, 10)
          AND NOT o.is_special
        ORDER BY o.wallet_id, o.ix
    LOOP
        IF wallet IS DISTINCT FROM debit.wallet_id THEN
            wallet := debit.wallet_id;
            left_points := debit.available_points;
        END IF;
        ops[debit.ix].detail := left_points;
        IF debit.points > left_points THEN
            ops[debit.ix].code := 1;                                        -- InsufficientPoints
        ELSE
            left_points := left_points - debit.points;
        END IF;
    END LOOP;
    RETURN ops;
END $$;

CREATE FUNCTION ledger.repaid_by(drafts ledger.draft[]) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    SELECT coalesce(sum(d.points), 0)::bigint FROM unnest(drafts) d WHERE d.arrears_seq IS NOT NULL
$$;

CREATE FUNCTION ledger.restriction_of(p_hash uuid, p_acceptors integer[], p_categories text[], p_is_transferable boolean, p_is_exchangeable boolean) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    number integer;
BEGIN
    SELECT restriction_id INTO number FROM restrictions WHERE rule_hash = p_hash;
    IF FOUND THEN RETURN number; END IF;
    LOCK TABLE restrictions IN SHARE ROW EXCLUSIVE MODE;
    SELECT restriction_id INTO number FROM restrictions WHERE rule_hash = p_hash;
    IF FOUND THEN RETURN number; END IF;        -- somebody made it while this call waited
    INSERT INTO restrictions (restriction_id, rule_hash, acceptor_ids, categories,
                              is_transferable, is_exchangeable)
    SELECT coalesce(max(restriction_id), 0) + 1, p_hash, p_acceptors, p_categories,
           p_is_transferable, p_is_exchangeable
    FROM restrictions
    RETURNING restriction_id INTO number;
    RETURN number;
END $$;

CREATE FUNCTION ledger.set_cap_limit(p_cap bigint, p_limit numeric) RETURNS numeric
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
    before numeric;
BEGIN
    PERFORM FROM lanes WHERE lane BETWEEN 0 AND 63 ORDER BY lane FOR UPDATE;
    SELECT k.limit_amount INTO before FROM caps k WHERE k.cap_id = p_cap;
    UPDATE caps k SET limit_amount = p_limit WHERE k.cap_id = p_cap;
    UPDATE cap_slices s SET granted = s.granted + p_limit - before
    WHERE s.lane = p_cap % 64 AND s.cap_id = p_cap;
    UPDATE caps k SET is_overdrawn = EXISTS (SELECT FROM cap_slices s WHERE s.cap_id = p_cap
                                               AND s.granted < s.used)
    WHERE k.cap_id = p_cap;
    RETURN before;
END $$;

CREATE FUNCTION ledger.set_terms_span(p_terms integer, p_partner integer, p_from timestamp with time zone, p_until timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    INSERT INTO terms_spans (terms_id, partner_id, effective_from, effective_until)
    VALUES (p_terms, p_partner, p_from, p_until)
    ON CONFLICT (terms_id) DO UPDATE SET effective_until = excluded.effective_until
$$;

CREATE FUNCTION ledger.set_wallet_open(p_lane smallint, p_wallet bigint, p_is_open boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM lanes WHERE lane = p_lane FOR UPDATE;
    UPDATE wallets SET is_open = p_is_open
    WHERE lane = p_lane AND wallet_id = p_wallet
      AND (p_is_open OR balance_points = 0 AND held_points = 0 AND owed_points = 0);
    RETURN FOUND;
END $$;

CREATE FUNCTION ledger.spare_of(p_lane smallint, p_cap bigint, p_wallet bigint) RETURNS numeric
    LANGUAGE plpgsql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN k.is_per_wallet THEN k.limit_amount - coalesce(u.used, 0)
                    WHEN k.is_overdrawn THEN 0
                    ELSE coalesce(s.granted - s.used, 0) END
        FROM caps k
        LEFT JOIN LATERAL (SELECT * FROM cap_slices x
                           WHERE x.lane = p_lane AND x.cap_id = p_cap OFFSET 0) s ON true
        LEFT JOIN LATERAL (SELECT * FROM cap_usage x
                           WHERE x.lane = p_lane AND x.cap_id = p_cap AND x.wallet_id = p_wallet
                           OFFSET 0) u ON true
        WHERE k.cap_id = p_cap);
END $$;

CREATE FUNCTION ledger.text_body(value text) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT int4send(coalesce(octet_length(value), -1)) || convert_to(coalesce(value, ''), 'UTF8')
$$;

CREATE PROCEDURE wall.build(IN named regclass, IN own text DEFAULT 'false'::text, IN may_add text DEFAULT NULL::text)
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', named);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', named);
    EXECUTE format('CREATE POLICY own_rows ON %s USING ((SELECT wall.is_hub()) OR (%s))'
                   ' WITH CHECK ((SELECT wall.is_hub()) OR (%s))',
                   named, own, coalesce(may_add, own));
END $$;

COMMENT ON PROCEDURE wall.build(IN named regclass, IN own text, IN may_add text) IS 'Put the wall around a table: `own` says which rows a partner or a member sees, `may_add` which
they may write; without them only the hub does.';

CREATE FUNCTION wall.is_hub() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(current_setting('hub.actor', true) IN ('hub', 'operator')
                    OR starts_with(current_setting('hub.actor', true), 'operator:'), false)
$$;

COMMENT ON FUNCTION wall.is_hub() IS 'Whether the hub itself or one of its people acts.';

CREATE FUNCTION wall.is_somebody() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(current_setting('hub.actor', true) <> '', false)
$$;

COMMENT ON FUNCTION wall.is_somebody() IS 'Whether anybody acts at all.';

CREATE FUNCTION wall.member_id() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT CASE WHEN starts_with(current_setting('hub.actor', true), 'member:')
                THEN substr(current_setting('hub.actor', true), 8)::bigint END
$$;

COMMENT ON FUNCTION wall.member_id() IS 'The member who acts; NULL: none.';

CREATE FUNCTION wall.partner_id() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT CASE WHEN starts_with(current_setting('hub.actor', true), 'partner:')
                THEN substr(current_setting('hub.actor', true), 9)::integer END
$$;

COMMENT ON FUNCTION wall.partner_id() IS 'The partner that acts; NULL: none.';

CREATE TABLE audit.heads (
    seq bigint NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    public_key bytea NOT NULL,
    signature bytea NOT NULL
);

COMMENT ON TABLE audit.heads IS 'Ed25519 over "hub audit head", seq and hash.';

CREATE TABLE audit.log (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    person_id integer,
    client_id text,
    subject text NOT NULL,
    detail text NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT log_event_check CHECK ((event ~ '^[a-z_]+\.[a-z_]+$'::text))
);

COMMENT ON TABLE audit.log IS 'Append-only, dense from 1: ids only, no names, no tokens.';

COMMENT ON COLUMN audit.log.event IS 'room.past_tense';

COMMENT ON COLUMN audit.log.subject IS 'What it was done to, e.g. person:7; may be empty.';

COMMENT ON COLUMN audit.log.detail IS 'JSON with sorted keys, as it was hashed.';

COMMENT ON COLUMN audit.log.hash IS 'SHA-256 of previous_hash and of each other field with its length in octets before it.';

CREATE TABLE ledger.allocations (
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    line integer NOT NULL,
    kind smallint NOT NULL,
    is_reversal boolean NOT NULL,
    lot_id bigint NOT NULL,
    points bigint NOT NULL,
    held_points bigint DEFAULT 0 NOT NULL,
    issuer_id integer NOT NULL,
    acceptor_id integer NOT NULL,
    issue_terms_id integer NOT NULL,
    acceptor_terms_id integer NOT NULL,
    arrears_seq bigint,
    CONSTRAINT allocations_check CHECK (((points <> 0) OR (held_points <> 0)))
)
PARTITION BY RANGE (seq);

COMMENT ON TABLE ledger.allocations IS 'The journal, append-only: one row per lot that an entry takes from (-) or gives back to (+).';

COMMENT ON COLUMN ledger.allocations.kind IS 'Kind of flow: that of the entry, of what a refund gives back, or EXPIRE for a re-expiry.';

COMMENT ON COLUMN ledger.allocations.held_points IS 'Points of the lot set aside (+) or no longer (-); taken ones are counted in both.';

COMMENT ON COLUMN ledger.allocations.acceptor_id IS '0: nobody accepts (reverse, expire, transfer). Of a repayment: who was owed.';

COMMENT ON COLUMN ledger.allocations.arrears_seq IS 'Entry whose debt these points repay.';

CREATE TABLE ledger.allocations_beyond (
    lane smallint CONSTRAINT allocations_lane_not_null NOT NULL,
    seq bigint CONSTRAINT allocations_seq_not_null NOT NULL,
    line integer CONSTRAINT allocations_line_not_null NOT NULL,
    kind smallint CONSTRAINT allocations_kind_not_null NOT NULL,
    is_reversal boolean CONSTRAINT allocations_is_reversal_not_null NOT NULL,
    lot_id bigint CONSTRAINT allocations_lot_id_not_null NOT NULL,
    points bigint CONSTRAINT allocations_points_not_null NOT NULL,
    held_points bigint DEFAULT 0 CONSTRAINT allocations_held_points_not_null NOT NULL,
    issuer_id integer CONSTRAINT allocations_issuer_id_not_null NOT NULL,
    acceptor_id integer CONSTRAINT allocations_acceptor_id_not_null NOT NULL,
    issue_terms_id integer CONSTRAINT allocations_issue_terms_id_not_null NOT NULL,
    acceptor_terms_id integer CONSTRAINT allocations_acceptor_terms_id_not_null NOT NULL,
    arrears_seq bigint,
    CONSTRAINT allocations_check CHECK (((points <> 0) OR (held_points <> 0)))
);

CREATE TABLE ledger.allocations_first (
    lane smallint CONSTRAINT allocations_lane_not_null NOT NULL,
    seq bigint CONSTRAINT allocations_seq_not_null NOT NULL,
    line integer CONSTRAINT allocations_line_not_null NOT NULL,
    kind smallint CONSTRAINT allocations_kind_not_null NOT NULL,
    is_reversal boolean CONSTRAINT allocations_is_reversal_not_null NOT NULL,
    lot_id bigint CONSTRAINT allocations_lot_id_not_null NOT NULL,
    points bigint CONSTRAINT allocations_points_not_null NOT NULL,
    held_points bigint DEFAULT 0 CONSTRAINT allocations_held_points_not_null NOT NULL,
    issuer_id integer CONSTRAINT allocations_issuer_id_not_null NOT NULL,
    acceptor_id integer CONSTRAINT allocations_acceptor_id_not_null NOT NULL,
    issue_terms_id integer CONSTRAINT allocations_issue_terms_id_not_null NOT NULL,
    acceptor_terms_id integer CONSTRAINT allocations_acceptor_terms_id_not_null NOT NULL,
    arrears_seq bigint,
    CONSTRAINT allocations_check CHECK (((points <> 0) OR (held_points <> 0)))
);

CREATE TABLE ledger.arrears (
    lane smallint NOT NULL,
    wallet_id bigint NOT NULL,
    seq bigint NOT NULL,
    creditor_id integer NOT NULL,
    points bigint NOT NULL,
    owed_points bigint NOT NULL,
    CONSTRAINT arrears_check CHECK (((owed_points >= 0) AND (owed_points <= points))),
    CONSTRAINT arrears_points_check CHECK ((points > 0))
);

COMMENT ON TABLE ledger.arrears IS 'What wallets owe in points, oldest first, never as a negative lot (rule book 1.6.3).';

COMMENT ON COLUMN ledger.arrears.seq IS 'Entry that made the debt: a reverse of spent points.';

COMMENT ON COLUMN ledger.arrears.creditor_id IS 'Issuer whose issue was reversed.';

COMMENT ON COLUMN ledger.arrears.owed_points IS 'What is not repaid yet.';

CREATE TABLE ledger.cap_carries (
    lane smallint NOT NULL,
    wallet_id bigint NOT NULL,
    line integer NOT NULL,
    cap_id bigint NOT NULL,
    key_hash uuid NOT NULL,
    amount numeric(38,8) NOT NULL,
    CONSTRAINT cap_carries_amount_check CHECK ((amount <> (0)::numeric))
);

COMMENT ON TABLE ledger.cap_carries IS 'What a wallet has used of its own caps without an entry of its own: it came from a wallet that
was merged (+), went to one or was given back (-); append-only.';

COMMENT ON COLUMN ledger.cap_carries.key_hash IS 'Made from the merge, or from what was undone.';

CREATE TABLE ledger.cap_payments (
    lane smallint NOT NULL,
    cap_id bigint NOT NULL,
    key_hash uuid NOT NULL,
    amount numeric(38,8) NOT NULL,
    paid_at timestamp with time zone NOT NULL,
    CONSTRAINT cap_payments_amount_check CHECK ((amount > (0)::numeric))
);

COMMENT ON TABLE ledger.cap_payments IS 'What was given back to a cap without an entry: payments of a partner; append-only.';

COMMENT ON COLUMN ledger.cap_payments.lane IS 'Home lane of the cap.';

CREATE TABLE ledger.cap_slices (
    lane smallint NOT NULL,
    cap_id bigint NOT NULL,
    granted numeric(38,8) NOT NULL,
    used numeric(38,8) DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

COMMENT ON TABLE ledger.cap_slices IS 'What each lane may use of a shared cap, and what it has used.';

COMMENT ON COLUMN ledger.cap_slices.used IS 'Charges of the lane less what was given back or paid; below 0 after payments in advance.';

CREATE TABLE ledger.cap_usage (
    lane smallint NOT NULL,
    cap_id bigint NOT NULL,
    wallet_id bigint NOT NULL,
    used numeric(38,8) NOT NULL
)
WITH (fillfactor='70');

COMMENT ON TABLE ledger.cap_usage IS 'What each wallet has used of a cap that each has to itself.';

CREATE TABLE ledger.caps (
    cap_id bigint NOT NULL,
    kind smallint NOT NULL,
    partner_id integer NOT NULL,
    subject text NOT NULL,
    currency text,
    limit_amount numeric(38,8) NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    renewal text,
    is_partial boolean NOT NULL,
    is_per_wallet boolean NOT NULL,
    is_overdrawn boolean DEFAULT false NOT NULL,
    CONSTRAINT caps_check CHECK ((starts_at < ends_at)),
    CONSTRAINT caps_check1 CHECK ((kind = (cap_id >> 56))),
    CONSTRAINT caps_check2 CHECK (((currency IS NOT NULL) OR (limit_amount = trunc(limit_amount)))),
    CONSTRAINT caps_limit_amount_check CHECK ((limit_amount >= (0)::numeric)),
    CONSTRAINT caps_renewal_check CHECK ((renewal = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'year'::text])))
);

COMMENT ON TABLE ledger.caps IS 'How much there may be of something in a span (rule book 1.3.4).';

COMMENT ON COLUMN ledger.caps.cap_id IS 'Made from what it caps: its top bits are the kind, its remainder by 64 is the home lane.';

COMMENT ON COLUMN ledger.caps.kind IS 'hub.ledger.caps.kinds.CapKind.';

COMMENT ON COLUMN ledger.caps.partner_id IS 'Whose points or money it caps; 0: anybody''s.';

COMMENT ON COLUMN ledger.caps.subject IS 'What of it: a reason to issue, a version of terms, a currency that is given; empty: all.';

COMMENT ON COLUMN ledger.caps.currency IS 'ISO 4217 code of money; empty: it counts points.';

COMMENT ON COLUMN ledger.caps.limit_amount IS 'Points or money. Slices of a shared cap always sum to it.';

COMMENT ON COLUMN ledger.caps.ends_at IS 'Exclusive; infinity: no end.';

COMMENT ON COLUMN ledger.caps.renewal IS 'Whether the same holds for the next day, week, month or year.';

COMMENT ON COLUMN ledger.caps.is_partial IS 'It grants what is left, where others refuse the whole.';

COMMENT ON COLUMN ledger.caps.is_per_wallet IS 'Every wallet may use as much as the limit.';

COMMENT ON COLUMN ledger.caps.is_overdrawn IS 'It was lowered below what is used: no slice grants before the slices are levelled.';

CREATE TABLE ledger.charges (
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    line integer NOT NULL,
    cap_id bigint NOT NULL,
    wallet_id bigint NOT NULL,
    amount numeric(38,8) NOT NULL,
    unit_amount numeric(20,8) NOT NULL,
    back_amount numeric(20,8) NOT NULL,
    issue_terms_id integer,
    origin_seq bigint,
    CONSTRAINT charges_amount_check CHECK ((amount <> (0)::numeric))
);

COMMENT ON TABLE ledger.charges IS 'What entries used of caps (+) or gave back (-); append-only.';

COMMENT ON COLUMN ledger.charges.unit_amount IS 'Amount per point.';

COMMENT ON COLUMN ledger.charges.back_amount IS 'What a point that is undone gives back.';

COMMENT ON COLUMN ledger.charges.issue_terms_id IS 'Only points of lots under these terms count; empty: all points of the entry.';

COMMENT ON COLUMN ledger.charges.origin_seq IS 'Entry whose charge is given back.';

CREATE TABLE ledger.checkpoints (
    checkpoint_id bigint NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    key_number integer NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    CONSTRAINT checkpoints_root_check CHECK ((length(root) = 32))
);

COMMENT ON TABLE ledger.checkpoints IS 'One signature over the trees of all lanes (a signed note), dense from 1.';

COMMENT ON COLUMN ledger.checkpoints.root IS 'Root of the tree whose leaves are lane, size and root of every lane.';

CREATE TABLE ledger.cuts (
    lane smallint NOT NULL,
    segment_id bigint NOT NULL,
    to_seq bigint NOT NULL
);

COMMENT ON TABLE ledger.cuts IS 'Last sequence of each lane in each finished segment.';

CREATE TABLE ledger.entries_beyond (
    lane smallint CONSTRAINT entries_lane_not_null NOT NULL,
    seq bigint CONSTRAINT entries_seq_not_null NOT NULL,
    kind smallint CONSTRAINT entries_kind_not_null NOT NULL,
    partner_id integer CONSTRAINT entries_partner_id_not_null NOT NULL,
    wallet_id bigint,
    counter_lane smallint,
    counter_wallet_id bigint,
    points bigint CONSTRAINT entries_points_not_null NOT NULL,
    asked_points bigint,
    cap_id bigint,
    mode smallint,
    terms_id integer,
    ref_seq bigint,
    lot_id bigint,
    reason text,
    reference text,
    category text,
    available_at timestamp with time zone,
    ends_at timestamp with time zone,
    match_rate numeric(20,8),
    facts jsonb,
    occurred_at timestamp with time zone CONSTRAINT entries_occurred_at_not_null NOT NULL,
    decided_at timestamp with time zone CONSTRAINT entries_decided_at_not_null NOT NULL,
    posted_at timestamp with time zone CONSTRAINT entries_posted_at_not_null NOT NULL,
    segment_id bigint CONSTRAINT entries_segment_id_not_null NOT NULL,
    actor text CONSTRAINT entries_actor_not_null NOT NULL,
    request_hash uuid CONSTRAINT entries_request_hash_not_null NOT NULL,
    salt uuid CONSTRAINT entries_salt_not_null NOT NULL,
    leaf_hash bytea CONSTRAINT entries_leaf_hash_not_null NOT NULL,
    CONSTRAINT entries_points_check CHECK ((points >= 0))
);

CREATE TABLE ledger.entries_first (
    lane smallint CONSTRAINT entries_lane_not_null NOT NULL,
    seq bigint CONSTRAINT entries_seq_not_null NOT NULL,
    kind smallint CONSTRAINT entries_kind_not_null NOT NULL,
    partner_id integer CONSTRAINT entries_partner_id_not_null NOT NULL,
    wallet_id bigint,
    counter_lane smallint,
    counter_wallet_id bigint,
    points bigint CONSTRAINT entries_points_not_null NOT NULL,
    asked_points bigint,
    cap_id bigint,
    mode smallint,
    terms_id integer,
    ref_seq bigint,
    lot_id bigint,
    reason text,
    reference text,
    category text,
    available_at timestamp with time zone,
    ends_at timestamp with time zone,
    match_rate numeric(20,8),
    facts jsonb,
    occurred_at timestamp with time zone CONSTRAINT entries_occurred_at_not_null NOT NULL,
    decided_at timestamp with time zone CONSTRAINT entries_decided_at_not_null NOT NULL,
    posted_at timestamp with time zone CONSTRAINT entries_posted_at_not_null NOT NULL,
    segment_id bigint CONSTRAINT entries_segment_id_not_null NOT NULL,
    actor text CONSTRAINT entries_actor_not_null NOT NULL,
    request_hash uuid CONSTRAINT entries_request_hash_not_null NOT NULL,
    salt uuid CONSTRAINT entries_salt_not_null NOT NULL,
    leaf_hash bytea CONSTRAINT entries_leaf_hash_not_null NOT NULL,
    CONSTRAINT entries_points_check CHECK ((points >= 0))
);

CREATE TABLE ledger.flows (
    lane smallint NOT NULL,
    segment_id bigint NOT NULL,
    kind smallint NOT NULL,
    issuer_id integer NOT NULL,
    acceptor_id integer NOT NULL,
    issue_terms_id integer NOT NULL,
    acceptor_terms_id integer NOT NULL,
    is_reversal boolean NOT NULL,
    points bigint NOT NULL,
    entry_count bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000');

COMMENT ON TABLE ledger.flows IS 'Points by what decides their price, per segment (rule book 2.14).';

COMMENT ON COLUMN ledger.flows.entry_count IS 'Entries whose first allocation fell here (flat fees).';

CREATE TABLE ledger.holds (
    lane smallint NOT NULL,
    hold_seq bigint NOT NULL,
    wallet_id bigint NOT NULL,
    partner_id integer NOT NULL,
    purpose smallint NOT NULL,
    points bigint NOT NULL,
    captured_points bigint DEFAULT 0 NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    counter_lane smallint,
    counter_wallet_id bigint,
    ended_seq bigint,
    is_open boolean DEFAULT true NOT NULL,
    CONSTRAINT holds_check CHECK (((captured_points >= 0) AND (captured_points <= points))),
    CONSTRAINT holds_check1 CHECK ((is_open = (ended_seq IS NULL))),
    CONSTRAINT holds_points_check CHECK ((points > 0))
)
WITH (fillfactor='80');

COMMENT ON TABLE ledger.holds IS 'Points set aside; its lines are the allocations of its entry (rule book 1.4.2).';

COMMENT ON COLUMN ledger.holds.purpose IS 'Kind of entry that a capture counts as.';

COMMENT ON COLUMN ledger.holds.ends_at IS 'It lapses at this instant; infinity: it does not.';

COMMENT ON COLUMN ledger.holds.counter_lane IS 'Where points that move between lanes go.';

COMMENT ON COLUMN ledger.holds.ended_seq IS 'Entry that captured, voided or lapsed it.';

CREATE TABLE ledger.issue_references (
    reference_hash uuid NOT NULL,
    lane smallint NOT NULL,
    seq bigint NOT NULL
);

COMMENT ON TABLE ledger.issue_references IS 'First 16 bytes of SHA-256(partner, reason, reference): each reference issues once.';

CREATE TABLE ledger.keys (
    lane smallint NOT NULL,
    key_hash uuid NOT NULL,
    request_hash uuid NOT NULL,
    code smallint NOT NULL,
    seq bigint,
    detail bigint,
    points bigint,
    cap_id bigint,
    posted_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE ledger.keys IS 'What each idempotency key was answered, refusals too (rule book 1.9). Never partitioned by
time: a key must stay unique.';

COMMENT ON COLUMN ledger.keys.key_hash IS 'First 16 bytes of SHA-256(partner, wallet, key).';

COMMENT ON COLUMN ledger.keys.points IS 'What was granted, where it is not what was asked.';

COMMENT ON COLUMN ledger.keys.cap_id IS 'Cap that left less than was asked, or nothing.';

CREATE TABLE ledger.lane_trees (
    lane smallint NOT NULL,
    tree_size bigint NOT NULL,
    checkpoint_id bigint NOT NULL,
    root bytea NOT NULL,
    edge bytea NOT NULL,
    CONSTRAINT lane_trees_root_check CHECK ((length(root) = 32)),
    CONSTRAINT lane_trees_tree_size_check CHECK ((tree_size > 0))
);

COMMENT ON TABLE ledger.lane_trees IS 'The tree of each lane that had grown at a checkpoint; others are as they were before.';

COMMENT ON COLUMN ledger.lane_trees.tree_size IS 'Entries in it: those up to this sequence.';

COMMENT ON COLUMN ledger.lane_trees.edge IS 'Roots of the full subtrees of its full tiles, largest first, 32 octets each.';

CREATE TABLE ledger.lanes (
    lane smallint NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL,
    last_lot_id bigint DEFAULT 0 NOT NULL,
    last_posted_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    segment_id bigint NOT NULL,
    segment_until timestamp with time zone NOT NULL,
    CONSTRAINT lanes_lane_check CHECK (((lane >= '-1'::integer) AND (lane <= 63)))
)
WITH (fillfactor='10', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500');

COMMENT ON TABLE ledger.lanes IS 'The serial units of the ledger; locked first, ascending. -1 is the house lane.';

COMMENT ON COLUMN ledger.lanes.last_seq IS 'Sequence of the newest entry; dense from 1.';

COMMENT ON COLUMN ledger.lanes.last_posted_at IS 'posted_at never falls below this.';

COMMENT ON COLUMN ledger.lanes.segment_until IS 'End of the segment, exclusive; no entry is posted at or after it before the lane is cut.';

CREATE TABLE ledger.liabilities (
    lane smallint NOT NULL,
    issuer_id integer NOT NULL,
    issue_terms_id integer NOT NULL,
    expires_month date NOT NULL,
    points bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000');

COMMENT ON TABLE ledger.liabilities IS 'Outstanding points by issuer, terms and month of expiry (UTC): no scan of lots is needed.';

CREATE TABLE ledger.log_keys (
    key_number integer NOT NULL,
    public_key bytea NOT NULL,
    since_at timestamp with time zone NOT NULL,
    CONSTRAINT log_keys_public_key_check CHECK ((length(public_key) = 32))
);

COMMENT ON TABLE ledger.log_keys IS 'Public keys of the log (Ed25519), numbered from 1; the last one signs, all stay known.';

CREATE TABLE ledger.lots (
    lane smallint NOT NULL,
    lot_id bigint NOT NULL,
    wallet_id bigint NOT NULL,
    issuer_id integer NOT NULL,
    funder_id integer NOT NULL,
    issue_terms_id integer NOT NULL,
    points bigint NOT NULL,
    remaining_points bigint NOT NULL,
    held_points bigint DEFAULT 0 NOT NULL,
    issue_rank bigint NOT NULL,
    available_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    source_seq bigint NOT NULL,
    source_lot_id bigint,
    source_lane smallint,
    restriction_id integer,
    contributor_wallet_id bigint,
    is_open boolean DEFAULT true NOT NULL,
    CONSTRAINT lots_check CHECK (((remaining_points >= 0) AND (remaining_points <= points))),
    CONSTRAINT lots_check1 CHECK (((held_points >= 0) AND (held_points <= remaining_points))),
    CONSTRAINT lots_check2 CHECK ((is_open = (remaining_points > 0))),
    CONSTRAINT lots_points_check CHECK ((points > 0))
)
WITH (fillfactor='80');

COMMENT ON TABLE ledger.lots IS 'Points issued together that expire together (rule book 1.2).';

COMMENT ON COLUMN ledger.lots.issue_rank IS 'Order of the first issue, kept through transfers: its posted_at in microseconds.';

COMMENT ON COLUMN ledger.lots.available_at IS 'Usable from this instant; -infinity: at once; infinity: when somebody releases it.';

COMMENT ON COLUMN ledger.lots.expires_at IS 'Exclusive instant; infinity: never.';

COMMENT ON COLUMN ledger.lots.source_seq IS 'Entry that made the lot: an issue or a transfer.';

COMMENT ON COLUMN ledger.lots.source_lot_id IS 'Lot it was moved from.';

COMMENT ON COLUMN ledger.lots.source_lane IS 'Lane of that lot, when it is another.';

COMMENT ON COLUMN ledger.lots.contributor_wallet_id IS 'Whose points these were before a household pooled them.';

CREATE TABLE ledger.money_lines (
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    line integer NOT NULL,
    segment_id bigint NOT NULL,
    kind text NOT NULL,
    is_reversal boolean NOT NULL,
    debtor_id integer NOT NULL,
    creditor_id integer NOT NULL,
    amount numeric(38,12) NOT NULL,
    currency text,
    issue_terms_id integer,
    label text,
    CONSTRAINT money_lines_check CHECK ((debtor_id <> creditor_id)),
    CONSTRAINT money_lines_check1 CHECK (((currency IS NULL) = (issue_terms_id IS NOT NULL)))
);

COMMENT ON TABLE ledger.money_lines IS 'Obligations that are not points x rate of terms (rule book 2.14); append-only.';

COMMENT ON COLUMN ledger.money_lines.issue_terms_id IS 'Terms whose currency and version stand for currency and label (donation match).';

CREATE VIEW ledger.postings AS
 SELECT e.lane,
    e.seq,
    1 AS line,
    'lot'::text AS account,
    e.wallet_id AS owner_id,
    e.lot_id,
    e.points
   FROM ledger.entries e
  WHERE ((e.kind = 1) AND (e.points > 0))
UNION ALL
 SELECT e.lane,
    e.seq,
    2 AS line,
    'issued'::text AS account,
    e.partner_id AS owner_id,
    e.lot_id,
    (- e.points) AS points
   FROM ledger.entries e
  WHERE ((e.kind = 1) AND (e.points > 0))
UNION ALL
 SELECT a.lane,
    a.seq,
    ((2 * a.line) + 1) AS line,
    'lot'::text AS account,
    l.wallet_id AS owner_id,
    a.lot_id,
    a.points
   FROM (ledger.allocations a
     JOIN ledger.lots l ON (((l.lane = a.lane) AND (l.lot_id = a.lot_id))))
  WHERE (a.points <> 0)
UNION ALL
 SELECT a.lane,
    a.seq,
    ((2 * a.line) + 2) AS line,
        CASE a.kind
            WHEN 1 THEN 'issued'::text
            WHEN 5 THEN 'expired'::text
            WHEN 6 THEN 'moved'::text
            WHEN 14 THEN 'repaid'::text
            ELSE 'accepted'::text
        END AS account,
        CASE a.kind
            WHEN 1 THEN a.issuer_id
            WHEN 5 THEN a.issuer_id
            WHEN 6 THEN 0
            ELSE a.acceptor_id
        END AS owner_id,
    a.lot_id,
    (- a.points) AS points
   FROM ledger.allocations a
  WHERE (a.points <> 0)
UNION ALL
 SELECT l.lane,
    l.source_seq AS seq,
    ((1000000000 + (2 * (row_number() OVER w)::integer)) - 1) AS line,
    'lot'::text AS account,
    l.wallet_id AS owner_id,
    l.lot_id,
    l.points
   FROM ledger.lots l
  WHERE (l.source_lot_id IS NOT NULL)
  WINDOW w AS (PARTITION BY l.lane, l.source_seq ORDER BY l.lot_id)
UNION ALL
 SELECT l.lane,
    l.source_seq AS seq,
    (1000000000 + (2 * (row_number() OVER w)::integer)) AS line,
    'moved'::text AS account,
    0 AS owner_id,
    l.lot_id,
    (- l.points) AS points
   FROM ledger.lots l
  WHERE (l.source_lot_id IS NOT NULL)
  WINDOW w AS (PARTITION BY l.lane, l.source_seq ORDER BY l.lot_id);

COMMENT ON VIEW ledger.postings IS 'The signed lines of every entry; they sum to zero.';

CREATE TABLE ledger.restrictions (
    restriction_id integer NOT NULL,
    rule_hash uuid NOT NULL,
    acceptor_ids integer[],
    categories text[],
    is_transferable boolean NOT NULL,
    is_exchangeable boolean NOT NULL
);

COMMENT ON TABLE ledger.restrictions IS 'Where restricted lots may be used (rule book 1.2.4).';

COMMENT ON COLUMN ledger.restrictions.rule_hash IS 'Of the other columns: each rule exists once.';

COMMENT ON COLUMN ledger.restrictions.acceptor_ids IS 'Empty: any acceptor.';

COMMENT ON COLUMN ledger.restrictions.categories IS 'Empty: any category.';

CREATE TABLE ledger.segments (
    segment_id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT segments_check CHECK ((starts_at < ends_at))
);

COMMENT ON TABLE ledger.segments IS 'Half-open spans between the cuts of all calendars (rule book 2.5.2); no gap, no overlap.';

CREATE TABLE ledger.terms_spans (
    terms_id integer NOT NULL,
    partner_id integer NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    effective_until timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT terms_spans_check CHECK ((effective_from < effective_until))
);

COMMENT ON TABLE ledger.terms_spans IS 'When each version of terms is in force; filled by partners.terms.';

CREATE TABLE ledger.tiles (
    lane smallint NOT NULL,
    level smallint NOT NULL,
    tile bigint NOT NULL,
    root bytea NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT tiles_hashes_check CHECK ((length(hashes) = 8192)),
    CONSTRAINT tiles_root_check CHECK ((length(root) = 32))
);

COMMENT ON TABLE ledger.tiles IS '256 neighbouring hashes of a tree: of leaves on level 0, of roots of tiles above it.';

CREATE TABLE ledger.wallets (
    lane smallint NOT NULL,
    wallet_id bigint NOT NULL,
    balance_points bigint DEFAULT 0 NOT NULL,
    held_points bigint DEFAULT 0 NOT NULL,
    owed_points bigint DEFAULT 0 NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL,
    is_open boolean DEFAULT true NOT NULL,
    CONSTRAINT wallets_balance_points_check CHECK ((balance_points >= 0)),
    CONSTRAINT wallets_check CHECK ((held_points <= balance_points)),
    CONSTRAINT wallets_held_points_check CHECK ((held_points >= 0)),
    CONSTRAINT wallets_owed_points_check CHECK ((owed_points >= 0))
)
WITH (fillfactor='70');

COMMENT ON TABLE ledger.wallets IS 'Fold of the allocations of a wallet''s lots.';

COMMENT ON COLUMN ledger.wallets.balance_points IS 'Sum of what remains in open lots; includes lots that expired and are not booked yet.';

COMMENT ON COLUMN ledger.wallets.held_points IS 'Sum of what is held of its lots; includes holds that lapsed and are not booked yet.';

COMMENT ON COLUMN ledger.wallets.owed_points IS 'Sum of its arrears (rule book 1.6.3).';

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.answers (
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    answer jsonb,
    operation text NOT NULL,
    asked_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.answers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.answers IS 'What each idempotency key outside the ledger was answered (rule book 1.9).';

COMMENT ON COLUMN public.answers.key_hash IS 'SHA-256(actor, key).';

COMMENT ON COLUMN public.answers.request_hash IS 'SHA-256 of what was asked.';

COMMENT ON COLUMN public.answers.answer IS 'What was made or refused; empty while it is under way.';

CREATE TABLE public.approvals (
    approval_id bigint NOT NULL,
    operation text NOT NULL,
    digest bytea NOT NULL,
    payload jsonb NOT NULL,
    maker_id integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    checker_id integer,
    is_approved boolean,
    decided_at timestamp with time zone,
    used_at timestamp with time zone,
    CONSTRAINT ck_approvals_decided_at_once CHECK ((num_nonnulls(checker_id, is_approved, decided_at) = ANY (ARRAY[0, 3]))),
    CONSTRAINT ck_approvals_four_eyes CHECK ((checker_id <> maker_id)),
    CONSTRAINT ck_approvals_used_when_approved CHECK (((used_at IS NULL) OR (is_approved IS TRUE)))
);

ALTER TABLE ONLY public.approvals FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.approvals IS 'What one person asked to do and another one must approve.';

COMMENT ON COLUMN public.approvals.approval_id IS 'Random.';

COMMENT ON COLUMN public.approvals.operation IS 'A line of auth.permissions.';

COMMENT ON COLUMN public.approvals.digest IS 'SHA-256 of operation and payload.';

COMMENT ON COLUMN public.approvals.payload IS 'What the second person reads.';

COMMENT ON COLUMN public.approvals.ends_at IS 'Not to be used after.';

COMMENT ON COLUMN public.approvals.is_approved IS 'Empty: not decided.';

CREATE TABLE public.audit_runs (
    run_id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    took_milliseconds bigint NOT NULL,
    finding_count bigint NOT NULL,
    findings jsonb NOT NULL,
    is_whole boolean NOT NULL,
    positions jsonb NOT NULL
);

ALTER TABLE ONLY public.audit_runs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.audit_runs IS 'What each audit of the books found; append-only.';

COMMENT ON COLUMN public.audit_runs.started_at IS 'Instant of what it saw.';

COMMENT ON COLUMN public.audit_runs.finding_count IS 'Places that are wrong; 0 is well.';

COMMENT ON COLUMN public.audit_runs.findings IS 'Each broken rule: its count, its first places.';

COMMENT ON COLUMN public.audit_runs.is_whole IS 'Whether it read the whole journal.';

COMMENT ON COLUMN public.audit_runs.positions IS 'By lane: the last entry that it saw.';

ALTER TABLE public.audit_runs ALTER COLUMN run_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.audit_runs_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.authorization_codes (
    code_hash bytea NOT NULL,
    grant_id bigint NOT NULL,
    client_id text NOT NULL,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL,
    key_thumbprint text,
    ends_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY public.authorization_codes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.authorization_codes IS 'Codes that stand for a grant for a minute, once.';

COMMENT ON COLUMN public.authorization_codes.code_hash IS 'SHA-256 of the code.';

COMMENT ON COLUMN public.authorization_codes.code_challenge IS 'PKCE, S256.';

COMMENT ON COLUMN public.authorization_codes.key_thumbprint IS 'DPoP key it is for, if it was named.';

CREATE TABLE public.cell_lines (
    window_id integer NOT NULL,
    debtor text NOT NULL,
    creditor text NOT NULL,
    line text NOT NULL,
    exact numeric(38,12) NOT NULL
);

ALTER TABLE ONLY public.cell_lines FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.cell_lines IS 'The exact lines of a cell; append-only.';

COMMENT ON COLUMN public.cell_lines.line IS 'Kind, reversal, terms and currency.';

CREATE TABLE public.cells (
    window_id integer NOT NULL,
    debtor text NOT NULL,
    creditor text NOT NULL,
    carry_in numeric(38,12) NOT NULL,
    carry_out numeric(38,12) NOT NULL,
    rounded_minor bigint NOT NULL
);

ALTER TABLE ONLY public.cells FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.cells IS 'What one party owes another in a window; append-only.';

COMMENT ON COLUMN public.cells.rounded_minor IS 'Minor units that are billed.';

CREATE TABLE public.ceremonies (
    challenge_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    invitation_hash bytea,
    ends_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.ceremonies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.ceremonies IS 'Challenges under way; a row is deleted when it is answered.';

COMMENT ON COLUMN public.ceremonies.challenge_hash IS 'SHA-256 of the challenge.';

COMMENT ON COLUMN public.ceremonies.browser_hash IS 'SHA-256 of the browser''s cookie.';

COMMENT ON COLUMN public.ceremonies.invitation_hash IS 'Registration by this invitation.';

CREATE TABLE public.coalition (
    coalition_id integer NOT NULL,
    name text NOT NULL,
    point_name text NOT NULL,
    clearing_currency text NOT NULL,
    time_zone text NOT NULL
);

ALTER TABLE ONLY public.coalition FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.coalition IS 'The one coalition of this database.';

COMMENT ON COLUMN public.coalition.point_name IS 'What members call a point.';

COMMENT ON COLUMN public.coalition.clearing_currency IS 'ISO 4217.';

COMMENT ON COLUMN public.coalition.time_zone IS 'For days, months and expiry; IANA name.';

CREATE SEQUENCE public.coalition_coalition_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.coalition_coalition_id_seq OWNED BY public.coalition.coalition_id;

CREATE UNLOGGED TABLE public.cost_buckets (
    client text NOT NULL,
    full_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.cost_buckets FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.cost_buckets IS 'How much cost each client may still use. Unlogged: after a crash all are full.';

COMMENT ON COLUMN public.cost_buckets.client IS 'Who the bucket belongs to.';

COMMENT ON COLUMN public.cost_buckets.full_at IS 'When it will be full again if nothing more is taken.';

CREATE TABLE public.development_tokens (
    token_hash bytea NOT NULL,
    actor_kind text NOT NULL,
    actor_number bigint NOT NULL,
    made_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.development_tokens FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.development_tokens IS 'Tokens that work in the development profile only.';

COMMENT ON COLUMN public.development_tokens.token_hash IS 'SHA-256 of the token.';

COMMENT ON COLUMN public.development_tokens.actor_kind IS 'operator, partner or member.';

COMMENT ON COLUMN public.development_tokens.actor_number IS 'Partner or member; 0: operator.';

CREATE TABLE public.exchange_offers (
    offer_id integer NOT NULL,
    partner_id integer NOT NULL,
    version text NOT NULL,
    currency text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    effective_until timestamp with time zone,
    written jsonb NOT NULL
);

ALTER TABLE ONLY public.exchange_offers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.exchange_offers IS 'What partners give of their own currency for points; immutable but for their end.';

COMMENT ON COLUMN public.exchange_offers.version IS 'Exchanges name it as their reason.';

COMMENT ON COLUMN public.exchange_offers.currency IS 'What is given; one version at a time.';

COMMENT ON COLUMN public.exchange_offers.effective_until IS 'Exclusive; empty: no end yet.';

COMMENT ON COLUMN public.exchange_offers.written IS 'The fields as written.';

ALTER TABLE public.exchange_offers ALTER COLUMN offer_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.exchange_offers_offer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.feed_cursors (
    consumer text NOT NULL,
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    attempt_count integer NOT NULL,
    retry_at timestamp with time zone,
    parked_at timestamp with time zone,
    last_error text
);

ALTER TABLE ONLY public.feed_cursors FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.feed_cursors IS 'How far each consumer has followed each lane of the ledger.';

COMMENT ON COLUMN public.feed_cursors.seq IS 'Last entry whose effect is there: both commit together.';

COMMENT ON COLUMN public.feed_cursors.moved_at IS 'Who waited longest goes first.';

COMMENT ON COLUMN public.feed_cursors.attempt_count IS 'Failed attempts of the entry after seq.';

COMMENT ON COLUMN public.feed_cursors.retry_at IS 'That entry is not tried again before.';

COMMENT ON COLUMN public.feed_cursors.parked_at IS 'Since then the lane waits for people.';

COMMENT ON COLUMN public.feed_cursors.last_error IS 'First line of the error; no parameters.';

CREATE TABLE public.feed_skips (
    consumer text NOT NULL,
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    reason text NOT NULL,
    error text,
    actor text NOT NULL,
    skipped_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.feed_skips FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.feed_skips IS 'Entries that a person let a consumer leave out; append-only.';

COMMENT ON COLUMN public.feed_skips.reason IS 'Why, in the words of who decided it.';

COMMENT ON COLUMN public.feed_skips.error IS 'What the consumer failed with.';

CREATE TABLE public.field_uses (
    client text NOT NULL,
    field text NOT NULL,
    first_on date NOT NULL,
    last_on date NOT NULL,
    use_count bigint NOT NULL
);

ALTER TABLE ONLY public.field_uses FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.field_uses IS 'Which client asks for which field of the API: what a deprecation would break.';

COMMENT ON COLUMN public.field_uses.client IS 'Who asked for it; members are one client.';

COMMENT ON COLUMN public.field_uses.field IS 'The field, e.g. Wallet.lots.';

COMMENT ON COLUMN public.field_uses.first_on IS 'First day (UTC) on which it was asked for.';

COMMENT ON COLUMN public.field_uses.last_on IS 'Last day (UTC) on which it was asked for.';

COMMENT ON COLUMN public.field_uses.use_count IS 'Operations that asked for it.';

CREATE TABLE public.household_codes (
    code_hash bytea NOT NULL,
    household_id bigint NOT NULL,
    role text NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT ck_household_codes_role CHECK ((role = ANY (ARRAY['OWNER'::text, 'REDEEMER'::text, 'CONTRIBUTOR'::text])))
);

ALTER TABLE ONLY public.household_codes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.household_codes IS 'One-time codes by which members join a household.';

COMMENT ON COLUMN public.household_codes.code_hash IS 'SHA-256 of the code.';

COMMENT ON COLUMN public.household_codes.role IS 'Of whoever joins by it.';

CREATE TABLE public.household_members (
    member_id bigint NOT NULL,
    household_id bigint NOT NULL,
    role text NOT NULL,
    share_bps integer NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    is_leaving boolean NOT NULL,
    CONSTRAINT ck_household_members_role CHECK ((role = ANY (ARRAY['OWNER'::text, 'REDEEMER'::text, 'CONTRIBUTOR'::text]))),
    CONSTRAINT ck_household_members_share CHECK (((share_bps >= 0) AND (share_bps <= 10000)))
);

ALTER TABLE ONLY public.household_members FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.household_members IS 'Who belongs to which household: to one at a time.';

COMMENT ON COLUMN public.household_members.role IS 'OWNER, REDEEMER or CONTRIBUTOR.';

COMMENT ON COLUMN public.household_members.share_bps IS 'Of each issue to the member, what goes to the household.';

COMMENT ON COLUMN public.household_members.is_leaving IS 'Own points are on their way back; the row goes when they are.';

CREATE TABLE public.households (
    household_id bigint NOT NULL,
    wallet_lane smallint NOT NULL,
    wallet_id bigint NOT NULL,
    made_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.households FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.households IS 'Members who pool points in one wallet (rule book 1.8.2).';

COMMENT ON COLUMN public.households.household_id IS 'Random.';

COMMENT ON COLUMN public.households.wallet_lane IS 'Lane the wallet was born into.';

COMMENT ON COLUMN public.households.wallet_id IS 'Random.';

CREATE TABLE public.invitations (
    token_hash bytea NOT NULL,
    person_id integer,
    member_id bigint,
    made_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT ck_invitations_one_owner CHECK ((num_nonnulls(person_id, member_id) = 1))
);

ALTER TABLE ONLY public.invitations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.invitations IS 'One-time links by which a first passkey is registered.';

COMMENT ON COLUMN public.invitations.token_hash IS 'SHA-256 of the link''s secret.';

CREATE TABLE public.job_schedules (
    kind text NOT NULL,
    every_seconds integer NOT NULL,
    next_at timestamp with time zone NOT NULL,
    last_done_at timestamp with time zone
);

ALTER TABLE ONLY public.job_schedules FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.job_schedules IS 'Kinds of jobs that come back.';

COMMENT ON COLUMN public.job_schedules.next_at IS 'Hub''s clock.';

COMMENT ON COLUMN public.job_schedules.last_done_at IS 'When it was last done to the end.';

CREATE TABLE public.jobs (
    job_id bigint NOT NULL,
    kind text NOT NULL,
    key text,
    payload jsonb NOT NULL,
    state text NOT NULL,
    is_recurring boolean NOT NULL,
    run_at timestamp with time zone NOT NULL,
    attempt_count integer NOT NULL,
    leased_by text,
    leased_until timestamp with time zone,
    last_error text,
    asked_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT ck_jobs_known_state CHECK ((state = ANY (ARRAY['WAITING'::text, 'RUNNING'::text, 'DONE'::text, 'FAILED'::text])))
);

ALTER TABLE ONLY public.jobs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.jobs IS 'Work that is done later; at least once.';

COMMENT ON COLUMN public.jobs.kind IS 'Name of the function that does it.';

COMMENT ON COLUMN public.jobs.key IS 'What it is about: asked for twice, it is there once.';

COMMENT ON COLUMN public.jobs.payload IS 'What the function is told; ids only.';

COMMENT ON COLUMN public.jobs.state IS 'FAILED: tried too often, kept for people.';

COMMENT ON COLUMN public.jobs.is_recurring IS 'Gone when done; comes back.';

COMMENT ON COLUMN public.jobs.run_at IS 'Not before, hub''s clock.';

COMMENT ON COLUMN public.jobs.attempt_count IS 'The present attempt included.';

COMMENT ON COLUMN public.jobs.leased_by IS 'Worker and a random part; a right that is used once.';

COMMENT ON COLUMN public.jobs.leased_until IS 'By the database''s clock, so that the clocks of workers need not agree.';

COMMENT ON COLUMN public.jobs.last_error IS 'First line of the error; no parameters.';

COMMENT ON COLUMN public.jobs.finished_at IS 'When it was done, or given up.';

ALTER TABLE public.jobs ALTER COLUMN job_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.jobs_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.linked_accounts (
    partner_id integer NOT NULL,
    reference text NOT NULL,
    member_id bigint NOT NULL,
    linked_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.linked_accounts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.linked_accounts IS 'A member''s identity at one partner.';

COMMENT ON COLUMN public.linked_accounts.reference IS 'The partner''s own name for the member.';

CREATE TABLE public.member_merges (
    merge_id bigint NOT NULL,
    from_member_id bigint NOT NULL,
    to_member_id bigint NOT NULL,
    status text NOT NULL,
    undo_name text,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT ck_member_merges_status CHECK ((status = ANY (ARRAY['MOVING'::text, 'DONE'::text, 'RETURNING'::text, 'UNDONE'::text]))),
    CONSTRAINT ck_member_merges_two_members CHECK ((from_member_id <> to_member_id))
);

ALTER TABLE ONLY public.member_merges FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.member_merges IS 'Members who turned out to be one person (rule book 1.8.3).';

COMMENT ON COLUMN public.member_merges.merge_id IS 'Random.';

COMMENT ON COLUMN public.member_merges.from_member_id IS 'Forwards from now on.';

COMMENT ON COLUMN public.member_merges.to_member_id IS 'The survivor.';

COMMENT ON COLUMN public.member_merges.status IS 'MOVING, DONE, RETURNING or UNDONE.';

COMMENT ON COLUMN public.member_merges.undo_name IS 'Of the steps that give back; once begun.';

CREATE TABLE public.members (
    member_id bigint NOT NULL,
    wallet_lane smallint NOT NULL,
    wallet_id bigint NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    merged_into bigint
);

ALTER TABLE ONLY public.members FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.members IS 'People who joined the coalition.';

COMMENT ON COLUMN public.members.member_id IS 'Random.';

COMMENT ON COLUMN public.members.wallet_lane IS 'Lane the wallet was born into.';

COMMENT ON COLUMN public.members.wallet_id IS 'Random.';

COMMENT ON COLUMN public.members.merged_into IS 'Who the member is now, if other.';

CREATE TABLE public.merged_links (
    merge_id bigint NOT NULL,
    partner_id integer NOT NULL,
    reference text NOT NULL
);

ALTER TABLE ONLY public.merged_links FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.merged_links IS 'Accounts that a merge linked to the survivor.';

CREATE TABLE public.oauth_clients (
    client_id text NOT NULL,
    partner_id integer NOT NULL,
    name text NOT NULL,
    keys jsonb,
    jwks_uri text,
    scopes text[] NOT NULL,
    redirect_uris text[] NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT ck_oauth_clients_keys_or_uri CHECK (((keys IS NULL) <> (jwks_uri IS NULL)))
);

ALTER TABLE ONLY public.oauth_clients FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.oauth_clients IS 'Software of partners that may call. There is no shared secret.';

COMMENT ON COLUMN public.oauth_clients.client_id IS 'Random.';

COMMENT ON COLUMN public.oauth_clients.partner_id IS 'For whom it acts.';

COMMENT ON COLUMN public.oauth_clients.name IS 'What the consent page calls it.';

COMMENT ON COLUMN public.oauth_clients.keys IS 'Public keys (JWK Set), unless jwks_uri has them.';

COMMENT ON COLUMN public.oauth_clients.jwks_uri IS 'Where the partner publishes them.';

COMMENT ON COLUMN public.oauth_clients.scopes IS 'The most that it may ask for.';

COMMENT ON COLUMN public.oauth_clients.redirect_uris IS 'Compared letter by letter.';

COMMENT ON COLUMN public.oauth_clients.revoked_at IS 'Empty: it may call.';

CREATE TABLE public.oauth_grants (
    grant_id bigint NOT NULL,
    client_id text NOT NULL,
    member_id bigint NOT NULL,
    scopes text[] NOT NULL,
    order_points bigint,
    order_reference text,
    nonce text,
    acr text NOT NULL,
    amr text[] NOT NULL,
    authenticated_at timestamp with time zone NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT ck_oauth_grants_whole_order CHECK (((order_points IS NULL) = (order_reference IS NULL)))
);

ALTER TABLE ONLY public.oauth_grants FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.oauth_grants IS 'What a member allowed a client.';

COMMENT ON COLUMN public.oauth_grants.grant_id IS 'Random.';

COMMENT ON COLUMN public.oauth_grants.order_points IS 'Agreed to for one redemption.';

COMMENT ON COLUMN public.oauth_grants.order_reference IS 'The partner''s reference of it.';

COMMENT ON COLUMN public.oauth_grants.nonce IS 'For the ID token.';

COMMENT ON COLUMN public.oauth_grants.acr IS 'How the member signed in.';

COMMENT ON COLUMN public.oauth_grants.revoked_at IS 'With all its tokens.';

CREATE TABLE public.partners (
    partner_id integer NOT NULL,
    code text NOT NULL,
    name_en text NOT NULL,
    name_zh text NOT NULL,
    settlement_currency text
);

ALTER TABLE ONLY public.partners FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.partners IS 'Companies of the coalition, and the coalition''s own parties.';

COMMENT ON COLUMN public.partners.partner_id IS '1 HUB, 2 POOL, 3 FX, 4 BRIDGE (rule book 2.2); partners from 100.';

COMMENT ON COLUMN public.partners.settlement_currency IS 'Paid in this; the clearing currency if empty.';

ALTER TABLE public.partners ALTER COLUMN partner_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.partners_partner_id_seq
    START WITH 100
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.passkeys (
    credential_id bytea NOT NULL,
    person_id integer,
    member_id bigint,
    user_handle bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    made_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT ck_passkeys_one_owner CHECK ((num_nonnulls(person_id, member_id) = 1))
);

ALTER TABLE ONLY public.passkeys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.passkeys IS 'Public halves of passkeys.';

COMMENT ON COLUMN public.passkeys.credential_id IS 'Chosen by the authenticator.';

COMMENT ON COLUMN public.passkeys.user_handle IS 'Random, the same for one owner.';

COMMENT ON COLUMN public.passkeys.public_key IS 'COSE.';

COMMENT ON COLUMN public.passkeys.sign_count IS 'Must grow, unless it is always 0.';

CREATE TABLE public.people (
    person_id integer NOT NULL,
    email text NOT NULL,
    partner_id integer,
    invited_at timestamp with time zone NOT NULL,
    left_at timestamp with time zone
);

ALTER TABLE ONLY public.people FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.people IS 'People who work at the hub or at a partner.';

COMMENT ON COLUMN public.people.email IS 'Where the invitation went; no identity.';

COMMENT ON COLUMN public.people.partner_id IS 'Whose people they are; empty: the hub''s own.';

COMMENT ON COLUMN public.people.left_at IS 'From then on they may not sign in.';

ALTER TABLE public.people ALTER COLUMN person_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.people_person_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.person_roles (
    person_id integer NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_person_roles_role_known CHECK ((role = ANY (ARRAY['support'::text, 'operator'::text, 'finance_maker'::text, 'finance_checker'::text, 'auditor'::text, 'security_admin'::text, 'partner_finance'::text, 'partner_admin'::text])))
);

ALTER TABLE ONLY public.person_roles FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.person_roles IS 'What people may do; read at every request, so that a role ends at once.';

COMMENT ON COLUMN public.person_roles.role IS 'auth.policies.Role.';

CREATE TABLE public.pushed_requests (
    request_hash bytea NOT NULL,
    client_id text NOT NULL,
    request jsonb NOT NULL,
    pushed_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone,
    used_at timestamp with time zone
);

ALTER TABLE ONLY public.pushed_requests FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.pushed_requests IS 'Authorization requests that clients pushed (RFC 9126).';

COMMENT ON COLUMN public.pushed_requests.request_hash IS 'SHA-256 of the request_uri.';

COMMENT ON COLUMN public.pushed_requests.request IS 'What was pushed and found valid.';

COMMENT ON COLUMN public.pushed_requests.ends_at IS 'Later once opened.';

COMMENT ON COLUMN public.pushed_requests.opened_at IS 'By a browser, first.';

COMMENT ON COLUMN public.pushed_requests.used_at IS 'By an answer.';

CREATE UNLOGGED TABLE public.rate_marks (
    key_hash bytea NOT NULL,
    free_at_us bigint NOT NULL,
    failure_count bigint NOT NULL
);

ALTER TABLE ONLY public.rate_marks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.rate_marks IS 'How far each limit is used up. Lost in a crash, which does no harm.';

COMMENT ON COLUMN public.rate_marks.key_hash IS 'SHA-256(limit, whom it counts).';

COMMENT ON COLUMN public.rate_marks.free_at_us IS 'When the limit is unused again, microseconds since 1970.';

COMMENT ON COLUMN public.rate_marks.failure_count IS 'In a row; 0 where none count.';

CREATE TABLE public.refresh_tokens (
    token_hash bytea NOT NULL,
    grant_id bigint NOT NULL,
    client_id text NOT NULL,
    key_thumbprint text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY public.refresh_tokens FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.refresh_tokens IS 'Refresh tokens, each for one use; a second use ends the grant.';

COMMENT ON COLUMN public.refresh_tokens.token_hash IS 'SHA-256 of the token.';

COMMENT ON COLUMN public.refresh_tokens.key_thumbprint IS 'DPoP key it is bound to.';

COMMENT ON COLUMN public.refresh_tokens.ends_at IS 'The same for all of a grant.';

COMMENT ON COLUMN public.refresh_tokens.used_at IS 'Then a new one was given.';

CREATE TABLE public.revoked_tokens (
    token_id text NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.revoked_tokens FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.revoked_tokens IS 'Access tokens that were revoked one by one, until they would have ended.';

COMMENT ON COLUMN public.revoked_tokens.token_id IS 'jti.';

CREATE TABLE public.secret_keys (
    name text NOT NULL,
    secret bytea NOT NULL
);

ALTER TABLE ONLY public.secret_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.secret_keys IS 'Keys of the hub. Kept here so that ids mean the same in every process and backup.';

COMMENT ON COLUMN public.secret_keys.name IS 'What the key is for.';

COMMENT ON COLUMN public.secret_keys.secret IS '32 random bytes.';

CREATE TABLE public.seen_proofs (
    proof_hash bytea NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.seen_proofs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.seen_proofs IS 'Assertions and proofs of possession that were used, until they would have ended.';

COMMENT ON COLUMN public.seen_proofs.proof_hash IS 'SHA-256(kind, whose, jti).';

CREATE TABLE public.sessions (
    session_id bigint NOT NULL,
    secret_hash bytea NOT NULL,
    person_id integer,
    member_id bigint,
    began_at timestamp with time zone NOT NULL,
    authenticated_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_sessions_one_owner CHECK ((num_nonnulls(person_id, member_id) = 1))
);

ALTER TABLE ONLY public.sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.sessions IS 'Signed-in browsers. Signing out deletes the row.';

COMMENT ON COLUMN public.sessions.secret_hash IS 'SHA-256 of the cookie.';

COMMENT ON COLUMN public.sessions.authenticated_at IS 'By a passkey.';

COMMENT ON COLUMN public.sessions.seen_at IS 'To the minute.';

COMMENT ON COLUMN public.sessions.ends_at IS 'Whatever is done.';

ALTER TABLE public.sessions ALTER COLUMN session_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.sessions_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.signing_keys (
    key_id text NOT NULL,
    kind text NOT NULL,
    public_key jsonb NOT NULL,
    wrapped_key bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    signs_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone
);

ALTER TABLE ONLY public.signing_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.signing_keys IS 'The hub''s signing keys, one kind of token each.';

COMMENT ON COLUMN public.signing_keys.key_id IS 'kid: thumbprint of the public key.';

COMMENT ON COLUMN public.signing_keys.kind IS 'What it signs: access_token or id_token.';

COMMENT ON COLUMN public.signing_keys.public_key IS 'JWK, as published.';

COMMENT ON COLUMN public.signing_keys.wrapped_key IS 'Private key under AES-256-GCM.';

COMMENT ON COLUMN public.signing_keys.made_at IS 'Published since.';

COMMENT ON COLUMN public.signing_keys.signs_at IS 'Signs from then on.';

COMMENT ON COLUMN public.signing_keys.ends_at IS 'From then on nothing that it signed is accepted; empty: not replaced yet.';

CREATE TABLE public.spent_orders (
    grant_id bigint NOT NULL,
    request_hash bytea NOT NULL,
    spent_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.spent_orders FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.spent_orders IS 'Grants for one redemption whose redemption was asked for.';

COMMENT ON COLUMN public.spent_orders.request_hash IS 'SHA-256 of the key that used it.';

CREATE TABLE public.terms (
    terms_id integer NOT NULL,
    partner_id integer NOT NULL,
    version text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    effective_until timestamp with time zone,
    written jsonb NOT NULL
);

ALTER TABLE ONLY public.terms FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.terms IS 'Versions of terms; immutable but for their end.';

COMMENT ON COLUMN public.terms.effective_until IS 'Exclusive; empty: no end yet.';

COMMENT ON COLUMN public.terms.written IS 'The fields as written; numbers are texts.';

ALTER TABLE public.terms ALTER COLUMN terms_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.terms_terms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.till_codes (
    member_id bigint NOT NULL,
    code_hash bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    used_by integer,
    request_hash bytea
);

ALTER TABLE ONLY public.till_codes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.till_codes IS 'The last code that each member showed at a till: one redemption within a minute.';

COMMENT ON COLUMN public.till_codes.code_hash IS 'HMAC-SHA-256 of the code.';

COMMENT ON COLUMN public.till_codes.request_hash IS 'SHA-256 of the key that used it.';

CREATE TABLE public.till_misses (
    partner_id integer NOT NULL,
    since_at timestamp with time zone NOT NULL,
    missed_count integer NOT NULL
);

ALTER TABLE ONLY public.till_misses FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.till_misses IS 'How many wrong till codes a partner sent lately.';

COMMENT ON COLUMN public.till_misses.since_at IS 'When counting began.';

COMMENT ON COLUMN public.till_misses.missed_count IS 'Wrong codes since.';

CREATE TABLE public.trusted_documents (
    sha256 bytea NOT NULL,
    text text NOT NULL,
    names text NOT NULL,
    published_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.trusted_documents FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.trusted_documents IS 'GraphQL documents that clients may ask for by their hash.';

COMMENT ON COLUMN public.trusted_documents.sha256 IS 'Of the text in UTF-8.';

COMMENT ON COLUMN public.trusted_documents.text IS 'The exact text.';

COMMENT ON COLUMN public.trusted_documents.names IS 'Its operations, in their order.';

CREATE TABLE public.trusted_releases (
    client text NOT NULL,
    version text NOT NULL,
    sha256 bytea NOT NULL,
    published_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.trusted_releases FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.trusted_releases IS 'Which version of which client uses which documents.';

COMMENT ON COLUMN public.trusted_releases.client IS 'What the client''s makers call it.';

COMMENT ON COLUMN public.trusted_releases.version IS 'Which version of it.';

CREATE TABLE public.windows (
    window_id integer NOT NULL,
    calendar text NOT NULL,
    code text NOT NULL,
    opens_at timestamp with time zone NOT NULL,
    cut_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    closed_at timestamp with time zone,
    clearing_currency text,
    fx jsonb,
    settlement_currencies jsonb,
    previous_seal text,
    seal text
);

ALTER TABLE ONLY public.windows FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.windows IS 'Spans of time that are settled together.';

COMMENT ON COLUMN public.windows.calendar IS 'One calendar settles; others only count.';

COMMENT ON COLUMN public.windows.code IS 'What people call it, e.g. 2017-05.';

COMMENT ON COLUMN public.windows.cut_at IS 'Exclusive.';

COMMENT ON COLUMN public.windows.status IS 'OPEN, CLOSING or CLOSED (rule book 2.5).';

COMMENT ON COLUMN public.windows.clearing_currency IS 'Fixed when it closes.';

COMMENT ON COLUMN public.windows.fx IS 'Rates fixed at the cut, as texts.';

COMMENT ON COLUMN public.windows.settlement_currencies IS 'Party -> currency it is paid in.';

COMMENT ON COLUMN public.windows.previous_seal IS 'Seal of the window before in this calendar.';

COMMENT ON COLUMN public.windows.seal IS 'SHA-256 of the figures (rule book 2.5.5).';

ALTER TABLE public.windows ALTER COLUMN window_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.windows_window_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY ledger.allocations ATTACH PARTITION ledger.allocations_beyond DEFAULT;

ALTER TABLE ONLY ledger.allocations ATTACH PARTITION ledger.allocations_first FOR VALUES FROM ('0') TO ('100000000');

ALTER TABLE ONLY ledger.entries ATTACH PARTITION ledger.entries_beyond DEFAULT;

ALTER TABLE ONLY ledger.entries ATTACH PARTITION ledger.entries_first FOR VALUES FROM ('0') TO ('100000000');

ALTER TABLE ONLY public.coalition ALTER COLUMN coalition_id SET DEFAULT nextval('public.coalition_coalition_id_seq'::regclass);

ALTER TABLE ONLY audit.heads
    ADD CONSTRAINT heads_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY audit.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY ledger.allocations
    ADD CONSTRAINT allocations_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.allocations_beyond
    ADD CONSTRAINT allocations_beyond_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.allocations_first
    ADD CONSTRAINT allocations_first_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.arrears
    ADD CONSTRAINT arrears_pkey PRIMARY KEY (lane, wallet_id, seq);

ALTER TABLE ONLY ledger.cap_carries
    ADD CONSTRAINT cap_carries_pkey PRIMARY KEY (lane, wallet_id, line);

ALTER TABLE ONLY ledger.cap_payments
    ADD CONSTRAINT cap_payments_pkey PRIMARY KEY (lane, cap_id, key_hash);

ALTER TABLE ONLY ledger.cap_slices
    ADD CONSTRAINT cap_slices_pkey PRIMARY KEY (lane, cap_id);

ALTER TABLE ONLY ledger.cap_usage
    ADD CONSTRAINT cap_usage_pkey PRIMARY KEY (lane, cap_id, wallet_id);

ALTER TABLE ONLY ledger.caps
    ADD CONSTRAINT caps_kind_partner_id_subject_starts_at_key UNIQUE (kind, partner_id, subject, starts_at);

ALTER TABLE ONLY ledger.caps
    ADD CONSTRAINT caps_pkey PRIMARY KEY (cap_id);

ALTER TABLE ONLY ledger.charges
    ADD CONSTRAINT charges_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (checkpoint_id);

ALTER TABLE ONLY ledger.cuts
    ADD CONSTRAINT cuts_pkey PRIMARY KEY (lane, segment_id);

ALTER TABLE ONLY ledger.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (lane, seq);

ALTER TABLE ONLY ledger.entries_beyond
    ADD CONSTRAINT entries_beyond_pkey PRIMARY KEY (lane, seq);

ALTER TABLE ONLY ledger.entries_first
    ADD CONSTRAINT entries_first_pkey PRIMARY KEY (lane, seq);

ALTER TABLE ONLY ledger.flows
    ADD CONSTRAINT flows_pkey PRIMARY KEY (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id, is_reversal);

ALTER TABLE ONLY ledger.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (lane, hold_seq);

ALTER TABLE ONLY ledger.issue_references
    ADD CONSTRAINT issue_references_pkey PRIMARY KEY (reference_hash);

ALTER TABLE ONLY ledger.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (lane, key_hash);

ALTER TABLE ONLY ledger.lane_trees
    ADD CONSTRAINT lane_trees_pkey PRIMARY KEY (lane, tree_size);

ALTER TABLE ONLY ledger.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (lane);

ALTER TABLE ONLY ledger.liabilities
    ADD CONSTRAINT liabilities_pkey PRIMARY KEY (lane, issuer_id, issue_terms_id, expires_month);

ALTER TABLE ONLY ledger.log_keys
    ADD CONSTRAINT log_keys_pkey PRIMARY KEY (key_number);

ALTER TABLE ONLY ledger.lots
    ADD CONSTRAINT lots_pkey PRIMARY KEY (lane, lot_id);

ALTER TABLE ONLY ledger.money_lines
    ADD CONSTRAINT money_lines_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.restrictions
    ADD CONSTRAINT restrictions_pkey PRIMARY KEY (restriction_id);

ALTER TABLE ONLY ledger.restrictions
    ADD CONSTRAINT restrictions_rule_hash_key UNIQUE (rule_hash);

ALTER TABLE ONLY ledger.segments
    ADD CONSTRAINT segments_pkey PRIMARY KEY (segment_id);

ALTER TABLE ONLY ledger.segments
    ADD CONSTRAINT segments_starts_at_key UNIQUE (starts_at);

ALTER TABLE ONLY ledger.terms_spans
    ADD CONSTRAINT terms_spans_pkey PRIMARY KEY (terms_id);

ALTER TABLE ONLY ledger.tiles
    ADD CONSTRAINT tiles_pkey PRIMARY KEY (lane, level, tile);

ALTER TABLE ONLY ledger.wallets
    ADD CONSTRAINT wallets_pkey PRIMARY KEY (lane, wallet_id);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.answers
    ADD CONSTRAINT pk_answers PRIMARY KEY (key_hash);

ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT pk_approvals PRIMARY KEY (approval_id);

ALTER TABLE ONLY public.audit_runs
    ADD CONSTRAINT pk_audit_runs PRIMARY KEY (run_id);

ALTER TABLE ONLY public.authorization_codes
    ADD CONSTRAINT pk_authorization_codes PRIMARY KEY (code_hash);

ALTER TABLE ONLY public.cell_lines
    ADD CONSTRAINT pk_cell_lines PRIMARY KEY (window_id, debtor, creditor, line);

ALTER TABLE ONLY public.cells
    ADD CONSTRAINT pk_cells PRIMARY KEY (window_id, debtor, creditor);

ALTER TABLE ONLY public.ceremonies
    ADD CONSTRAINT pk_ceremonies PRIMARY KEY (challenge_hash);

ALTER TABLE ONLY public.coalition
    ADD CONSTRAINT pk_coalition PRIMARY KEY (coalition_id);

ALTER TABLE ONLY public.cost_buckets
    ADD CONSTRAINT pk_cost_buckets PRIMARY KEY (client);

ALTER TABLE ONLY public.development_tokens
    ADD CONSTRAINT pk_development_tokens PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.exchange_offers
    ADD CONSTRAINT pk_exchange_offers PRIMARY KEY (offer_id);

ALTER TABLE ONLY public.feed_cursors
    ADD CONSTRAINT pk_feed_cursors PRIMARY KEY (consumer, lane);

ALTER TABLE ONLY public.feed_skips
    ADD CONSTRAINT pk_feed_skips PRIMARY KEY (consumer, lane, seq);

ALTER TABLE ONLY public.field_uses
    ADD CONSTRAINT pk_field_uses PRIMARY KEY (client, field);

ALTER TABLE ONLY public.household_codes
    ADD CONSTRAINT pk_household_codes PRIMARY KEY (code_hash);

ALTER TABLE ONLY public.household_members
    ADD CONSTRAINT pk_household_members PRIMARY KEY (member_id);

ALTER TABLE ONLY public.households
    ADD CONSTRAINT pk_households PRIMARY KEY (household_id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT pk_invitations PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.job_schedules
    ADD CONSTRAINT pk_job_schedules PRIMARY KEY (kind);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (job_id);

ALTER TABLE ONLY public.linked_accounts
    ADD CONSTRAINT pk_linked_accounts PRIMARY KEY (partner_id, reference);

ALTER TABLE ONLY public.member_merges
    ADD CONSTRAINT pk_member_merges PRIMARY KEY (merge_id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (member_id);

ALTER TABLE ONLY public.merged_links
    ADD CONSTRAINT pk_merged_links PRIMARY KEY (merge_id, partner_id, reference);

ALTER TABLE ONLY public.oauth_clients
    ADD CONSTRAINT pk_oauth_clients PRIMARY KEY (client_id);

ALTER TABLE ONLY public.oauth_grants
    ADD CONSTRAINT pk_oauth_grants PRIMARY KEY (grant_id);

ALTER TABLE ONLY public.partners
    ADD CONSTRAINT pk_partners PRIMARY KEY (partner_id);

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT pk_passkeys PRIMARY KEY (credential_id);

ALTER TABLE ONLY public.people
    ADD CONSTRAINT pk_people PRIMARY KEY (person_id);

ALTER TABLE ONLY public.person_roles
    ADD CONSTRAINT pk_person_roles PRIMARY KEY (person_id, role);

ALTER TABLE ONLY public.pushed_requests
    ADD CONSTRAINT pk_pushed_requests PRIMARY KEY (request_hash);

ALTER TABLE ONLY public.rate_marks
    ADD CONSTRAINT pk_rate_marks PRIMARY KEY (key_hash);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT pk_refresh_tokens PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.revoked_tokens
    ADD CONSTRAINT pk_revoked_tokens PRIMARY KEY (token_id);

ALTER TABLE ONLY public.secret_keys
    ADD CONSTRAINT pk_secret_keys PRIMARY KEY (name);

ALTER TABLE ONLY public.seen_proofs
    ADD CONSTRAINT pk_seen_proofs PRIMARY KEY (proof_hash);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (session_id);

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT pk_signing_keys PRIMARY KEY (key_id);

ALTER TABLE ONLY public.spent_orders
    ADD CONSTRAINT pk_spent_orders PRIMARY KEY (grant_id);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT pk_terms PRIMARY KEY (terms_id);

ALTER TABLE ONLY public.till_codes
    ADD CONSTRAINT pk_till_codes PRIMARY KEY (member_id);

ALTER TABLE ONLY public.till_misses
    ADD CONSTRAINT pk_till_misses PRIMARY KEY (partner_id);

ALTER TABLE ONLY public.trusted_documents
    ADD CONSTRAINT pk_trusted_documents PRIMARY KEY (sha256);

ALTER TABLE ONLY public.trusted_releases
    ADD CONSTRAINT pk_trusted_releases PRIMARY KEY (client, version, sha256);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT pk_windows PRIMARY KEY (window_id);

ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT uq_approvals_maker_id_digest UNIQUE (maker_id, digest);

ALTER TABLE ONLY public.exchange_offers
    ADD CONSTRAINT uq_exchange_offers_partner_id_currency_effective_from UNIQUE (partner_id, currency, effective_from);

ALTER TABLE ONLY public.exchange_offers
    ADD CONSTRAINT uq_exchange_offers_partner_id_version UNIQUE (partner_id, version);

ALTER TABLE ONLY public.households
    ADD CONSTRAINT uq_households_wallet_id UNIQUE (wallet_id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT uq_members_wallet_id UNIQUE (wallet_id);

ALTER TABLE ONLY public.partners
    ADD CONSTRAINT uq_partners_code UNIQUE (code);

ALTER TABLE ONLY public.people
    ADD CONSTRAINT uq_people_email UNIQUE (email);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT uq_sessions_secret_hash UNIQUE (secret_hash);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT uq_terms_partner_id_effective_from UNIQUE (partner_id, effective_from);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT uq_terms_partner_id_version UNIQUE (partner_id, version);

ALTER TABLE ONLY public.till_codes
    ADD CONSTRAINT uq_till_codes_code_hash UNIQUE (code_hash);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT uq_windows_calendar_code UNIQUE (calendar, code);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT uq_windows_calendar_opens_at UNIQUE (calendar, opens_at);

CREATE INDEX cap_slices_by_cap ON ledger.cap_slices USING btree (cap_id);

CREATE INDEX entries_by_counter_wallet ON ONLY ledger.entries USING btree (lane, counter_wallet_id, seq) WHERE (counter_wallet_id IS NOT NULL);

CREATE INDEX entries_beyond_lane_counter_wallet_id_seq_idx ON ledger.entries_beyond USING btree (lane, counter_wallet_id, seq) WHERE (counter_wallet_id IS NOT NULL);

CREATE INDEX entries_by_ref ON ONLY ledger.entries USING btree (lane, ref_seq) WHERE (ref_seq IS NOT NULL);

CREATE INDEX entries_beyond_lane_ref_seq_idx ON ledger.entries_beyond USING btree (lane, ref_seq) WHERE (ref_seq IS NOT NULL);

CREATE INDEX entries_by_wallet ON ONLY ledger.entries USING btree (lane, wallet_id, seq);

CREATE INDEX entries_beyond_lane_wallet_id_seq_idx ON ledger.entries_beyond USING btree (lane, wallet_id, seq);

CREATE INDEX entries_first_lane_counter_wallet_id_seq_idx ON ledger.entries_first USING btree (lane, counter_wallet_id, seq) WHERE (counter_wallet_id IS NOT NULL);

CREATE INDEX entries_first_lane_ref_seq_idx ON ledger.entries_first USING btree (lane, ref_seq) WHERE (ref_seq IS NOT NULL);

CREATE INDEX entries_first_lane_wallet_id_seq_idx ON ledger.entries_first USING btree (lane, wallet_id, seq);

CREATE INDEX flows_by_segment ON ledger.flows USING btree (segment_id);

CREATE INDEX holds_open_by_end ON ledger.holds USING btree (lane, ends_at) WHERE (is_open AND (ends_at < 'infinity'::timestamp with time zone));

CREATE INDEX holds_open_by_wallet ON ledger.holds USING btree (lane, wallet_id, ends_at) WHERE is_open;

CREATE INDEX lane_trees_by_checkpoint ON ledger.lane_trees USING btree (lane, checkpoint_id);

CREATE INDEX lots_by_expiry ON ledger.lots USING btree (lane, expires_at) WHERE (is_open AND (expires_at < 'infinity'::timestamp with time zone));

CREATE INDEX lots_in_redemption_order ON ledger.lots USING btree (lane, wallet_id, expires_at, issue_rank, lot_id) WHERE is_open;

CREATE INDEX lots_set_apart ON ledger.lots USING btree (lane, wallet_id, available_at) WHERE (is_open AND ((available_at > '-infinity'::timestamp with time zone) OR (restriction_id IS NOT NULL)));

CREATE INDEX money_lines_by_segment ON ledger.money_lines USING btree (segment_id);

CREATE INDEX terms_spans_by_partner ON ledger.terms_spans USING btree (partner_id, effective_from);

CREATE INDEX ix_approvals_checker_id ON public.approvals USING btree (checker_id);

CREATE INDEX ix_approvals_maker_id ON public.approvals USING btree (maker_id);

CREATE INDEX ix_ceremonies_ends_at ON public.ceremonies USING btree (ends_at);

CREATE INDEX ix_household_codes_household_id ON public.household_codes USING btree (household_id);

CREATE INDEX ix_household_members_household_id ON public.household_members USING btree (household_id);

CREATE INDEX ix_invitations_member_id ON public.invitations USING btree (member_id);

CREATE INDEX ix_invitations_person_id ON public.invitations USING btree (person_id);

CREATE INDEX ix_jobs_done ON public.jobs USING btree (finished_at) WHERE (state = 'DONE'::text);

CREATE INDEX ix_jobs_running ON public.jobs USING btree (leased_until) WHERE (state = 'RUNNING'::text);

CREATE INDEX ix_jobs_waiting ON public.jobs USING btree (run_at, job_id) WHERE (state = 'WAITING'::text);

CREATE INDEX ix_linked_accounts_member_id ON public.linked_accounts USING btree (member_id);

CREATE INDEX ix_member_merges_to_member_id ON public.member_merges USING btree (to_member_id);

CREATE INDEX ix_members_merged_into ON public.members USING btree (merged_into);

CREATE INDEX ix_oauth_clients_partner_id ON public.oauth_clients USING btree (partner_id);

CREATE INDEX ix_oauth_grants_client_id ON public.oauth_grants USING btree (client_id);

CREATE INDEX ix_oauth_grants_member_id ON public.oauth_grants USING btree (member_id);

CREATE INDEX ix_passkeys_member_id ON public.passkeys USING btree (member_id);

CREATE INDEX ix_passkeys_person_id ON public.passkeys USING btree (person_id);

CREATE INDEX ix_people_partner_id ON public.people USING btree (partner_id);

CREATE INDEX ix_refresh_tokens_grant_id ON public.refresh_tokens USING btree (grant_id);

CREATE INDEX ix_revoked_tokens_ends_at ON public.revoked_tokens USING btree (ends_at);

CREATE INDEX ix_seen_proofs_ends_at ON public.seen_proofs USING btree (ends_at);

CREATE INDEX ix_sessions_ends_at ON public.sessions USING btree (ends_at);

CREATE INDEX ix_sessions_member_id ON public.sessions USING btree (member_id);

CREATE INDEX ix_sessions_person_id ON public.sessions USING btree (person_id);

CREATE INDEX ix_spent_orders_request_hash ON public.spent_orders USING btree (request_hash);

CREATE UNIQUE INDEX member_merges_in_force ON public.member_merges USING btree (from_member_id) WHERE (status <> 'UNDONE'::text);

CREATE UNIQUE INDEX uq_jobs_kind_key_unfinished ON public.jobs USING btree (kind, key) WHERE (state <> 'DONE'::text);

ALTER INDEX ledger.allocations_pkey ATTACH PARTITION ledger.allocations_beyond_pkey;

ALTER INDEX ledger.allocations_pkey ATTACH PARTITION ledger.allocations_first_pkey;

ALTER INDEX ledger.entries_by_counter_wallet ATTACH PARTITION ledger.entries_beyond_lane_counter_wallet_id_seq_idx;

ALTER INDEX ledger.entries_by_ref ATTACH PARTITION ledger.entries_beyond_lane_ref_seq_idx;

ALTER INDEX ledger.entries_by_wallet ATTACH PARTITION ledger.entries_beyond_lane_wallet_id_seq_idx;

ALTER INDEX ledger.entries_pkey ATTACH PARTITION ledger.entries_beyond_pkey;

ALTER INDEX ledger.entries_by_counter_wallet ATTACH PARTITION ledger.entries_first_lane_counter_wallet_id_seq_idx;

ALTER INDEX ledger.entries_by_ref ATTACH PARTITION ledger.entries_first_lane_ref_seq_idx;

ALTER INDEX ledger.entries_by_wallet ATTACH PARTITION ledger.entries_first_lane_wallet_id_seq_idx;

ALTER INDEX ledger.entries_pkey ATTACH PARTITION ledger.entries_first_pkey;

ALTER TABLE ONLY audit.heads
    ADD CONSTRAINT heads_seq_fkey FOREIGN KEY (seq) REFERENCES audit.log(seq);

ALTER TABLE ONLY ledger.checkpoints
    ADD CONSTRAINT checkpoints_key_number_fkey FOREIGN KEY (key_number) REFERENCES ledger.log_keys(key_number);

ALTER TABLE ONLY ledger.lane_trees
    ADD CONSTRAINT lane_trees_checkpoint_id_fkey FOREIGN KEY (checkpoint_id) REFERENCES ledger.checkpoints(checkpoint_id);

ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_checker_id FOREIGN KEY (checker_id) REFERENCES public.people(person_id);

ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_maker_id FOREIGN KEY (maker_id) REFERENCES public.people(person_id);

ALTER TABLE ONLY public.authorization_codes
    ADD CONSTRAINT fk_authorization_codes_grant_id FOREIGN KEY (grant_id) REFERENCES public.oauth_grants(grant_id);

ALTER TABLE ONLY public.cell_lines
    ADD CONSTRAINT fk_cell_lines_window_id_debtor_creditor FOREIGN KEY (window_id, debtor, creditor) REFERENCES public.cells(window_id, debtor, creditor);

ALTER TABLE ONLY public.cells
    ADD CONSTRAINT fk_cells_window_id FOREIGN KEY (window_id) REFERENCES public.windows(window_id);

ALTER TABLE ONLY public.exchange_offers
    ADD CONSTRAINT fk_exchange_offers_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.household_codes
    ADD CONSTRAINT fk_household_codes_household_id FOREIGN KEY (household_id) REFERENCES public.households(household_id);

ALTER TABLE ONLY public.household_members
    ADD CONSTRAINT fk_household_members_household_id FOREIGN KEY (household_id) REFERENCES public.households(household_id);

ALTER TABLE ONLY public.household_members
    ADD CONSTRAINT fk_household_members_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT fk_invitations_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT fk_invitations_person_id FOREIGN KEY (person_id) REFERENCES public.people(person_id);

ALTER TABLE ONLY public.linked_accounts
    ADD CONSTRAINT fk_linked_accounts_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.linked_accounts
    ADD CONSTRAINT fk_linked_accounts_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.member_merges
    ADD CONSTRAINT fk_member_merges_from_member_id FOREIGN KEY (from_member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.member_merges
    ADD CONSTRAINT fk_member_merges_to_member_id FOREIGN KEY (to_member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_merged_into FOREIGN KEY (merged_into) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.merged_links
    ADD CONSTRAINT fk_merged_links_merge_id FOREIGN KEY (merge_id) REFERENCES public.member_merges(merge_id);

ALTER TABLE ONLY public.oauth_clients
    ADD CONSTRAINT fk_oauth_clients_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.oauth_grants
    ADD CONSTRAINT fk_oauth_grants_client_id FOREIGN KEY (client_id) REFERENCES public.oauth_clients(client_id);

ALTER TABLE ONLY public.oauth_grants
    ADD CONSTRAINT fk_oauth_grants_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT fk_passkeys_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT fk_passkeys_person_id FOREIGN KEY (person_id) REFERENCES public.people(person_id);

ALTER TABLE ONLY public.people
    ADD CONSTRAINT fk_people_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.person_roles
    ADD CONSTRAINT fk_person_roles_person_id FOREIGN KEY (person_id) REFERENCES public.people(person_id);

ALTER TABLE ONLY public.pushed_requests
    ADD CONSTRAINT fk_pushed_requests_client_id FOREIGN KEY (client_id) REFERENCES public.oauth_clients(client_id);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT fk_refresh_tokens_grant_id FOREIGN KEY (grant_id) REFERENCES public.oauth_grants(grant_id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_person_id FOREIGN KEY (person_id) REFERENCES public.people(person_id);

ALTER TABLE ONLY public.spent_orders
    ADD CONSTRAINT fk_spent_orders_grant_id FOREIGN KEY (grant_id) REFERENCES public.oauth_grants(grant_id);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT fk_terms_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.till_codes
    ADD CONSTRAINT fk_till_codes_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.till_codes
    ADD CONSTRAINT fk_till_codes_used_by FOREIGN KEY (used_by) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.till_misses
    ADD CONSTRAINT fk_till_misses_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.trusted_releases
    ADD CONSTRAINT fk_trusted_releases_sha256_trusted_documents FOREIGN KEY (sha256) REFERENCES public.trusted_documents(sha256);

ALTER TABLE audit.heads ENABLE ROW LEVEL SECURITY;

CREATE POLICY hub_only ON audit.heads FOR SELECT USING (( SELECT wall.is_hub() AS is_hub));

CREATE POLICY hub_only ON audit.log FOR SELECT USING (( SELECT wall.is_hub() AS is_hub));

ALTER TABLE audit.log ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.allocations ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.allocations_beyond ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.allocations_first ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.arrears ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.cap_carries ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.cap_payments ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.cap_slices ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.cap_usage ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.caps ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.charges ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.checkpoints ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.cuts ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.entries_beyond ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.entries_first ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.flows ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.holds ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.issue_references ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.lane_trees ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.lanes ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.liabilities ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.log_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.lots ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.money_lines ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.restrictions ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.segments ENABLE ROW LEVEL SECURITY;

CREATE POLICY somebody_acts ON ledger.allocations FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.allocations_beyond FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.allocations_first FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.arrears FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.cap_carries FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.cap_payments FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.cap_slices FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.cap_usage FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.caps FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.charges FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.checkpoints FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.cuts FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.entries FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.entries_beyond FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.entries_first FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.flows FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.holds FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.issue_references FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.keys FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.lane_trees FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.lanes FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.liabilities FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.log_keys FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.lots FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.money_lines FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.restrictions FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.segments FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.terms_spans FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.tiles FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

CREATE POLICY somebody_acts ON ledger.wallets FOR SELECT USING (( SELECT wall.is_somebody() AS is_somebody));

ALTER TABLE ledger.terms_spans ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.tiles ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger.wallets ENABLE ROW LEVEL SECURITY;

CREATE POLICY all_rows ON public.cell_lines FOR SELECT USING (true);

CREATE POLICY all_rows ON public.cells FOR SELECT USING (true);

CREATE POLICY all_rows ON public.coalition FOR SELECT USING (true);

CREATE POLICY all_rows ON public.partners FOR SELECT USING (true);

ALTER TABLE public.answers ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.approvals ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.authorization_codes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cell_lines ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cells ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ceremonies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.coalition ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cost_buckets ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.development_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.exchange_offers ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.feed_cursors ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.feed_skips ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.field_uses ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.household_codes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.household_members ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.households ENABLE ROW LEVEL SECURITY;

CREATE POLICY hub_writes ON public.cell_lines USING (( SELECT wall.is_hub() AS is_hub)) WITH CHECK (( SELECT wall.is_hub() AS is_hub));

CREATE POLICY hub_writes ON public.cells USING (( SELECT wall.is_hub() AS is_hub)) WITH CHECK (( SELECT wall.is_hub() AS is_hub));

CREATE POLICY hub_writes ON public.coalition USING (( SELECT wall.is_hub() AS is_hub)) WITH CHECK (( SELECT wall.is_hub() AS is_hub));

CREATE POLICY hub_writes ON public.partners USING (( SELECT wall.is_hub() AS is_hub)) WITH CHECK (( SELECT wall.is_hub() AS is_hub));

ALTER TABLE public.invitations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.job_schedules ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.jobs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.linked_accounts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.member_merges ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.members ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.merged_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.oauth_clients ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.oauth_grants ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_rows ON public.approvals USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.audit_runs USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.authorization_codes USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.ceremonies USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.cost_buckets USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.development_tokens USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.exchange_offers USING ((( SELECT wall.is_hub() AS is_hub) OR ((( SELECT wall.partner_id() AS partner_id) IS NOT NULL) OR (( SELECT wall.member_id() AS member_id) IS NOT NULL)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.feed_cursors USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.feed_skips USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.field_uses USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.household_codes USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.household_members USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.households USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.invitations USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.job_schedules USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.jobs USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.linked_accounts USING ((( SELECT wall.is_hub() AS is_hub) OR ((partner_id = ( SELECT wall.partner_id() AS partner_id)) OR (member_id = ( SELECT wall.member_id() AS member_id))))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR (partner_id = ( SELECT wall.partner_id() AS partner_id))));

CREATE POLICY own_rows ON public.member_merges USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.members USING ((( SELECT wall.is_hub() AS is_hub) OR ((member_id = ( SELECT wall.member_id() AS member_id)) OR ((( SELECT wall.partner_id() AS partner_id) IS NOT NULL) AND (EXISTS ( SELECT
   FROM public.linked_accounts l
  WHERE ((l.member_id = members.member_id) AND (l.partner_id = ( SELECT wall.partner_id() AS partner_id))))))))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR (( SELECT wall.partner_id() AS partner_id) IS NOT NULL)));

CREATE POLICY own_rows ON public.merged_links USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.oauth_clients USING ((( SELECT wall.is_hub() AS is_hub) OR (partner_id = ( SELECT wall.partner_id() AS partner_id)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.oauth_grants USING ((( SELECT wall.is_hub() AS is_hub) OR (member_id = ( SELECT wall.member_id() AS member_id)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.passkeys USING ((( SELECT wall.is_hub() AS is_hub) OR (member_id = ( SELECT wall.member_id() AS member_id)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.people USING ((( SELECT wall.is_hub() AS is_hub) OR (partner_id = ( SELECT wall.partner_id() AS partner_id)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.person_roles USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.pushed_requests USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.rate_marks USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.refresh_tokens USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.revoked_tokens USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.secret_keys USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.seen_proofs USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.sessions USING ((( SELECT wall.is_hub() AS is_hub) OR (member_id = ( SELECT wall.member_id() AS member_id)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.signing_keys USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.spent_orders USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.terms USING ((( SELECT wall.is_hub() AS is_hub) OR (partner_id = ( SELECT wall.partner_id() AS partner_id)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.till_codes USING ((( SELECT wall.is_hub() AS is_hub) OR (member_id = ( SELECT wall.member_id() AS member_id)))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.till_misses USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.trusted_documents USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.trusted_releases USING ((( SELECT wall.is_hub() AS is_hub) OR false)) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

CREATE POLICY own_rows ON public.windows USING ((( SELECT wall.is_hub() AS is_hub) OR (( SELECT wall.partner_id() AS partner_id) IS NOT NULL))) WITH CHECK ((( SELECT wall.is_hub() AS is_hub) OR false));

ALTER TABLE public.partners ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.passkeys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.people ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.person_roles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pushed_requests ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.rate_marks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.refresh_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.revoked_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.secret_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.seen_proofs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.signing_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY somebody_acts ON public.answers USING (( SELECT wall.is_somebody() AS is_somebody)) WITH CHECK (( SELECT wall.is_somebody() AS is_somebody));

ALTER TABLE public.spent_orders ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.terms ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.till_codes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.till_misses ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.trusted_documents ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.trusted_releases ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.windows ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA audit TO hub_app;

GRANT USAGE ON SCHEMA ledger TO hub_app;

GRANT USAGE ON SCHEMA public TO hub_app;

GRANT USAGE ON SCHEMA wall TO PUBLIC;

REVOKE ALL ON FUNCTION audit.append(p_at timestamp with time zone, p_event text, p_actor text, p_person_id integer, p_client_id text, p_subject text, p_detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.append(p_at timestamp with time zone, p_event text, p_actor text, p_person_id integer, p_client_id text, p_subject text, p_detail text) TO hub_app;

REVOKE ALL ON FUNCTION audit.sign_head(p_seq bigint, p_signed_at timestamp with time zone, p_public_key bytea, p_signature bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.sign_head(p_seq bigint, p_signed_at timestamp with time zone, p_public_key bytea, p_signature bytea) TO hub_app;

REVOKE ALL ON FUNCTION audit.write_text(written text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ledger.add_checkpoint(p_id bigint, p_signed_at timestamp with time zone, p_key integer, p_root bytea, p_note text, a_lane smallint[], a_size bigint[], a_root bytea[], a_edge bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_checkpoint(p_id bigint, p_signed_at timestamp with time zone, p_key integer, p_root bytea, p_note text, a_lane smallint[], a_size bigint[], a_root bytea[], a_edge bytea[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.add_log_key(p_public bytea, p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_log_key(p_public bytea, p_at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.add_tiles(p_lane smallint, p_level smallint, p_first bigint, a_root bytea[], a_hashes bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_tiles(p_lane smallint, p_level smallint, p_first bigint, a_root bytea[], a_hashes bytea[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.allocation_body(kind smallint, is_reversal boolean, lot_id bigint, points bigint, held_points bigint, issuer_id integer, acceptor_id integer, issue_terms_id integer, acceptor_terms_id integer, arrears_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.allocation_body(kind smallint, is_reversal boolean, lot_id bigint, points bigint, held_points bigint, issuer_id integer, acceptor_id integer, issue_terms_id integer, acceptor_terms_id integer, arrears_seq bigint) TO hub_app;

REVOKE ALL ON FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.assert_free_of_conflicts(p_clock timestamp with time zone, a_kind smallint[], a_wallet bigint[], a_counter bigint[], a_decided timestamp with time zone[], a_group integer[], a_partner integer[], a_actor text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.assert_free_of_conflicts(p_clock timestamp with time zone, a_kind smallint[], a_wallet bigint[], a_counter bigint[], a_decided timestamp with time zone[], a_group integer[], a_partner integer[], a_actor text[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.audit() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.audit() TO hub_app;

REVOKE ALL ON FUNCTION ledger.audit_news(a_lane smallint[], a_from bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.audit_news(a_lane smallint[], a_from bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.book_charges(ops ledger.operation[], charges ledger.charge[], seqs bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.book_charges(ops ledger.operation[], charges ledger.charge[], seqs bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.book_claims(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.book_claims(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.book_moved_lots(ops ledger.operation[], drafts ledger.draft[], seqs bigint[], first_lots bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.book_moved_lots(ops ledger.operation[], drafts ledger.draft[], seqs bigint[], first_lots bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.borrow_slice(p_cap bigint, p_lane smallint, p_wanted numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.borrow_slice(p_cap bigint, p_lane smallint, p_wanted numeric) TO hub_app;

REVOKE ALL ON FUNCTION ledger.carry(p_lane smallint, p_cap bigint, p_wallet bigint, p_key uuid, p_amount numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.carry(p_lane smallint, p_cap bigint, p_wallet bigint, p_key uuid, p_amount numeric) TO hub_app;

REVOKE ALL ON FUNCTION ledger.carry_back(p_lane smallint, p_wallet bigint, p_from_lane smallint, p_from_wallet bigint, p_key uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.carry_back(p_lane smallint, p_wallet bigint, p_from_lane smallint, p_from_wallet bigint, p_key uuid) TO hub_app;

REVOKE ALL ON FUNCTION ledger.carry_usage(p_lane smallint, p_wallet bigint, p_to_lane smallint, p_to_wallet bigint, p_key uuid, p_since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.carry_usage(p_lane smallint, p_wallet bigint, p_to_lane smallint, p_to_wallet bigint, p_key uuid, p_since timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.charge_amounts(ops ledger.operation[], drafts ledger.draft[], charges ledger.charge[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.charge_amounts(ops ledger.operation[], drafts ledger.draft[], charges ledger.charge[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.charges_given_back(ops ledger.operation[], drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.charges_given_back(ops ledger.operation[], drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.cut_lane(p_lane smallint, p_segment bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.cut_lane(p_lane smallint, p_segment bigint) TO hub_app;

REVOKE ALL ON FUNCTION ledger.do_charges_fit(ops ledger.operation[], charges ledger.charge[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.do_charges_fit(ops ledger.operation[], charges ledger.charge[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_due_repayments(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_due_repayments(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_expiries(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_expiries(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_hold_ends(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_hold_ends(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_lot_changes(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_lot_changes(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_refunds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_refunds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_repayment(p_lane smallint, p_wallet bigint, p_ix integer, last_line integer, pieces ledger.draft[], earlier ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_repayment(p_lane smallint, p_wallet bigint, p_ix integer, last_line integer, pieces ledger.draft[], earlier ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_repayments(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_repayments(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_reverses(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_reverses(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_whole_holds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_whole_holds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draw_and_charge(INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT drafts ledger.draft[], is_short boolean, has_debits boolean, has_special boolean, has_groups boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draw_and_charge(INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT drafts ledger.draft[], is_short boolean, has_debits boolean, has_special boolean, has_groups boolean) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draw_lots(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draw_lots(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draw_special(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draw_special(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.free_pieces(p_lane smallint, p_wallet bigint, p_at timestamp with time zone, but_lot bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.free_pieces(p_lane smallint, p_wallet bigint, p_at timestamp with time zone, but_lot bigint) TO hub_app;

REVOKE ALL ON FUNCTION ledger.give_back(p_cap bigint, p_amount numeric, p_key uuid, p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.give_back(p_cap bigint, p_amount numeric, p_key uuid, p_at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.give_back_to_wallet(p_lane smallint, p_cap bigint, p_wallet bigint, p_amount numeric, p_key uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.give_back_to_wallet(p_lane smallint, p_cap bigint, p_wallet bigint, p_amount numeric, p_key uuid) TO hub_app;

REVOKE ALL ON FUNCTION ledger.has_terms(partner integer, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.has_terms(partner integer, at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.join_groups(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.join_groups(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.judge_charges(INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT is_changed boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.judge_charges(INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT is_changed boolean) TO hub_app;

REVOKE ALL ON FUNCTION ledger.judge_debts(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.judge_debts(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.leaf_hash(salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint, counter_lane smallint, counter_wallet_id bigint, points bigint, asked_points bigint, cap_id bigint, mode smallint, terms_id integer, ref_seq bigint, lot_id bigint, occurred_at timestamp with time zone, decided_at timestamp with time zone, posted_at timestamp with time zone, available_at timestamp with time zone, ends_at timestamp with time zone, request_hash uuid, actor text, reason text, reference text, category text, match_rate text, facts text, lot bytea, lines bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.leaf_hash(salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint, counter_lane smallint, counter_wallet_id bigint, points bigint, asked_points bigint, cap_id bigint, mode smallint, terms_id integer, ref_seq bigint, lot_id bigint, occurred_at timestamp with time zone, decided_at timestamp with time zone, posted_at timestamp with time zone, available_at timestamp with time zone, ends_at timestamp with time zone, request_hash uuid, actor text, reason text, reference text, category text, match_rate text, facts text, lot bytea, lines bytea) TO hub_app;

GRANT SELECT ON TABLE ledger.entries TO hub_app;

REVOKE ALL ON FUNCTION ledger.leaf_of(e ledger.entries) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.leaf_of(e ledger.entries) TO hub_app;

REVOKE ALL ON FUNCTION ledger.level_slices(p_cap bigint, p_lane smallint, p_wanted numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.level_slices(p_cap bigint, p_lane smallint, p_wanted numeric) TO hub_app;

REVOKE ALL ON FUNCTION ledger.line_up(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.line_up(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.lot_body(funder_id integer, issue_rank bigint, restriction_id integer, contributor_wallet_id bigint, source_lane smallint, source_lot_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.lot_body(funder_id integer, issue_rank bigint, restriction_id integer, contributor_wallet_id bigint, source_lane smallint, source_lot_id bigint) TO hub_app;

REVOKE ALL ON FUNCTION ledger.match_donations(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.match_donations(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.missed_repayment_at(p_lane smallint, p_wallet bigint, p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.missed_repayment_at(p_lane smallint, p_wallet bigint, p_at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.money_lines_body(a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.money_lines_body(a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.month_of(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.month_of(at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.open_cap(p_cap bigint, p_kind smallint, p_partner integer, p_subject text, p_currency text, p_limit numeric, p_starts timestamp with time zone, p_ends timestamp with time zone, p_renewal text, p_partial boolean, p_per_wallet boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_cap(p_cap bigint, p_kind smallint, p_partner integer, p_subject text, p_currency text, p_limit numeric, p_starts timestamp with time zone, p_ends timestamp with time zone, p_renewal text, p_partial boolean, p_per_wallet boolean) TO hub_app;

REVOKE ALL ON FUNCTION ledger.open_wallets(a_lane smallint[], a_wallet bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_wallets(a_lane smallint[], a_wallet bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.plan_cut(p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.plan_cut(p_at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.points_taken(p_lane smallint, p_wallet bigint, p_lot bigint, p_kind smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.points_taken(p_lane smallint, p_wallet bigint, p_lot bigint, p_kind smallint) TO hub_app;

REVOKE ALL ON FUNCTION ledger.post_batch(p_clock timestamp with time zone, a_lane smallint[], a_kind smallint[], a_wallet bigint[], a_partner integer[], a_points bigint[], a_key uuid[], a_request uuid[], a_actor text[], a_terms integer[], a_occurred timestamp with time zone[], a_decided timestamp with time zone[], a_expires timestamp with time zone[], a_reference_hash uuid[], a_reference text[], a_reason text[], a_posted timestamp with time zone[], a_available timestamp with time zone[], a_funder integer[], a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[], a_mode smallint[], a_category text[], a_restriction integer[], a_counter_lane smallint[], a_contributor bigint[], a_group integer[], a_charged integer[], a_cap bigint[], a_unit numeric[], a_back numeric[], a_charged_terms integer[], a_rest numeric[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.post_batch(p_clock timestamp with time zone, a_lane smallint[], a_kind smallint[], a_wallet bigint[], a_partner integer[], a_points bigint[], a_key uuid[], a_request uuid[], a_actor text[], a_terms integer[], a_occurred timestamp with time zone[], a_decided timestamp with time zone[], a_expires timestamp with time zone[], a_reference_hash uuid[], a_reference text[], a_reason text[], a_posted timestamp with time zone[], a_available timestamp with time zone[], a_funder integer[], a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[], a_mode smallint[], a_category text[], a_restriction integer[], a_counter_lane smallint[], a_contributor bigint[], a_group integer[], a_charged integer[], a_cap bigint[], a_unit numeric[], a_back numeric[], a_charged_terms integer[], a_rest numeric[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.post_money(p_clock timestamp with time zone, p_kind smallint, p_partner integer, p_key uuid, p_request uuid, p_actor text, p_occurred timestamp with time zone, p_decided timestamp with time zone, p_posted timestamp with time zone, p_ref_seq bigint, p_reason text, p_reference text, p_facts jsonb, a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.post_money(p_clock timestamp with time zone, p_kind smallint, p_partner integer, p_key uuid, p_request uuid, p_actor text, p_occurred timestamp with time zone, p_decided timestamp with time zone, p_posted timestamp with time zone, p_ref_seq bigint, p_reason text, p_reference text, p_facts jsonb, a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.refuse_shortages(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.refuse_shortages(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.repaid_by(drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.repaid_by(drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.restriction_of(p_hash uuid, p_acceptors integer[], p_categories text[], p_is_transferable boolean, p_is_exchangeable boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.restriction_of(p_hash uuid, p_acceptors integer[], p_categories text[], p_is_transferable boolean, p_is_exchangeable boolean) TO hub_app;

REVOKE ALL ON FUNCTION ledger.set_cap_limit(p_cap bigint, p_limit numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_cap_limit(p_cap bigint, p_limit numeric) TO hub_app;

REVOKE ALL ON FUNCTION ledger.set_terms_span(p_terms integer, p_partner integer, p_from timestamp with time zone, p_until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_terms_span(p_terms integer, p_partner integer, p_from timestamp with time zone, p_until timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.set_wallet_open(p_lane smallint, p_wallet bigint, p_is_open boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_wallet_open(p_lane smallint, p_wallet bigint, p_is_open boolean) TO hub_app;

REVOKE ALL ON FUNCTION ledger.spare_of(p_lane smallint, p_cap bigint, p_wallet bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.spare_of(p_lane smallint, p_cap bigint, p_wallet bigint) TO hub_app;

REVOKE ALL ON FUNCTION ledger.text_body(value text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.text_body(value text) TO hub_app;

REVOKE ALL ON PROCEDURE wall.build(IN named regclass, IN own text, IN may_add text) FROM PUBLIC;

GRANT SELECT ON TABLE audit.heads TO hub_app;

GRANT SELECT ON TABLE audit.log TO hub_app;

GRANT SELECT ON TABLE ledger.allocations TO hub_app;

GRANT SELECT ON TABLE ledger.allocations_beyond TO hub_app;

GRANT SELECT ON TABLE ledger.allocations_first TO hub_app;

GRANT SELECT ON TABLE ledger.arrears TO hub_app;

GRANT SELECT ON TABLE ledger.cap_carries TO hub_app;

GRANT SELECT ON TABLE ledger.cap_payments TO hub_app;

GRANT SELECT ON TABLE ledger.cap_slices TO hub_app;

GRANT SELECT ON TABLE ledger.cap_usage TO hub_app;

GRANT SELECT ON TABLE ledger.caps TO hub_app;

GRANT SELECT ON TABLE ledger.charges TO hub_app;

GRANT SELECT ON TABLE ledger.checkpoints TO hub_app;

GRANT SELECT ON TABLE ledger.cuts TO hub_app;

GRANT SELECT ON TABLE ledger.entries_beyond TO hub_app;

GRANT SELECT ON TABLE ledger.entries_first TO hub_app;

GRANT SELECT ON TABLE ledger.flows TO hub_app;

GRANT SELECT ON TABLE ledger.holds TO hub_app;

GRANT SELECT ON TABLE ledger.issue_references TO hub_app;

GRANT SELECT ON TABLE ledger.keys TO hub_app;

GRANT SELECT ON TABLE ledger.lane_trees TO hub_app;

GRANT SELECT ON TABLE ledger.lanes TO hub_app;

GRANT SELECT ON TABLE ledger.liabilities TO hub_app;

GRANT SELECT ON TABLE ledger.log_keys TO hub_app;

GRANT SELECT ON TABLE ledger.lots TO hub_app;

GRANT SELECT ON TABLE ledger.money_lines TO hub_app;

GRANT SELECT ON TABLE ledger.postings TO hub_app;

GRANT SELECT ON TABLE ledger.restrictions TO hub_app;

GRANT SELECT ON TABLE ledger.segments TO hub_app;

GRANT SELECT ON TABLE ledger.terms_spans TO hub_app;

GRANT SELECT ON TABLE ledger.tiles TO hub_app;

GRANT SELECT ON TABLE ledger.wallets TO hub_app;

GRANT SELECT ON TABLE public.alembic_version TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.answers TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.approvals TO hub_app;

GRANT SELECT,INSERT ON TABLE public.audit_runs TO hub_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.authorization_codes TO hub_app;

GRANT UPDATE(used_at) ON TABLE public.authorization_codes TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cell_lines TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cells TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ceremonies TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.coalition TO hub_app;

GRANT USAGE ON SEQUENCE public.coalition_coalition_id_seq TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cost_buckets TO hub_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.development_tokens TO hub_app;

GRANT SELECT,INSERT ON TABLE public.exchange_offers TO hub_app;

GRANT UPDATE(effective_until) ON TABLE public.exchange_offers TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.feed_cursors TO hub_app;

GRANT SELECT,INSERT ON TABLE public.feed_skips TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.field_uses TO hub_app;

GRANT SELECT,INSERT ON TABLE public.household_codes TO hub_app;

GRANT UPDATE(used_at) ON TABLE public.household_codes TO hub_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.household_members TO hub_app;

GRANT UPDATE(role) ON TABLE public.household_members TO hub_app;

GRANT UPDATE(share_bps) ON TABLE public.household_members TO hub_app;

GRANT UPDATE(is_leaving) ON TABLE public.household_members TO hub_app;

GRANT SELECT,INSERT ON TABLE public.households TO hub_app;

GRANT UPDATE(made_at) ON TABLE public.households TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invitations TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.job_schedules TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.jobs TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.linked_accounts TO hub_app;

GRANT SELECT,INSERT ON TABLE public.member_merges TO hub_app;

GRANT UPDATE(status) ON TABLE public.member_merges TO hub_app;

GRANT UPDATE(undo_name) ON TABLE public.member_merges TO hub_app;

GRANT UPDATE(ended_at) ON TABLE public.member_merges TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.members TO hub_app;

GRANT SELECT,INSERT ON TABLE public.merged_links TO hub_app;

GRANT SELECT,INSERT ON TABLE public.oauth_clients TO hub_app;

GRANT UPDATE(keys) ON TABLE public.oauth_clients TO hub_app;

GRANT UPDATE(jwks_uri) ON TABLE public.oauth_clients TO hub_app;

GRANT UPDATE(revoked_at) ON TABLE public.oauth_clients TO hub_app;

GRANT SELECT,INSERT ON TABLE public.oauth_grants TO hub_app;

GRANT UPDATE(revoked_at) ON TABLE public.oauth_grants TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.partners TO hub_app;

GRANT USAGE ON SEQUENCE public.partners_partner_id_seq TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.passkeys TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.people TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.person_roles TO hub_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.pushed_requests TO hub_app;

GRANT UPDATE(ends_at) ON TABLE public.pushed_requests TO hub_app;

GRANT UPDATE(opened_at) ON TABLE public.pushed_requests TO hub_app;

GRANT UPDATE(used_at) ON TABLE public.pushed_requests TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_marks TO hub_app;

GRANT SELECT,INSERT ON TABLE public.refresh_tokens TO hub_app;

GRANT UPDATE(used_at) ON TABLE public.refresh_tokens TO hub_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.revoked_tokens TO hub_app;

GRANT UPDATE(ends_at) ON TABLE public.revoked_tokens TO hub_app;

GRANT SELECT,INSERT ON TABLE public.secret_keys TO hub_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.seen_proofs TO hub_app;

GRANT UPDATE(ends_at) ON TABLE public.seen_proofs TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO hub_app;

GRANT SELECT,INSERT ON TABLE public.signing_keys TO hub_app;

GRANT UPDATE(ends_at) ON TABLE public.signing_keys TO hub_app;

GRANT SELECT,INSERT ON TABLE public.spent_orders TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.terms TO hub_app;

GRANT USAGE ON SEQUENCE public.terms_terms_id_seq TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.till_codes TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.till_misses TO hub_app;

GRANT SELECT,INSERT ON TABLE public.trusted_documents TO hub_app;

GRANT SELECT,INSERT ON TABLE public.trusted_releases TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.windows TO hub_app;

GRANT USAGE ON SEQUENCE public.windows_window_id_seq TO hub_app;
