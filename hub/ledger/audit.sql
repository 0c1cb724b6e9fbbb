-- The leaf of a stored entry, computed anew from the journal.
CREATE FUNCTION ledger.leaf_of(e ledger.entries) RETURNS bytea
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
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

-- What must always hold in the books (rule book 1.10.2): one row per violation, none when all is
-- well. Each query adds the journal up anew and compares it with what the batches kept.

CREATE FUNCTION ledger.audit() RETURNS TABLE (rule text, place text, found text, expected text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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
