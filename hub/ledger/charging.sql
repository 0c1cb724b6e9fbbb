-- What operations use of caps, and what they give back (rule book 1.3.4, 2.9; ADR-0022).
-- Locks: lanes, ascending, nothing else; of post_batch's functions none of their own.

CREATE TYPE ledger.charge AS (
    ix integer, cap_id bigint, unit_amount numeric, back_amount numeric, issue_terms_id integer,
    rest_amount numeric, amount numeric, origin_seq bigint, wallet_id bigint);
COMMENT ON TYPE ledger.charge IS
    'One charge on its way through post_batch. rest_amount: there is no more to borrow beyond this;
NULL: there may be. Of a cap that each wallet has to itself: its limit for this charge.';

-- What each charge comes to: points of the operation, or of the lots it draws under some terms.
CREATE FUNCTION ledger.charge_amounts(
    ops ledger.operation[], drafts ledger.draft[], charges ledger.charge[]) RETURNS ledger.charge[]
LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp AS $$
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

-- What is left of a cap: in a lane, or to a wallet that has it to itself.
CREATE FUNCTION ledger.spare_of(p_lane smallint, p_cap bigint, p_wallet bigint) RETURNS numeric
LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp AS $$
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

-- Whether every charge fits into what its lane or its wallet has left.
CREATE FUNCTION ledger.do_charges_fit(ops ledger.operation[], charges ledger.charge[])
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp AS $$
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

-- Decide one operation after another, since something does not fit. What is refused here stays
-- refused: whatever is uncertain, because an operation before it on the same wallet was refused and
-- it may draw other lots now, is left to the next round.
CREATE FUNCTION ledger.judge_charges(
    INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT is_changed boolean)
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
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

-- Draw lots and charge caps, until nothing more is refused: what refuses one operation leaves its
-- lots, and its part of other caps, to those after it.
CREATE FUNCTION ledger.draw_and_charge(
    INOUT ops ledger.operation[], INOUT charges ledger.charge[], OUT drafts ledger.draft[],
    IN is_short boolean, IN has_debits boolean, IN has_special boolean, IN has_groups boolean)
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
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

-- What refunds, reverses and ends of holds give back of what their origins were charged: per point.
CREATE FUNCTION ledger.charges_given_back(ops ledger.operation[], drafts ledger.draft[])
RETURNS ledger.charge[] LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp AS $$
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

-- Write what was charged and given back, and fold it into slices and wallets.
CREATE FUNCTION ledger.book_charges(
    ops ledger.operation[], charges ledger.charge[], seqs bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
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

-- Let the slice of a lane borrow from others until it can grant what is wanted, or more: a useful
-- part of what is left, so that it need not ask again soon. NULL: try again. A number: this is all
-- that is left of the cap, and it lies here now.
CREATE FUNCTION ledger.borrow_slice(p_cap bigint, p_lane smallint, p_wanted numeric) RETURNS numeric
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Bring a lowered cap into order once less is used than its limit: every slice grants what it has
-- used, and one lane has all that is left.
CREATE FUNCTION ledger.level_slices(p_cap bigint, p_lane smallint, p_wanted numeric) RETURNS numeric
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Open a cap; who opens it again changes nothing. False: it was open.
CREATE FUNCTION ledger.open_cap(
    p_cap bigint, p_kind smallint, p_partner integer, p_subject text, p_currency text,
    p_limit numeric, p_starts timestamptz, p_ends timestamptz, p_renewal text, p_partial boolean,
    p_per_wallet boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Raise or lower a limit. Lowered below what is used, the cap keeps that, and grants nothing more.
CREATE FUNCTION ledger.set_cap_limit(p_cap bigint, p_limit numeric) RETURNS numeric
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Give back to a shared cap what a payment settled, once for each key. False: it was given before.
CREATE FUNCTION ledger.give_back(p_cap bigint, p_amount numeric, p_key uuid, p_at timestamptz)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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
