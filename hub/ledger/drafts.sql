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

-- Decide and draw the debits of wallets that have restricted lots, one after another: what each may
-- use differs. Restricted lots go first where they are allowed (1.2.2, 1.2.4). And holds that name
-- the lot they want points of, e.g. the share of an issue that goes to a household (1.8.2).
CREATE FUNCTION ledger.draw_special(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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
