-- What must hold of the entries above some positions, and of the wallets that they touched: the
-- rules of ledger.audit() that can be seen there, by the same names. Its cost follows what is new
-- and the history of those wallets; it reads by index only. Flows and liabilities are sums over
-- everything: it sees that they are no less than what is new, and than what those wallets have.
-- Keys, what a slice has used in all, and whatever is not new are for ledger.audit().
CREATE FUNCTION ledger.audit_news(a_lane smallint[], a_from bigint[])
RETURNS TABLE (rule text, place text, found text, expected text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp SET enable_seqscan = off
AS $$
    WITH since AS (
        SELECT * FROM unnest(a_lane, a_from) AS u (lane, from_seq)
    ), news AS MATERIALIZED (
        SELECT e.* FROM since s JOIN entries e ON e.lane = s.lane AND e.seq > s.from_seq
    ), touched AS MATERIALIZED (
        SELECT lane, wallet_id FROM news WHERE wallet_id IS NOT NULL
        UNION
        SELECT lane, counter_wallet_id FROM news WHERE kind = 6
    ), taken AS MATERIALIZED (          -- from each lot of those wallets, by all their entries
        SELECT a.lane, a.lot_id, sum(a.points)::bigint AS points,
               sum(a.held_points)::bigint AS held_points
        FROM touched t JOIN entries e ON e.lane = t.lane AND e.wallet_id = t.wallet_id
        JOIN allocations a ON a.lane = e.lane AND a.seq = e.seq
        GROUP BY a.lane, a.lot_id
    ), open_lots AS MATERIALIZED (
        SELECT l.* FROM touched t
        JOIN lots l ON l.lane = t.lane AND l.wallet_id = t.wallet_id AND l.is_open
    ), their_holds AS MATERIALIZED (
        SELECT h.* FROM news n JOIN holds h ON h.lane = n.lane AND h.hold_seq =
            CASE n.kind WHEN 10 THEN n.seq ELSE n.ref_seq END
        WHERE n.kind IN (10, 11, 12, 13)
    ), charged AS MATERIALIZED (
        SELECT DISTINCT c.lane, c.cap_id, c.wallet_id, k.is_per_wallet, k.is_overdrawn,
               k.limit_amount
        FROM news n
        CROSS JOIN LATERAL (SELECT * FROM charges x
                            WHERE x.lane = n.lane AND x.seq = n.seq OFFSET 0) c
        JOIN caps k ON k.cap_id = c.cap_id
    )
    SELECT 'sequence is dense', format('lane %s', l.lane),
           format('%s new entries up to %s', count(n.seq), coalesce(max(n.seq), s.from_seq)),
           l.last_seq::text
    FROM since s JOIN lanes l USING (lane) LEFT JOIN news n USING (lane)
    GROUP BY l.lane, l.last_seq, s.from_seq
    HAVING count(n.seq) <> l.last_seq - s.from_seq
        OR coalesce(max(n.seq), s.from_seq) <> l.last_seq
    UNION ALL
    SELECT 'posted_at never falls', format('entry %s:%s', n.lane, n.seq), n.posted_at::text,
           e.posted_at::text
    FROM news n JOIN entries e ON e.lane = n.lane AND e.seq = n.seq - 1
    WHERE n.posted_at < e.posted_at
    UNION ALL
    SELECT 'entry lies in its segment', format('entry %s:%s', n.lane, n.seq), n.segment_id::text,
           n.posted_at::text
    FROM news n LEFT JOIN segments s ON s.segment_id = n.segment_id
         AND s.starts_at <= n.posted_at AND n.posted_at < s.ends_at
    WHERE s.segment_id IS NULL
    UNION ALL
    SELECT 'leaf hashes its entry', format('entry %s:%s', e.lane, e.seq),
           encode(e.leaf_hash, 'hex'), encode(ledger.leaf_of(e), 'hex')
    FROM since s JOIN entries e ON e.lane = s.lane AND e.seq > s.from_seq
    WHERE e.leaf_hash <> ledger.leaf_of(e)
    UNION ALL
    SELECT 'entry equals its allocations', format('entry %s:%s', n.lane, n.seq), n.points::text,
           coalesce(a.points, 0)::text
    FROM news n LEFT JOIN LATERAL (
        SELECT CASE WHEN n.kind = 3 THEN sum(x.points) FILTER (WHERE x.is_reversal)
                    WHEN n.kind = 4 THEN coalesce(-sum(x.points), 0) + coalesce(
                        (SELECT d.points FROM arrears d WHERE d.lane = n.lane
                            AND d.wallet_id = n.wallet_id AND d.seq = n.seq), 0)
                    WHEN n.kind = 11 THEN -sum(x.points) FILTER (WHERE x.kind = n.mode)
                    WHEN n.kind IN (10, 12, 13) THEN abs(sum(x.held_points))
                    WHEN n.kind IN (16, 17) THEN -sum(x.points) FILTER (WHERE x.kind = 6)
                    ELSE -sum(x.points) END::bigint AS points
        FROM allocations x WHERE x.lane = n.lane AND x.seq = n.seq) a ON true
    WHERE n.lane >= 0 AND n.kind NOT IN (1, 15, 18, 19)
      AND n.points IS DISTINCT FROM coalesce(a.points, 0)
    UNION ALL
    SELECT 'lot equals its allocations', format('lot %s:%s', l.lane, l.lot_id),
           format('%s, held %s', l.remaining_points, l.held_points),
           format('%s, held %s', l.points + coalesce(t.points, 0), coalesce(t.held_points, 0))
    FROM (SELECT lane, lot_id FROM open_lots UNION SELECT lane, lot_id FROM taken) c
    JOIN lots l USING (lane, lot_id) LEFT JOIN taken t USING (lane, lot_id)
    WHERE l.remaining_points <> l.points + coalesce(t.points, 0)
       OR l.held_points <> coalesce(t.held_points, 0)
    UNION ALL
    SELECT 'lot is within its bounds', format('lot %s:%s', lane, lot_id),
           format('held %s, remaining %s, points %s', held_points, remaining_points, points),
           '0 <= held <= remaining <= points'
    FROM open_lots
    WHERE NOT (0 <= held_points AND held_points <= remaining_points AND remaining_points <= points)
    UNION ALL
    SELECT 'wallet equals its lots', format('wallet %s:%s', w.lane, w.wallet_id),
           format('%s, held %s', w.balance_points, w.held_points),
           format('%s, held %s', coalesce(l.points, 0), coalesce(l.held_points, 0))
    FROM touched t JOIN wallets w USING (lane, wallet_id)
    LEFT JOIN (SELECT lane, wallet_id, sum(remaining_points)::bigint AS points,
                      sum(held_points)::bigint AS held_points
               FROM open_lots GROUP BY lane, wallet_id) l USING (lane, wallet_id)
    WHERE w.balance_points <> coalesce(l.points, 0) OR w.held_points <> coalesce(l.held_points, 0)
    UNION ALL
    SELECT 'lot has a wallet', format('lot %s:%s', l.lane, l.lot_id), l.wallet_id::text,
           'a wallet of the lane'
    FROM open_lots l LEFT JOIN wallets w USING (lane, wallet_id) WHERE w.wallet_id IS NULL
    UNION ALL
    SELECT 'wallet equals its holds', format('wallet %s:%s', w.lane, w.wallet_id),
           w.held_points::text, coalesce(h.points, 0)::text
    FROM touched t JOIN wallets w USING (lane, wallet_id)
    CROSS JOIN LATERAL (SELECT sum(x.points)::bigint AS points FROM holds x
                        WHERE x.lane = w.lane AND x.wallet_id = w.wallet_id AND x.is_open) h
    WHERE w.held_points <> coalesce(h.points, 0)
    UNION ALL
    SELECT 'hold equals its lines', format('hold %s:%s', h.lane, h.hold_seq), h.points::text,
           coalesce(a.points, 0)::text
    FROM their_holds h CROSS JOIN LATERAL (
        SELECT sum(x.held_points)::bigint AS points FROM allocations x
        WHERE x.lane = h.lane AND x.seq = h.hold_seq) a
    WHERE h.points <> coalesce(a.points, 0)
    UNION ALL
    SELECT 'hold ends once', format('hold %s:%s', h.lane, h.hold_seq),
           format('open %s, %s ends', h.is_open, e.ends), 'open without an end, or one end'
    FROM their_holds h CROSS JOIN LATERAL (
        SELECT count(*) AS ends FROM entries x
        WHERE x.lane = h.lane AND x.ref_seq = h.hold_seq AND x.kind IN (11, 12, 13)) e
    WHERE e.ends <> CASE WHEN h.is_open THEN 0 ELSE 1 END
    UNION ALL
    SELECT 'arrivals equal captures', format('hold %s:%s', h.lane, h.hold_seq),
           coalesce(a.points, 0)::text, h.captured_points::text
    FROM their_holds h CROSS JOIN LATERAL (
        SELECT sum(x.points)::bigint AS points FROM entries x
        WHERE x.lane = h.counter_lane AND x.wallet_id = h.counter_wallet_id AND x.kind = 15
          AND x.counter_lane = h.lane AND x.ref_seq = h.hold_seq) a
    WHERE h.purpose = 6 AND NOT h.is_open AND coalesce(a.points, 0) <> h.captured_points
    UNION ALL
    SELECT 'arrears equal their repayments', format('wallet %s:%s, entry %s', d.lane, d.wallet_id,
                                                    d.seq),
           d.owed_points::text,
           (d.points + coalesce(r.points, 0) - coalesce(f.points, 0))::text
    FROM touched t JOIN arrears d USING (lane, wallet_id)
    CROSS JOIN LATERAL (
        SELECT sum(a.points)::bigint AS points
        FROM entries e JOIN allocations a ON a.lane = e.lane AND a.seq = e.seq
        WHERE e.lane = d.lane AND e.wallet_id = d.wallet_id AND a.arrears_seq = d.seq) r
    CROSS JOIN LATERAL (
        SELECT sum(e.points)::bigint AS points FROM entries e
        WHERE e.lane = d.lane AND e.ref_seq = d.seq AND e.kind = 19 AND e.mode = 1) f
    WHERE d.owed_points <> d.points + coalesce(r.points, 0) - coalesce(f.points, 0)
    UNION ALL
    SELECT 'wallet equals its arrears', format('wallet %s:%s', w.lane, w.wallet_id),
           w.owed_points::text, coalesce(d.points, 0)::text
    FROM touched t JOIN wallets w USING (lane, wallet_id)
    CROSS JOIN LATERAL (SELECT sum(x.owed_points)::bigint AS points FROM arrears x
                        WHERE x.lane = w.lane AND x.wallet_id = w.wallet_id) d
    WHERE w.owed_points <> coalesce(d.points, 0)
    UNION ALL
    SELECT 'refunds stay within the redemption', format('entry %s:%s', o.lane, o.seq),
           r.points::text, o.points::text
    FROM (SELECT DISTINCT lane, ref_seq FROM news WHERE kind = 3) n
    JOIN entries o ON o.lane = n.lane AND o.seq = n.ref_seq
    CROSS JOIN LATERAL (SELECT sum(e.points) AS points FROM entries e
                        WHERE e.lane = o.lane AND e.ref_seq = o.seq AND e.kind = 3) r
    WHERE r.points > o.points
    UNION ALL
    SELECT 'cuts partition the lane', format('lane %s, segment %s', c.lane, c.segment_id),
           c.to_seq::text, x.last_seq::text
    FROM since s JOIN cuts c ON c.lane = s.lane JOIN segments g ON g.segment_id = c.segment_id
    CROSS JOIN LATERAL (
        SELECT coalesce(max(n.seq), s.from_seq) AS last_seq
        FROM news n JOIN segments y ON y.segment_id = n.segment_id
        WHERE n.lane = c.lane AND y.ends_at <= g.ends_at) x
    WHERE c.to_seq <> x.last_seq
      AND (c.to_seq > s.from_seq OR (c.lane, c.segment_id) IN (SELECT lane, segment_id FROM news))
    UNION ALL
    SELECT 'flow equals the journal',
           format('lane %s, segment %s, kind %s, issuer %s, acceptor %s, terms %s/%s, reversal %s',
                  j.lane, j.segment_id, j.kind, j.issuer_id, j.acceptor_id, j.issue_terms_id,
                  j.acceptor_terms_id, j.is_reversal),
           format('%s points, %s entries', coalesce(f.points, 0), coalesce(f.entry_count, 0)),
           format('%s points, %s entries, or more', j.points, j.entry_count)
    FROM (SELECT lane, segment_id, kind, issuer_id, acceptor_id, issue_terms_id, acceptor_terms_id,
                 is_reversal, sum(points)::bigint AS points, sum(entry_count) AS entry_count
          FROM (SELECT lane, segment_id, kind, partner_id AS issuer_id, 0 AS acceptor_id,
                       terms_id AS issue_terms_id, 0 AS acceptor_terms_id, false AS is_reversal,
                       points, 1 AS entry_count
                FROM news WHERE kind = 1 AND points > 0
                UNION ALL
                SELECT a.lane, n.segment_id, a.kind, a.issuer_id, a.acceptor_id, a.issue_terms_id,
                       a.acceptor_terms_id, a.is_reversal, abs(a.points), (a.line = 1)::integer
                FROM news n JOIN allocations a ON a.lane = n.lane AND a.seq = n.seq
                WHERE a.kind <> 6 AND a.points <> 0) moves
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) j
    LEFT JOIN LATERAL (
        SELECT x.points, x.entry_count FROM flows x
        WHERE x.lane = j.lane AND x.segment_id = j.segment_id AND x.kind = j.kind
          AND x.issuer_id = j.issuer_id AND x.acceptor_id = j.acceptor_id
          AND x.issue_terms_id = j.issue_terms_id AND x.acceptor_terms_id = j.acceptor_terms_id
          AND x.is_reversal = j.is_reversal OFFSET 0) f ON true
    WHERE coalesce(f.points, 0) < j.points OR coalesce(f.entry_count, 0) < j.entry_count
    UNION ALL
    SELECT 'liability equals the lots',
           format('lane %s, issuer %s, terms %s, month %s', o.lane, o.issuer_id, o.issue_terms_id,
                  o.expires_month),
           coalesce(b.points, 0)::text, format('%s or more', o.points)
    FROM (SELECT lane, issuer_id, issue_terms_id, ledger.month_of(expires_at) AS expires_month,
                 sum(remaining_points)::bigint AS points
          FROM open_lots GROUP BY 1, 2, 3, 4) o
    LEFT JOIN LATERAL (
        SELECT x.points FROM liabilities x
        WHERE x.lane = o.lane AND x.issuer_id = o.issuer_id
          AND x.issue_terms_id = o.issue_terms_id AND x.expires_month = o.expires_month
        OFFSET 0) b ON true
    WHERE coalesce(b.points, 0) < o.points
    UNION ALL
    SELECT 'slices sum to their cap', format('cap %s', k.cap_id), coalesce(s.granted, 0)::text,
           k.limit_amount::text
    FROM (SELECT DISTINCT cap_id, limit_amount FROM charged WHERE NOT is_per_wallet) k
    CROSS JOIN LATERAL (SELECT sum(x.granted) AS granted FROM cap_slices x
                        WHERE x.cap_id = k.cap_id) s
    WHERE coalesce(s.granted, 0) <> k.limit_amount
    UNION ALL
    SELECT CASE WHEN s.cap_id IS NULL THEN 'charge has a slice'
                ELSE 'slice is within what it was granted' END,
           format('lane %s, cap %s', k.lane, k.cap_id), coalesce(s.used::text, 'none'),
           coalesce(s.granted::text, 'a slice of the lane')
    FROM (SELECT DISTINCT lane, cap_id, is_overdrawn FROM charged WHERE NOT is_per_wallet) k
    LEFT JOIN cap_slices s USING (lane, cap_id)
    WHERE s.cap_id IS NULL OR s.used > s.granted AND NOT k.is_overdrawn
    UNION ALL
    SELECT 'usage of a wallet equals its charges',
           format('lane %s, cap %s, wallet %s', k.lane, k.cap_id, k.wallet_id),
           coalesce(u.used, 0)::text, (coalesce(c.amount, 0) + coalesce(p.amount, 0))::text
    FROM charged k LEFT JOIN cap_usage u USING (lane, cap_id, wallet_id)
    CROSS JOIN LATERAL (
        SELECT sum(x.amount) AS amount FROM entries e
        JOIN charges x ON x.lane = e.lane AND x.seq = e.seq AND x.cap_id = k.cap_id
        WHERE e.lane = k.lane AND e.wallet_id = k.wallet_id) c
    CROSS JOIN LATERAL (
        SELECT sum(x.amount) AS amount FROM cap_carries x
        WHERE x.lane = k.lane AND x.wallet_id = k.wallet_id AND x.cap_id = k.cap_id) p
    WHERE k.is_per_wallet AND coalesce(u.used, 0) <> coalesce(c.amount, 0) + coalesce(p.amount, 0)
$$;
