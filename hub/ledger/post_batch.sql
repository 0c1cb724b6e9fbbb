-- post_batch: decide and book a batch of operations in one transaction.
--
-- The batch equals its operations done one after another, in the order given. That holds because
-- the poster keeps a batch free of conflicts, which is checked here again: on one wallet debits
-- come before credits, all debits have one deciding instant, and whatever is neither stands alone.
--
-- Locks: the lanes of the batch, ascending, nothing else. READ COMMITTED gives every later
-- statement a fresh snapshot, so work inside a lane is strictly serial.
-- Codes: 0 booked; 1 to 49 refused, stored under the key; from 50 not stored (operations.py, Code).

CREATE FUNCTION ledger.post_batch(
    p_clock timestamptz,
    a_lane smallint[], a_kind smallint[], a_wallet bigint[], a_partner integer[], a_points bigint[],
    a_key uuid[], a_request uuid[], a_actor text[], a_terms integer[], a_occurred timestamptz[],
    a_decided timestamptz[], a_expires timestamptz[], a_reference_hash uuid[], a_reference text[],
    a_reason text[], a_posted timestamptz[], a_available timestamptz[], a_funder integer[],
    a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[],
    a_mode smallint[], a_category text[], a_restriction integer[], a_counter_lane smallint[],
    a_contributor bigint[], a_group integer[], a_charged integer[], a_cap bigint[],
    a_unit numeric[], a_back numeric[], a_charged_terms integer[], a_rest numeric[])
RETURNS TABLE (code smallint, is_replay boolean, seq bigint, detail bigint, points bigint,
               posted_at timestamptz, cap_id bigint)
LANGUAGE plpgsql SECURITY DEFINER
-- Plans are kept, by index. The dear operator makes planning count as dear as it is: else a small
-- batch would be planned anew every time, which costs more than booking it. A plan may be made
-- while a table is empty, and kept while it grows. So nothing here joins a table that grows: its
-- rows are looked up for each row, behind OFFSET 0; where two indexes fit, the order that is asked
-- for fits one of them (ADR-0013).
SET search_path = ledger, pg_temp SET enable_seqscan = off SET jit = off SET cpu_operator_cost = 1
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
