CREATE SCHEMA ledger;

COMMENT ON SCHEMA ledger IS 'How points move: written by the functions of this schema only.';

CREATE TYPE ledger.draft AS (
	ix integer,
	line integer,
	kind smallint,
	is_reversal boolean,
	lot_id bigint,
	points bigint,
	issuer_id integer,
	issue_terms_id integer,
	expires_at timestamp with time zone
);

COMMENT ON TYPE ledger.draft IS 'One allocation to be written: points taken from (-) or given back to (+) a lot.';

CREATE TYPE ledger.operation AS (
	ix integer,
	lane smallint,
	kind smallint,
	wallet_id bigint,
	counter_wallet_id bigint,
	partner_id integer,
	funder_id integer,
	points bigint,
	terms_id integer,
	lot_id bigint,
	ref_seq bigint,
	key_hash uuid,
	request_hash uuid,
	reference_hash uuid,
	reference text,
	reason text,
	match_rate numeric,
	actor text,
	occurred_at timestamp with time zone,
	decided_at timestamp with time zone,
	posted_at timestamp with time zone,
	available_at timestamp with time zone,
	expires_at timestamp with time zone,
	issue_rank bigint,
	code smallint,
	is_replay boolean,
	seq bigint,
	detail bigint,
	segment_id bigint
);

COMMENT ON TYPE ledger.operation IS 'One operation on its way through post_batch.';

CREATE FUNCTION ledger.allocation_body(kind smallint, is_reversal boolean, lot_id bigint, points bigint, issuer_id integer, issue_terms_id integer) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT int2send(kind) || boolsend(is_reversal) || int8send(lot_id) || int8send(points)
        || int4send(issuer_id) || int4send(issue_terms_id)
$$;

CREATE FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM (
        SELECT o.ix, CASE o.kind WHEN 3 THEN o.points - o.detail ELSE -o.points END AS points
        FROM unnest(ops) o WHERE o.code = 0 AND NOT o.is_replay AND o.kind <> 1
        UNION ALL
        SELECT d.ix, -d.points FROM unnest(drafts) d
    ) both_sides
    GROUP BY ix HAVING sum(points) <> 0;
    IF FOUND THEN RAISE EXCEPTION 'allocations do not sum to their operation'; END IF;
END $$;

CREATE FUNCTION ledger.assert_free_of_conflicts(ops ledger.operation[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM (
        SELECT o.wallet_id, o.ix, o.kind, o.decided_at FROM unnest(ops) o
        UNION ALL
        SELECT o.counter_wallet_id, o.ix, 1, NULL FROM unnest(ops) o WHERE o.kind = 6
    ) touched
    GROUP BY wallet_id HAVING count(*) > 1 AND (
        bool_or(kind IN (3, 4, 5))
        OR min(decided_at) FILTER (WHERE kind <> 1) < max(decided_at) FILTER (WHERE kind <> 1)
        OR min(ix) FILTER (WHERE kind = 1) < max(ix) FILTER (WHERE kind <> 1));
    IF FOUND THEN RAISE EXCEPTION 'the batch is not free of conflicts'; END IF;
    PERFORM FROM unnest(ops) o
    WHERE starts_with(o.actor, 'partner:') AND o.actor <> 'partner:' || o.partner_id;
    IF FOUND THEN RAISE EXCEPTION 'a partner posts in its own name only'; END IF;
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
        SELECT abs(sum(x.points) FILTER (WHERE x.kind <> 5 OR e.kind = 5))::bigint AS points
        FROM allocations x WHERE x.lane = e.lane AND x.seq = e.seq) a ON true
    WHERE e.lane >= 0 AND e.kind <> 1 AND e.points IS DISTINCT FROM coalesce(a.points, 0)
    UNION ALL
    -- A lot has what was issued less what was taken.
    SELECT 'lot equals its allocations', format('lot %s:%s', l.lane, l.lot_id),
           l.remaining_points::text, (l.points + coalesce(a.points, 0))::text
    FROM lots l LEFT JOIN (SELECT lane, lot_id, sum(points)::bigint AS points FROM allocations
                           GROUP BY lane, lot_id) a USING (lane, lot_id)
    WHERE l.remaining_points <> l.points + coalesce(a.points, 0)
    UNION ALL
    SELECT 'lot is within its bounds', format('lot %s:%s', lane, lot_id),
           format('held %s, remaining %s, points %s', held_points, remaining_points, points),
           '0 <= held <= remaining <= points'
    FROM lots
    WHERE NOT (0 <= held_points AND held_points <= remaining_points AND remaining_points <= points)
    UNION ALL
    -- A wallet has what its lots have, and what its postings fold to.
    SELECT 'wallet equals its lots', format('wallet %s:%s', w.lane, w.wallet_id),
           w.balance_points::text, coalesce(l.points, 0)::text
    FROM wallets w LEFT JOIN (SELECT lane, wallet_id, sum(remaining_points)::bigint AS points
                              FROM lots GROUP BY lane, wallet_id) l USING (lane, wallet_id)
    WHERE w.balance_points <> coalesce(l.points, 0)
    UNION ALL
    SELECT 'wallet equals its postings', format('wallet %s:%s', w.lane, w.wallet_id),
           w.balance_points::text, coalesce(p.points, 0)::text
    FROM wallets w LEFT JOIN (SELECT lane, owner_id, sum(points)::bigint AS points FROM postings
                              WHERE account = 'lot' GROUP BY lane, owner_id) p
         ON p.lane = w.lane AND p.owner_id = w.wallet_id
    WHERE w.balance_points <> coalesce(p.points, 0)
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
                     false AS is_reversal, points, 1 AS entry_count FROM entries WHERE kind = 1
              UNION ALL
              SELECT a.lane, e.segment_id, a.kind, a.issuer_id, a.acceptor_id, a.issue_terms_id,
                     a.acceptor_terms_id, a.is_reversal, abs(a.points), (a.line = 1)::integer
              FROM allocations a JOIN entries e USING (lane, seq) WHERE a.kind <> 6) moves
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
    LEFT JOIN lots l ON e.kind = 1 AND l.lane = e.lane AND l.lot_id = e.lot_id
    LEFT JOIN (SELECT x.lane, x.seq,
                      string_agg(ledger.allocation_body(x.kind, x.is_reversal, x.lot_id, x.points,
                                     x.issuer_id, x.issue_terms_id), NULL ORDER BY x.line) AS body
               FROM allocations x GROUP BY x.lane, x.seq) a ON a.lane = e.lane AND a.seq = e.seq
    WHERE e.leaf_hash <> CASE WHEN e.lane = -1 THEN ledger.leaf_of(e) ELSE ledger.leaf_hash(
        e.salt, e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_wallet_id, e.points,
        e.terms_id, e.ref_seq, e.lot_id, e.occurred_at, e.decided_at, e.posted_at, l.expires_at,
        e.request_hash, a.body) END
