-- Which lots an operation takes from or gives back to: drafts of its allocations.

-- Refuse what the wallets cannot pay, one debit after another. Called only when a wallet is short.
CREATE FUNCTION ledger.refuse_shortages(ops ledger.operation[]) RETURNS ledger.operation[]
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
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

-- Draw lots for the debits, in redemption order (rule book 1.2.2): the overlap of two running sums,
-- what a wallet's debits ask for and what its lots hold. Few lots are read at first, and more only
-- for wallets not yet covered, so that a wallet of many thousand lots costs no more than another.
CREATE FUNCTION ledger.draw_lots(ops ledger.operation[]) RETURNS ledger.draft[]
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- Decide and draft the refunds: back to the lots they came from, last used first (rule book 1.5.2);
-- what returns to an expired lot expires again in the same event (1.5.3).
CREATE FUNCTION ledger.draft_refunds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- Decide and draft reverses of issues: only unspent points of a lot that has not expired (1.6).
CREATE FUNCTION ledger.draft_reverses(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- Draft the expiry of every lot of a wallet whose end has come (1.7.1). Nothing to do is no entry.
CREATE FUNCTION ledger.draft_expiries(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- The donation match is a rate of the event, not of terms: one money line per lot (rule book 2.4).
CREATE FUNCTION ledger.match_donations(
    ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) RETURNS void
LANGUAGE sql SET search_path = ledger, pg_temp AS $$
    INSERT INTO money_lines (lane, seq, line, segment_id, kind, is_reversal, debtor_id, creditor_id,
                             amount, issue_terms_id)
    SELECT (ops[d.ix]).lane, seqs[d.ix], d.line, (ops[d.ix]).segment_id, 'DONATION_MATCH',
           d.is_reversal, d.issuer_id, (ops[d.ix]).partner_id,
           -d.points * (ops[d.ix]).match_rate, d.issue_terms_id
    FROM unnest(drafts) d
    WHERE d.kind = 8 AND (ops[d.ix]).match_rate <> 0 AND d.issuer_id <> (ops[d.ix]).partner_id
$$;
