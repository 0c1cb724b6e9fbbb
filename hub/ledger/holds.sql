-- The three ends of a hold, and other changes of a wallet's lots that stand alone.

-- Decide and draft captures (11), voids (12) and lapses (13) of holds (rule book 1.4.2). A capture
-- takes in the order in which the lots were set aside and frees the rest; what is freed and has
-- expired meanwhile expires at once; what is freed repays what the wallet owes.
CREATE FUNCTION ledger.draft_hold_ends(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- Draft the holds that set everything aside (10, points 0): pending and restricted lots too, since
-- a merge takes all that a wallet has (1.8.3); or all that one contributor brought (1.8.2).
CREATE FUNCTION ledger.draft_whole_holds(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- Decide and draft what a person of the hub changes about one lot: extension (16), reinstatement of
-- an expired lot (17), release of a pending one (18). Points whose end changes move into a new lot:
-- a lot's own end never changes (1.7.3).
CREATE FUNCTION ledger.draft_lot_changes(INOUT ops ledger.operation[], INOUT drafts ledger.draft[])
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
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

-- Decide what comes into a wallet's arrears (19, mode 0) or leaves them: forgiven, or moved with a
-- merge (mode 1, the debt named by its entry).
CREATE FUNCTION ledger.judge_debts(ops ledger.operation[]) RETURNS ledger.operation[]
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
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

-- Close or open a wallet: what is closed takes and gives nothing. Locks: the lane.
-- Answers false while a wallet to be closed still has points, holds or arrears.
CREATE FUNCTION ledger.set_wallet_open(p_lane smallint, p_wallet bigint, p_is_open boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM lanes WHERE lane = p_lane FOR UPDATE;
    UPDATE wallets SET is_open = p_is_open
    WHERE lane = p_lane AND wallet_id = p_wallet
      AND (p_is_open OR balance_points = 0 AND held_points = 0 AND owed_points = 0);
    RETURN FOUND;
END $$;

-- Give the number of a rule for restricted lots; each rule exists once. Locks: the table of rules,
-- when the rule is new: they are few, and numbered without a sequence like all of the ledger.
CREATE FUNCTION ledger.restriction_of(
    p_hash uuid, p_acceptors integer[], p_categories text[], p_is_transferable boolean,
    p_is_exchangeable boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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