$$;

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
    IF EXISTS (SELECT FROM lots l WHERE l.lane = p_lane AND l.is_open AND l.expires_at < 'infinity'
                 AND l.expires_at < here.segment_until AND l.remaining_points > l.held_points) THEN
        RETURN false;
    END IF;
    SELECT * INTO STRICT next_segment FROM segments WHERE starts_at = here.segment_until;
    INSERT INTO cuts (lane, segment_id, to_seq) VALUES (p_lane, p_segment, here.last_seq);
    UPDATE lanes SET segment_id = next_segment.segment_id, segment_until = next_segment.ends_at,
                     last_posted_at = greatest(here.last_posted_at, next_segment.starts_at)
    WHERE lane = p_lane;
    RETURN true;
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
        SELECT array_agg((op.ix, n, 5::smallint, false, l.lot_id, -l.free, l.issuer_id,
                          l.issue_terms_id, l.expires_at)::ledger.draft ORDER BY n), sum(l.free)
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
    expired bigint;
BEGIN
    FOR op IN
        SELECT * FROM unnest(ops) o
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind = 3 ORDER BY o.ix
    LOOP
        SELECT e.kind, e.points, e.terms_id, e.match_rate INTO redemption FROM entries e
        WHERE e.lane = op.lane AND e.seq = op.ref_seq AND e.kind IN (2, 7, 8)
          AND e.wallet_id = op.wallet_id AND e.partner_id = op.partner_id;
        IF NOT FOUND THEN
            ops[op.ix].code := 6;                                           -- UnknownReference
            CONTINUE;
        END IF;
        SELECT coalesce(sum(e.points), 0) INTO refunded FROM entries e
        WHERE e.lane = op.lane AND e.ref_seq = op.ref_seq AND e.kind = 3;
        IF refunded + op.points > redemption.points THEN
            ops[op.ix].code := 9;                                           -- RefundExceedsRedeemed
            ops[op.ix].detail := redemption.points - refunded;
            CONTINUE;
        END IF;
        ops[op.ix].terms_id := redemption.terms_id;
        ops[op.ix].match_rate := redemption.match_rate;
        WITH used AS (
            SELECT a.line, a.lot_id, a.issuer_id, a.issue_terms_id, l.expires_at,
                   (sum(-a.points) OVER w)::bigint + a.points AS low,
                   (sum(-a.points) OVER w)::bigint AS high
            FROM allocations a JOIN lots l ON l.lane = a.lane AND l.lot_id = a.lot_id
            WHERE a.lane = op.lane AND a.seq = op.ref_seq
            WINDOW w AS (ORDER BY a.line DESC ROWS UNBOUNDED PRECEDING)
        ), restored AS (
            SELECT *, least(high, refunded + op.points) - greatest(low, refunded) AS points
            FROM used WHERE low < refunded + op.points AND refunded < high
        ), both_ways AS (
            SELECT 1 AS way, redemption.kind, true AS is_reversal, r.*, r.points AS signed
            FROM restored r
            UNION ALL
            SELECT 2, 5::smallint, false, r.*, -r.points FROM restored r
            WHERE r.expires_at <= op.decided_at
        )
        SELECT array_agg((op.ix, n, b.kind, b.is_reversal, b.lot_id, b.signed, b.issuer_id,
                          b.issue_terms_id, b.expires_at)::ledger.draft ORDER BY n),
               -sum(b.signed) FILTER (WHERE b.way = 2)
        INTO refund_drafts, expired
        FROM (SELECT *, row_number() OVER (ORDER BY way, line DESC)::integer AS n
              FROM both_ways) b;
        ops[op.ix].detail := coalesce(expired, 0);
        drafts := drafts || refund_drafts;
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
        ELSIF lot.expires_at <= op.decided_at THEN
            ops[op.ix].code := 7;                                           -- LotExpired
        ELSIF lot.remaining_points - lot.held_points < op.points THEN
            ops[op.ix].code := 8;                                           -- LotSpent
            ops[op.ix].detail := lot.remaining_points - lot.held_points;
        ELSE
            ops[op.ix].terms_id := lot.issue_terms_id;
            drafts := drafts || (op.ix, 1, 1::smallint, true, lot.lot_id, -op.points, lot.issuer_id,
                                 lot.issue_terms_id, lot.expires_at)::ledger.draft;
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
            WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (2, 6, 7, 8)
              AND (uncovered IS NULL OR o.wallet_id = ANY (uncovered))
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
        SELECT array_agg((ix, line, kind, false, lot_id, -points, issuer_id, issue_terms_id,
                          expires_at)::ledger.draft) FILTER (WHERE is_covered),
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

