-- post_batch: decide and book a batch of operations in one transaction.
--
-- The batch equals its operations done one after another, in the order given. That holds because
-- the poster keeps a batch free of conflicts, which is checked here again: on one wallet debits
-- come before credits, all debits have one deciding instant, and a refund, reverse or expiry stands
-- alone.
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
    a_counter bigint[], a_lot bigint[], a_ref bigint[], a_match numeric[], a_rank bigint[])
RETURNS TABLE (code smallint, is_replay boolean, seq bigint, detail bigint, posted_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
-- Plans are kept, by index. The dear operator makes planning count as dear as it is: else a small
-- batch would be planned anew every time, which costs more than booking it.
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
