-- What gives points back or takes an issue back: refunds, reverses, and the arrears they leave.

-- Draft how a credit repays what the wallet owes, oldest debt first (rule book 1.6.3): the overlap
-- of two running sums, the debts and the pieces of points that came in. earlier: what this batch
-- has repaid of the same wallet already.
CREATE FUNCTION ledger.draft_repayment(
    p_lane smallint, p_wallet bigint, p_ix integer, last_line integer, pieces ledger.draft[],
    earlier ledger.draft[]) RETURNS ledger.draft[]
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
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

-- What drafts of repayments come to: the (negative) change of what the wallet owes.
CREATE FUNCTION ledger.repaid_by(drafts ledger.draft[]) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = ledger, pg_temp AS $$
    SELECT coalesce(sum(d.points), 0)::bigint FROM unnest(drafts) d WHERE d.arrears_seq IS NOT NULL
$$;

-- Draft the repayments of credits that reach wallets which owe. Pending and restricted points are
-- not the member's to repay with yet, and those that ended on their way are not any more.
CREATE FUNCTION ledger.draft_repayments(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
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

-- Draft the repayment from points of the wallet that became usable by time alone.
CREATE FUNCTION ledger.draft_due_repayments(
    INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- When points of a wallet became usable, by time alone, that have expired since and should have
-- repaid what it owed before (1.6.3): the earliest such instant, or none.
CREATE FUNCTION ledger.missed_repayment_at(p_lane smallint, p_wallet bigint, p_at timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
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

-- What the entries of a wallet, as allocations of one kind, took from one of its lots.
CREATE FUNCTION ledger.points_taken(
    p_lane smallint, p_wallet bigint, p_lot bigint, p_kind smallint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp AS $$
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

-- The points of a wallet that anything may be paid with, in redemption order, as pieces.
CREATE FUNCTION ledger.free_pieces(
    p_lane smallint, p_wallet bigint, p_at timestamptz, but_lot bigint) RETURNS ledger.draft[]
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT array_agg((0, n, 14::smallint, false, lot_id, free, 0, issuer_id, issue_terms_id,
                      expires_at, NULL, NULL, NULL)::ledger.draft ORDER BY n)
    FROM (SELECT l.*, l.remaining_points - l.held_points AS free,
                 row_number() OVER (ORDER BY l.expires_at, l.issue_rank, l.lot_id)::integer AS n
          FROM lots l
          WHERE l.lane = p_lane AND l.wallet_id = p_wallet AND l.is_open AND l.expires_at > p_at
            AND l.available_at <= p_at AND l.restriction_id IS NULL
            AND l.remaining_points > l.held_points AND l.lot_id IS DISTINCT FROM but_lot) usable
$$;

-- Decide and draft the refunds: back to the lots they came from, last used first (rule book 1.5.2).
-- What returns to an expired lot expires again in the same event, or, where the refund names an
-- end, goes into a reinstated lot until then (1.5.3).
CREATE FUNCTION ledger.draft_refunds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- Decide and draft reverses of issues (1.6). Unspent points of the lot go first. What was spent:
-- mode 0 refuses, 1 takes no more, 2 takes from the member's other points and the rest is the
-- issuer's loss, 3 makes the rest arrears. detail: what could not be taken.
CREATE FUNCTION ledger.draft_reverses(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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