CREATE FUNCTION ledger.has_terms(partner integer, at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    SELECT EXISTS (SELECT FROM terms_spans s WHERE s.partner_id = partner
                     AND s.effective_from <= at AND at < s.effective_until)
$$;

CREATE FUNCTION ledger.leaf_hash(salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint, counter_wallet_id bigint, points bigint, terms_id integer, ref_seq bigint, lot_id bigint, occurred_at timestamp with time zone, decided_at timestamp with time zone, posted_at timestamp with time zone, expires_at timestamp with time zone, request_hash uuid, allocations bytea) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT sha256('\x00'::bytea || uuid_send(salt)
        || int2send(lane) || int8send(seq) || int2send(kind) || int4send(partner_id)
        || int8send(coalesce(wallet_id, 0)) || int8send(coalesce(counter_wallet_id, 0))
        || int8send(points) || int4send(coalesce(terms_id, 0)) || int8send(coalesce(ref_seq, 0))
        || int8send(coalesce(lot_id, 0)) || timestamptz_send(occurred_at)
        || timestamptz_send(decided_at) || timestamptz_send(posted_at)
        || timestamptz_send(coalesce(expires_at, 'infinity')) || uuid_send(request_hash)
        || coalesce(allocations, ''::bytea))
$$;

CREATE TABLE ledger.entries (
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    kind smallint NOT NULL,
    partner_id integer NOT NULL,
    wallet_id bigint,
    counter_wallet_id bigint,
    points bigint NOT NULL,
    terms_id integer,
    ref_seq bigint,
    lot_id bigint,
    reason text,
    reference text,
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

COMMENT ON COLUMN ledger.entries.ref_seq IS 'Entry of this lane that this one gives back.';

COMMENT ON COLUMN ledger.entries.lot_id IS 'Lot an issue made, or a reverse took from.';

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
        e.salt, e.lane, e.seq, e.kind, e.partner_id, e.wallet_id, e.counter_wallet_id, e.points,
        e.terms_id, e.ref_seq, e.lot_id, e.occurred_at, e.decided_at, e.posted_at,
        CASE WHEN e.kind = 1 THEN
            (SELECT l.expires_at FROM lots l WHERE l.lane = e.lane AND l.lot_id = e.lot_id) END,
        e.request_hash,
        CASE WHEN e.lane = -1 THEN
            (SELECT ledger.money_lines_body(
                 array_agg(m.kind ORDER BY m.line), array_agg(m.is_reversal ORDER BY m.line),
                 array_agg(m.debtor_id ORDER BY m.line), array_agg(m.creditor_id ORDER BY m.line),
                 array_agg(m.currency ORDER BY m.line), array_agg(m.amount ORDER BY m.line),
                 array_agg(m.label ORDER BY m.line))
             FROM money_lines m WHERE m.lane = e.lane AND m.seq = e.seq)
        ELSE
            (SELECT string_agg(ledger.allocation_body(a.kind, a.is_reversal, a.lot_id, a.points,
                                   a.issuer_id, a.issue_terms_id), NULL ORDER BY a.line)
             FROM allocations a WHERE a.lane = e.lane AND a.seq = e.seq)
        END)
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

CREATE FUNCTION ledger.post_batch(p_clock timestamp with time zone, a_lane smallint[], a_kind smallint[], a_wallet bigint[], a_partner integer[], a_points bigint[], a_key uuid[], a_request uuid[], a_actor text[], a_terms integer[], a_occurred timestamp with time zone[], a_decided timestamp with time zone[], a_expires timestamp with time zone[], a_reference_hash uuid[], a_reference text[], a_reason text[], a_posted timestamp with time zone[], a_available timestamp with time zone[], a_funder integer[], a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[]) RETURNS TABLE(code smallint, is_replay boolean, seq bigint, detail bigint, posted_at timestamp with time zone)
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
    is_short boolean;
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
               u.kind IN (2, 6, 7, 8) AS is_debit
        FROM unnest(a_lane, a_kind, a_wallet, a_partner, a_points, a_key, a_request, a_actor,
                    a_terms, a_occurred, a_decided, a_expires, a_reference_hash, a_reference,
                    a_reason, a_posted, a_available, a_funder, a_counter, a_lot, a_ref, a_match,
                    a_rank) WITH ORDINALITY
             AS u (lane, kind, wallet_id, partner_id, points, key_hash, request_hash, actor,
                   terms_id, occurred, decided, expires_at, reference_hash, reference,
                   reason, posted, available_at, funder_id, counter_wallet_id, lot_id, ref_seq,
                   match_rate, issue_rank, ix)
    ), judged AS (
        SELECT g.*, k.seq AS stored_seq, k.detail AS stored_detail, k.posted_at AS stored_at,
               coalesce(k.request_hash = g.request_hash, false) AS is_replay,
               CASE WHEN g.is_debit THEN w.balance_points - w.held_points - over.points END
                   AS available_points,
               CASE WHEN k.request_hash = g.request_hash THEN k.code
                    WHEN k.request_hash IS NOT NULL THEN 50             -- the key's other request
                    WHEN g.posted_at >= l_until[g.lane + 2] THEN 51     -- the lane's cut is due
                    WHEN w.wallet_id IS NULL THEN 2
                    WHEN g.kind = 6 AND c.wallet_id IS NULL THEN 2
                    WHEN NOT w.is_open AND g.kind <> 5 THEN 3
                    WHEN NOT c.is_open THEN 3
                    WHEN g.kind IN (1, 2, 7, 8) AND t.terms_id IS NULL THEN
                        CASE WHEN ledger.has_terms(g.partner_id, g.occurred_at) THEN 52 ELSE 4 END
                    WHEN g.kind = 1 AND r.reference_hash IS NOT NULL THEN 5
                    ELSE 0 END::smallint AS code
        FROM given g
        LEFT JOIN keys k ON k.lane = g.lane AND k.key_hash = g.key_hash
        LEFT JOIN wallets w ON w.lane = g.lane AND w.wallet_id = g.wallet_id
        LEFT JOIN wallets c ON c.lane = g.lane AND c.wallet_id = g.counter_wallet_id
        LEFT JOIN terms_spans t ON t.terms_id = g.terms_id AND t.partner_id = g.partner_id
              AND t.effective_from <= g.occurred_at AND g.occurred_at < t.effective_until
        LEFT JOIN issue_references r ON r.reference_hash = g.reference_hash
        LEFT JOIN LATERAL (             -- in the balance, but over: expired and not yet booked
            SELECT coalesce(sum(l.remaining_points - l.held_points), 0)::bigint AS points
            FROM lots l
            WHERE g.is_debit AND l.lane = g.lane AND l.wallet_id = g.wallet_id AND l.is_open
              AND l.expires_at <= g.decided_at) over ON true
    ), totalled AS (
        SELECT *, sum(points) FILTER (WHERE code = 0 AND is_debit AND NOT is_replay)
                      OVER (PARTITION BY wallet_id) > available_points AS is_short
        FROM judged
    )
    SELECT array_agg((ix, lane, kind, wallet_id, counter_wallet_id, partner_id,
                      coalesce(funder_id, partner_id), points, terms_id, lot_id, ref_seq, key_hash,
                      request_hash, reference_hash, reference, reason, match_rate, actor,
                      occurred_at, decided_at,
                      CASE WHEN is_replay THEN stored_at ELSE posted_at END,
                      coalesce(available_at, '-infinity'), coalesce(expires_at, 'infinity'),
                      issue_rank, code, is_replay, stored_seq,
                      CASE WHEN is_replay THEN stored_detail ELSE available_points END,
                      l_segment[lane + 2])::ledger.operation ORDER BY ix),
           bool_or(is_short AND code = 0)
    INTO ops, is_short FROM totalled;

    -- 2. Shortages, and the lots that each operation takes from or gives back to.
    IF is_short THEN
        ops := ledger.refuse_shortages(ops);
    END IF;
    IF a_kind && '{2,6,7,8}'::smallint[] THEN
        drafts := ledger.draw_lots(ops);
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
    PERFORM ledger.assert_free_of_conflicts(ops);
    PERFORM ledger.assert_drafts(ops, drafts);

    -- 3. Number entries and lots, dense in each lane, in the order of the batch.
    SELECT array_agg(CASE WHEN is_booked THEN l_seq[lane + 2] + booked ELSE 0 END ORDER BY ix),
           array_agg(l_lot[lane + 2] + lots_until - lots + 1 ORDER BY ix),
           array_agg(l_lot[lane + 2] + lots_until ORDER BY ix)
    INTO seqs, first_lots, last_lots
    FROM (SELECT *, count(*) FILTER (WHERE is_booked) OVER w AS booked,
                 (sum(lots) OVER w)::bigint AS lots_until
          FROM (SELECT ix, lane, bool_or(is_booked) AS is_booked, sum(lots)::bigint AS lots
                FROM (SELECT o.ix, o.lane, o.code = 0 AND NOT o.is_replay AS is_booked,
                             (o.kind = 1 AND o.code = 0 AND NOT o.is_replay)::integer AS lots
                      FROM unnest(ops) o
                      UNION ALL
                      SELECT d.ix, (ops[d.ix]).lane, false, 1 FROM unnest(drafts) d WHERE d.kind = 6
                     ) parts
                GROUP BY ix, lane) counted
          WINDOW w AS (PARTITION BY lane ORDER BY ix)) numbered;
    IF drafts IS NOT NULL THEN
        SELECT array_agg(body ORDER BY ix) INTO lines FROM (
            SELECT ix, string_agg(line_body, NULL ORDER BY line) AS body FROM (
                SELECT d.ix, d.line, ledger.allocation_body(d.kind, d.is_reversal, d.lot_id,
                                         d.points, d.issuer_id, d.issue_terms_id) AS line_body
                FROM unnest(drafts) d
                UNION ALL
                SELECT i, 0, NULL FROM generate_series(1, n) i) bodies
            GROUP BY ix) by_ix;
    END IF;

    -- 4. Book. The statement writes only rows that the locked lanes own, each at most once.
    WITH op AS MATERIALIZED (
        SELECT o.*, seqs[o.ix] AS new_seq,
               CASE WHEN o.kind = 1 THEN first_lots[o.ix] ELSE o.lot_id END AS entry_lot_id,
               gen_random_uuid() AS salt
        FROM unnest(ops) o WHERE seqs[o.ix] > 0
    ), allocation AS MATERIALIZED (
        SELECT d.*, o.lane, o.segment_id, seqs[d.ix] AS seq,
               CASE WHEN d.kind IN (2, 7, 8) THEN o.partner_id ELSE 0 END AS acceptor_id,
               CASE WHEN d.kind IN (2, 7, 8) THEN o.terms_id ELSE 0 END AS acceptor_terms_id
        FROM unnest(drafts) d CROSS JOIN LATERAL (SELECT (ops[d.ix]).*) o
    ), entry AS (
        INSERT INTO entries (lane, seq, kind, partner_id, wallet_id, counter_wallet_id, points,
                             terms_id, ref_seq, lot_id, reason, reference, match_rate, occurred_at,
                             decided_at, posted_at, segment_id, actor, request_hash, salt,
                             leaf_hash)
        SELECT lane, new_seq, kind, partner_id, wallet_id, counter_wallet_id, points,
               terms_id, ref_seq, entry_lot_id, reason, reference, match_rate, occurred_at,
               decided_at, posted_at, segment_id, actor, request_hash, salt,
               ledger.leaf_hash(salt, lane, new_seq, kind, partner_id, wallet_id, counter_wallet_id,
                                points, terms_id, ref_seq, entry_lot_id, occurred_at, decided_at,
                                posted_at, expires_at, request_hash, lines[ix])
        FROM op
    ), allocated AS (
        INSERT INTO allocations (lane, seq, line, kind, is_reversal, lot_id, points, issuer_id,
                                 acceptor_id, issue_terms_id, acceptor_terms_id)
        SELECT lane, seq, line, kind, is_reversal, lot_id, points, issuer_id, acceptor_id,
               issue_terms_id, acceptor_terms_id
        FROM allocation
    ), issued AS (
        INSERT INTO lots (lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points,
                          remaining_points, issue_rank, available_at, expires_at, source_seq)
        SELECT lane, entry_lot_id, wallet_id, partner_id, funder_id, terms_id, points, points,
               coalesce(issue_rank, (extract(epoch FROM posted_at) * 1000000)::bigint),
               available_at, expires_at, new_seq
        FROM op WHERE kind = 1
    ), moved AS (
        INSERT INTO lots (lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points,
                          remaining_points, issue_rank, available_at, expires_at, source_seq,
                          source_lot_id, restriction_id)
        SELECT l.lane, first_lots[a.ix] + a.line - 1, (ops[a.ix]).counter_wallet_id, l.issuer_id,
               l.funder_id, l.issue_terms_id, -a.points, -a.points, l.issue_rank, l.available_at,
               l.expires_at, a.seq, l.lot_id, l.restriction_id
        FROM allocation a JOIN lots l ON l.lane = a.lane AND l.lot_id = a.lot_id
        WHERE a.kind = 6
    ), lot_change AS MATERIALIZED (
        SELECT lane, lot_id, sum(points)::bigint AS points FROM allocation
        GROUP BY lane, lot_id HAVING sum(points) <> 0
    ), changed_lot AS (
        UPDATE lots l SET remaining_points = l.remaining_points + c.points,
                          is_open = l.remaining_points + c.points > 0
        FROM lot_change c WHERE l.lane = c.lane AND l.lot_id = c.lot_id RETURNING 1
    ), wallet_change AS MATERIALIZED (
        SELECT lane, wallet_id, sum(points)::bigint AS points, max(seq) AS seq
        FROM (SELECT lane, wallet_id, new_seq AS seq, CASE kind WHEN 1 THEN points
                         WHEN 3 THEN points - detail ELSE -points END AS points FROM op
              UNION ALL
              SELECT lane, counter_wallet_id, new_seq, points FROM op WHERE kind = 6) touched
        GROUP BY lane, wallet_id
    ), changed_wallet AS (
        UPDATE wallets w SET balance_points = w.balance_points + c.points, last_seq = c.seq
        FROM wallet_change c WHERE w.lane = c.lane AND w.wallet_id = c.wallet_id RETURNING 1
    ), flowed AS (
        INSERT INTO flows AS f (lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                                acceptor_terms_id, is_reversal, points, entry_count)
        SELECT lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
               is_reversal, sum(points), sum(entry_count)
        FROM (SELECT lane, segment_id, kind, partner_id AS issuer_id, 0 AS acceptor_id,
                     terms_id AS issue_terms_id, 0 AS acceptor_terms_id, false AS is_reversal,
                     points, 1 AS entry_count
              FROM op WHERE kind = 1
              UNION ALL
              SELECT lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                     acceptor_terms_id, is_reversal, abs(points), (line = 1)::integer
              FROM allocation WHERE kind <> 6) moves
        GROUP BY lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id,
                 acceptor_terms_id, is_reversal
        ON CONFLICT ON CONSTRAINT flows_pkey
        DO UPDATE SET points = f.points + excluded.points,
                      entry_count = f.entry_count + excluded.entry_count
    ), liable AS (
        INSERT INTO liabilities AS b (lane, issuer_id, issue_terms_id, expires_month, points)
        SELECT lane, issuer_id, issue_terms_id, ledger.month_of(expires_at), sum(points)
        FROM (SELECT lane, partner_id AS issuer_id, terms_id AS issue_terms_id, expires_at, points
              FROM op WHERE kind = 1
              UNION ALL
              SELECT lane, issuer_id, issue_terms_id, expires_at, points
              FROM allocation WHERE kind <> 6) moves
        GROUP BY 1, 2, 3, 4 HAVING sum(points) <> 0
        ON CONFLICT ON CONSTRAINT liabilities_pkey
        DO UPDATE SET points = b.points + excluded.points RETURNING b.points
    ), referenced AS (
        INSERT INTO issue_references (reference_hash, lane, seq)
        SELECT reference_hash, lane, new_seq FROM op
        WHERE kind = 1 AND reference_hash IS NOT NULL
        ORDER BY reference_hash     -- one order in every batch: no two batches wait on each other
    ), answered AS (
        INSERT INTO keys (lane, key_hash, request_hash, code, seq, detail, posted_at)
        SELECT o.lane, o.key_hash, o.request_hash, o.code, nullif(seqs[o.ix], 0),
               CASE WHEN o.code = 0 AND o.kind IN (1, 6) THEN first_lots[o.ix]
                    WHEN o.code = 0 AND o.kind IN (2, 7, 8) THEN NULL
                    ELSE o.detail END,
               o.posted_at
        FROM unnest(ops) o
        WHERE NOT o.is_replay AND o.code < 50 AND o.key_hash IS NOT NULL
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
    IF EXISTS (SELECT FROM unnest(ops) o WHERE o.match_rate IS NOT NULL AND seqs[o.ix] > 0) THEN
        PERFORM ledger.match_donations(ops, drafts, seqs);
    END IF;

    RETURN QUERY
    SELECT o.code, o.is_replay, CASE WHEN seqs[o.ix] > 0 THEN seqs[o.ix] ELSE o.seq END,
           CASE WHEN seqs[o.ix] > 0 AND o.kind IN (1, 6) THEN first_lots[o.ix]
                WHEN seqs[o.ix] > 0 AND o.kind IN (2, 7, 8) THEN NULL
                ELSE o.detail END,
           o.posted_at
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
                                0, NULL, p_ref_seq, NULL, coalesce(p_occurred, p_clock),
                                coalesce(p_decided, p_clock), posting_at, NULL, p_request,
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
        WHERE o.code = 0 AND NOT o.is_replay AND o.kind IN (2, 6, 7, 8) ORDER BY o.wallet_id, o.ix
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

CREATE FUNCTION ledger.set_terms_span(p_terms integer, p_partner integer, p_from timestamp with time zone, p_until timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
    INSERT INTO terms_spans (terms_id, partner_id, effective_from, effective_until)
    VALUES (p_terms, p_partner, p_from, p_until)
    ON CONFLICT (terms_id) DO UPDATE SET effective_until = excluded.effective_until
$$;

CREATE TABLE ledger.allocations (
    lane smallint NOT NULL,
    seq bigint NOT NULL,
    line integer NOT NULL,
    kind smallint NOT NULL,
    is_reversal boolean NOT NULL,
    lot_id bigint NOT NULL,
    points bigint NOT NULL,
    issuer_id integer NOT NULL,
    acceptor_id integer NOT NULL,
    issue_terms_id integer NOT NULL,
    acceptor_terms_id integer NOT NULL,
    CONSTRAINT allocations_points_check CHECK ((points <> 0))
)
PARTITION BY RANGE (seq);

COMMENT ON TABLE ledger.allocations IS 'The journal, append-only: one row per lot that an entry takes from (-) or gives back to (+).';

COMMENT ON COLUMN ledger.allocations.kind IS 'Kind of flow: that of the entry, of what a refund gives back, or EXPIRE for a re-expiry.';

COMMENT ON COLUMN ledger.allocations.acceptor_id IS '0: nobody accepts (reverse, expire, transfer).';

CREATE TABLE ledger.allocations_beyond (
    lane smallint CONSTRAINT allocations_lane_not_null NOT NULL,
    seq bigint CONSTRAINT allocations_seq_not_null NOT NULL,
    line integer CONSTRAINT allocations_line_not_null NOT NULL,
    kind smallint CONSTRAINT allocations_kind_not_null NOT NULL,
    is_reversal boolean CONSTRAINT allocations_is_reversal_not_null NOT NULL,
    lot_id bigint CONSTRAINT allocations_lot_id_not_null NOT NULL,
    points bigint CONSTRAINT allocations_points_not_null NOT NULL,
    issuer_id integer CONSTRAINT allocations_issuer_id_not_null NOT NULL,
    acceptor_id integer CONSTRAINT allocations_acceptor_id_not_null NOT NULL,
    issue_terms_id integer CONSTRAINT allocations_issue_terms_id_not_null NOT NULL,
    acceptor_terms_id integer CONSTRAINT allocations_acceptor_terms_id_not_null NOT NULL,
    CONSTRAINT allocations_points_check CHECK ((points <> 0))
);

CREATE TABLE ledger.allocations_first (
    lane smallint CONSTRAINT allocations_lane_not_null NOT NULL,
    seq bigint CONSTRAINT allocations_seq_not_null NOT NULL,
    line integer CONSTRAINT allocations_line_not_null NOT NULL,
    kind smallint CONSTRAINT allocations_kind_not_null NOT NULL,
    is_reversal boolean CONSTRAINT allocations_is_reversal_not_null NOT NULL,
    lot_id bigint CONSTRAINT allocations_lot_id_not_null NOT NULL,
    points bigint CONSTRAINT allocations_points_not_null NOT NULL,
    issuer_id integer CONSTRAINT allocations_issuer_id_not_null NOT NULL,
    acceptor_id integer CONSTRAINT allocations_acceptor_id_not_null NOT NULL,
    issue_terms_id integer CONSTRAINT allocations_issue_terms_id_not_null NOT NULL,
    acceptor_terms_id integer CONSTRAINT allocations_acceptor_terms_id_not_null NOT NULL,
    CONSTRAINT allocations_points_check CHECK ((points <> 0))
);

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
    counter_wallet_id bigint,
    points bigint CONSTRAINT entries_points_not_null NOT NULL,
    terms_id integer,
    ref_seq bigint,
    lot_id bigint,
    reason text,
    reference text,
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
    counter_wallet_id bigint,
    points bigint CONSTRAINT entries_points_not_null NOT NULL,
    terms_id integer,
    ref_seq bigint,
    lot_id bigint,
    reason text,
    reference text,
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
    posted_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE ledger.keys IS 'What each idempotency key was answered, refusals too (rule book 1.9). Never partitioned by
time: a key must stay unique.';

COMMENT ON COLUMN ledger.keys.key_hash IS 'First 16 bytes of SHA-256(partner, wallet, key).';

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
    restriction_id integer,
    is_open boolean DEFAULT true NOT NULL,
    CONSTRAINT lots_check CHECK (((remaining_points >= 0) AND (remaining_points <= points))),
    CONSTRAINT lots_check1 CHECK (((held_points >= 0) AND (held_points <= remaining_points))),
    CONSTRAINT lots_check2 CHECK ((is_open = (remaining_points > 0))),
    CONSTRAINT lots_points_check CHECK ((points > 0))
)
WITH (fillfactor='80');

COMMENT ON TABLE ledger.lots IS 'Points issued together that expire together (rule book 1.2).';

COMMENT ON COLUMN ledger.lots.issue_rank IS 'Order of the first issue, kept through transfers: its posted_at in microseconds.';

COMMENT ON COLUMN ledger.lots.available_at IS 'Usable from this instant; -infinity: at once.';

COMMENT ON COLUMN ledger.lots.expires_at IS 'Exclusive instant; infinity: never.';

COMMENT ON COLUMN ledger.lots.source_seq IS 'Entry that made the lot: an issue or a transfer.';

COMMENT ON COLUMN ledger.lots.source_lot_id IS 'Lot it was moved from.';

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
  WHERE (e.kind = 1)
UNION ALL
 SELECT e.lane,
    e.seq,
    2 AS line,
    'issued'::text AS account,
    e.partner_id AS owner_id,
    e.lot_id,
    (- e.points) AS points
   FROM ledger.entries e
  WHERE (e.kind = 1)
UNION ALL
 SELECT a.lane,
    a.seq,
    ((2 * a.line) - 1) AS line,
    'lot'::text AS account,
    l.wallet_id AS owner_id,
    a.lot_id,
    a.points
   FROM (ledger.allocations a
     JOIN ledger.lots l ON (((l.lane = a.lane) AND (l.lot_id = a.lot_id))))
UNION ALL
 SELECT a.lane,
    a.seq,
    (2 * a.line) AS line,
        CASE a.kind
            WHEN 1 THEN 'issued'::text
            WHEN 5 THEN 'expired'::text
            WHEN 6 THEN 'moved'::text
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

COMMENT ON COLUMN ledger.wallets.owed_points IS 'Arrears (rule book 1.6.3).';

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

COMMENT ON TABLE public.answers IS 'What each idempotency key outside the ledger was answered (rule book 1.9).';

COMMENT ON COLUMN public.answers.key_hash IS 'SHA-256(actor, key).';

COMMENT ON COLUMN public.answers.request_hash IS 'SHA-256 of what was asked.';

COMMENT ON COLUMN public.answers.answer IS 'What was made or refused; empty while it is under way.';

CREATE TABLE public.cell_lines (
    window_id integer NOT NULL,
    debtor text NOT NULL,
    creditor text NOT NULL,
    line text NOT NULL,
    exact numeric(38,12) NOT NULL
);

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

COMMENT ON TABLE public.cells IS 'What one party owes another in a window; append-only.';

COMMENT ON COLUMN public.cells.rounded_minor IS 'Minor units that are billed.';

CREATE TABLE public.coalition (
    coalition_id integer NOT NULL,
    name text NOT NULL,
    point_name text NOT NULL,
    clearing_currency text NOT NULL,
    time_zone text NOT NULL
);

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

CREATE TABLE public.development_tokens (
    token_hash bytea NOT NULL,
    actor_kind text NOT NULL,
    actor_number bigint NOT NULL,
    made_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.development_tokens IS 'Tokens that work in the development profile only.';

COMMENT ON COLUMN public.development_tokens.token_hash IS 'SHA-256 of the token.';

COMMENT ON COLUMN public.development_tokens.actor_kind IS 'operator, partner or member.';

COMMENT ON COLUMN public.development_tokens.actor_number IS 'Partner or member; 0: operator.';

CREATE TABLE public.linked_accounts (
    partner_id integer NOT NULL,
    reference text NOT NULL,
    member_id bigint NOT NULL,
    linked_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.linked_accounts IS 'A member''s identity at one partner.';

COMMENT ON COLUMN public.linked_accounts.reference IS 'The partner''s own name for the member.';

CREATE TABLE public.members (
    member_id bigint NOT NULL,
    wallet_lane smallint NOT NULL,
    wallet_id bigint NOT NULL,
    joined_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.members IS 'People who joined the coalition.';

COMMENT ON COLUMN public.members.member_id IS 'Random.';

COMMENT ON COLUMN public.members.wallet_lane IS 'Lane the wallet was born into.';

COMMENT ON COLUMN public.members.wallet_id IS 'Random.';

CREATE TABLE public.partners (
    partner_id integer NOT NULL,
    code text NOT NULL,
    name_en text NOT NULL,
    name_zh text NOT NULL,
    settlement_currency text
);

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

CREATE TABLE public.secret_keys (
    name text NOT NULL,
    secret bytea NOT NULL
);

COMMENT ON TABLE public.secret_keys IS 'Keys of the hub. Kept here so that ids mean the same in every process and backup.';

COMMENT ON COLUMN public.secret_keys.name IS 'What the key is for.';

COMMENT ON COLUMN public.secret_keys.secret IS '32 random bytes.';

CREATE TABLE public.terms (
    terms_id integer NOT NULL,
    partner_id integer NOT NULL,
    version text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    effective_until timestamp with time zone,
    written jsonb NOT NULL
);

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

ALTER TABLE ONLY ledger.allocations
    ADD CONSTRAINT allocations_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.allocations_beyond
    ADD CONSTRAINT allocations_beyond_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.allocations_first
    ADD CONSTRAINT allocations_first_pkey PRIMARY KEY (lane, seq, line);

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

ALTER TABLE ONLY ledger.issue_references
    ADD CONSTRAINT issue_references_pkey PRIMARY KEY (reference_hash);

ALTER TABLE ONLY ledger.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (lane, key_hash);

ALTER TABLE ONLY ledger.lanes
    ADD CONSTRAINT lanes_pkey PRIMARY KEY (lane);

ALTER TABLE ONLY ledger.liabilities
    ADD CONSTRAINT liabilities_pkey PRIMARY KEY (lane, issuer_id, issue_terms_id, expires_month);

ALTER TABLE ONLY ledger.lots
    ADD CONSTRAINT lots_pkey PRIMARY KEY (lane, lot_id);

ALTER TABLE ONLY ledger.money_lines
    ADD CONSTRAINT money_lines_pkey PRIMARY KEY (lane, seq, line);

ALTER TABLE ONLY ledger.segments
    ADD CONSTRAINT segments_pkey PRIMARY KEY (segment_id);

ALTER TABLE ONLY ledger.segments
    ADD CONSTRAINT segments_starts_at_key UNIQUE (starts_at);

ALTER TABLE ONLY ledger.terms_spans
    ADD CONSTRAINT terms_spans_pkey PRIMARY KEY (terms_id);

ALTER TABLE ONLY ledger.wallets
    ADD CONSTRAINT wallets_pkey PRIMARY KEY (lane, wallet_id);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.answers
    ADD CONSTRAINT pk_answers PRIMARY KEY (key_hash);

ALTER TABLE ONLY public.cell_lines
    ADD CONSTRAINT pk_cell_lines PRIMARY KEY (window_id, debtor, creditor, line);

ALTER TABLE ONLY public.cells
    ADD CONSTRAINT pk_cells PRIMARY KEY (window_id, debtor, creditor);

ALTER TABLE ONLY public.coalition
    ADD CONSTRAINT pk_coalition PRIMARY KEY (coalition_id);

ALTER TABLE ONLY public.development_tokens
    ADD CONSTRAINT pk_development_tokens PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.linked_accounts
    ADD CONSTRAINT pk_linked_accounts PRIMARY KEY (partner_id, reference);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (member_id);

ALTER TABLE ONLY public.partners
    ADD CONSTRAINT pk_partners PRIMARY KEY (partner_id);

ALTER TABLE ONLY public.secret_keys
    ADD CONSTRAINT pk_secret_keys PRIMARY KEY (name);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT pk_terms PRIMARY KEY (terms_id);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT pk_windows PRIMARY KEY (window_id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT uq_members_wallet_id UNIQUE (wallet_id);

ALTER TABLE ONLY public.partners
    ADD CONSTRAINT uq_partners_code UNIQUE (code);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT uq_terms_partner_id_effective_from UNIQUE (partner_id, effective_from);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT uq_terms_partner_id_version UNIQUE (partner_id, version);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT uq_windows_calendar_code UNIQUE (calendar, code);

ALTER TABLE ONLY public.windows
    ADD CONSTRAINT uq_windows_calendar_opens_at UNIQUE (calendar, opens_at);

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

CREATE INDEX lots_by_expiry ON ledger.lots USING btree (lane, expires_at) WHERE (is_open AND (expires_at < 'infinity'::timestamp with time zone));

CREATE INDEX lots_in_redemption_order ON ledger.lots USING btree (lane, wallet_id, expires_at, issue_rank, lot_id) WHERE is_open;

CREATE INDEX money_lines_by_segment ON ledger.money_lines USING btree (segment_id);

CREATE INDEX terms_spans_by_partner ON ledger.terms_spans USING btree (partner_id, effective_from);

CREATE INDEX ix_linked_accounts_member_id ON public.linked_accounts USING btree (member_id);

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

ALTER TABLE ONLY public.cell_lines
    ADD CONSTRAINT fk_cell_lines_window_id_debtor_creditor FOREIGN KEY (window_id, debtor, creditor) REFERENCES public.cells(window_id, debtor, creditor);

ALTER TABLE ONLY public.cells
    ADD CONSTRAINT fk_cells_window_id FOREIGN KEY (window_id) REFERENCES public.windows(window_id);

ALTER TABLE ONLY public.linked_accounts
    ADD CONSTRAINT fk_linked_accounts_member_id FOREIGN KEY (member_id) REFERENCES public.members(member_id);

ALTER TABLE ONLY public.linked_accounts
    ADD CONSTRAINT fk_linked_accounts_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

ALTER TABLE ONLY public.terms
    ADD CONSTRAINT fk_terms_partner_id FOREIGN KEY (partner_id) REFERENCES public.partners(partner_id);

GRANT USAGE ON SCHEMA ledger TO hub_app;

GRANT USAGE ON SCHEMA public TO hub_app;

REVOKE ALL ON FUNCTION ledger.allocation_body(kind smallint, is_reversal boolean, lot_id bigint, points bigint, issuer_id integer, issue_terms_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.allocation_body(kind smallint, is_reversal boolean, lot_id bigint, points bigint, issuer_id integer, issue_terms_id integer) TO hub_app;

REVOKE ALL ON FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.assert_free_of_conflicts(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.assert_free_of_conflicts(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.audit() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.audit() TO hub_app;

REVOKE ALL ON FUNCTION ledger.cut_lane(p_lane smallint, p_segment bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.cut_lane(p_lane smallint, p_segment bigint) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_expiries(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_expiries(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_refunds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_refunds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draft_reverses(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draft_reverses(INOUT ops ledger.operation[], INOUT drafts ledger.draft[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.draw_lots(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.draw_lots(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.has_terms(partner integer, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.has_terms(partner integer, at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.leaf_hash(salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint, counter_wallet_id bigint, points bigint, terms_id integer, ref_seq bigint, lot_id bigint, occurred_at timestamp with time zone, decided_at timestamp with time zone, posted_at timestamp with time zone, expires_at timestamp with time zone, request_hash uuid, allocations bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.leaf_hash(salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint, counter_wallet_id bigint, points bigint, terms_id integer, ref_seq bigint, lot_id bigint, occurred_at timestamp with time zone, decided_at timestamp with time zone, posted_at timestamp with time zone, expires_at timestamp with time zone, request_hash uuid, allocations bytea) TO hub_app;

GRANT SELECT ON TABLE ledger.entries TO hub_app;

REVOKE ALL ON FUNCTION ledger.leaf_of(e ledger.entries) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.leaf_of(e ledger.entries) TO hub_app;

REVOKE ALL ON FUNCTION ledger.match_donations(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.match_donations(ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.money_lines_body(a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.money_lines_body(a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.month_of(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.month_of(at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.open_wallets(a_lane smallint[], a_wallet bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_wallets(a_lane smallint[], a_wallet bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.plan_cut(p_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.plan_cut(p_at timestamp with time zone) TO hub_app;

REVOKE ALL ON FUNCTION ledger.post_batch(p_clock timestamp with time zone, a_lane smallint[], a_kind smallint[], a_wallet bigint[], a_partner integer[], a_points bigint[], a_key uuid[], a_request uuid[], a_actor text[], a_terms integer[], a_occurred timestamp with time zone[], a_decided timestamp with time zone[], a_expires timestamp with time zone[], a_reference_hash uuid[], a_reference text[], a_reason text[], a_posted timestamp with time zone[], a_available timestamp with time zone[], a_funder integer[], a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.post_batch(p_clock timestamp with time zone, a_lane smallint[], a_kind smallint[], a_wallet bigint[], a_partner integer[], a_points bigint[], a_key uuid[], a_request uuid[], a_actor text[], a_terms integer[], a_occurred timestamp with time zone[], a_decided timestamp with time zone[], a_expires timestamp with time zone[], a_reference_hash uuid[], a_reference text[], a_reason text[], a_posted timestamp with time zone[], a_available timestamp with time zone[], a_funder integer[], a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.post_money(p_clock timestamp with time zone, p_kind smallint, p_partner integer, p_key uuid, p_request uuid, p_actor text, p_occurred timestamp with time zone, p_decided timestamp with time zone, p_posted timestamp with time zone, p_ref_seq bigint, p_reason text, p_reference text, p_facts jsonb, a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.post_money(p_clock timestamp with time zone, p_kind smallint, p_partner integer, p_key uuid, p_request uuid, p_actor text, p_occurred timestamp with time zone, p_decided timestamp with time zone, p_posted timestamp with time zone, p_ref_seq bigint, p_reason text, p_reference text, p_facts jsonb, a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[], a_currency text[], a_amount numeric[], a_label text[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.refuse_shortages(ops ledger.operation[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.refuse_shortages(ops ledger.operation[]) TO hub_app;

REVOKE ALL ON FUNCTION ledger.set_terms_span(p_terms integer, p_partner integer, p_from timestamp with time zone, p_until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_terms_span(p_terms integer, p_partner integer, p_from timestamp with time zone, p_until timestamp with time zone) TO hub_app;

GRANT SELECT ON TABLE ledger.allocations TO hub_app;

GRANT SELECT ON TABLE ledger.allocations_beyond TO hub_app;

GRANT SELECT ON TABLE ledger.allocations_first TO hub_app;

GRANT SELECT ON TABLE ledger.cuts TO hub_app;

GRANT SELECT ON TABLE ledger.entries_beyond TO hub_app;

GRANT SELECT ON TABLE ledger.entries_first TO hub_app;

GRANT SELECT ON TABLE ledger.flows TO hub_app;

GRANT SELECT ON TABLE ledger.issue_references TO hub_app;

GRANT SELECT ON TABLE ledger.keys TO hub_app;

GRANT SELECT ON TABLE ledger.lanes TO hub_app;

GRANT SELECT ON TABLE ledger.liabilities TO hub_app;

GRANT SELECT ON TABLE ledger.lots TO hub_app;

GRANT SELECT ON TABLE ledger.money_lines TO hub_app;

GRANT SELECT ON TABLE ledger.postings TO hub_app;

GRANT SELECT ON TABLE ledger.segments TO hub_app;

GRANT SELECT ON TABLE ledger.terms_spans TO hub_app;

GRANT SELECT ON TABLE ledger.wallets TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alembic_version TO hub_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.answers TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cell_lines TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cells TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.coalition TO hub_app;

GRANT USAGE ON SEQUENCE public.coalition_coalition_id_seq TO hub_app;

GRANT SELECT,INSERT ON TABLE public.development_tokens TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.linked_accounts TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.members TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.partners TO hub_app;

GRANT USAGE ON SEQUENCE public.partners_partner_id_seq TO hub_app;

GRANT SELECT,INSERT ON TABLE public.secret_keys TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.terms TO hub_app;

GRANT USAGE ON SEQUENCE public.terms_terms_id_seq TO hub_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.windows TO hub_app;

GRANT USAGE ON SEQUENCE public.windows_window_id_seq TO hub_app;
