-- The leaf of a stored entry, computed anew from the journal.
CREATE FUNCTION ledger.leaf_of(e ledger.entries) RETURNS bytea
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
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
