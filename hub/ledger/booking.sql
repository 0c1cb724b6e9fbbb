-- What only some batches book besides. Apart from the one statement of post_batch, so that others
-- do not pay for opening tables that they never write. Locks: none, the lanes are locked.

-- What a batch changes about claims on wallets: holds that begin and end (rule book 1.4.2), arrears
-- that are made and repaid (1.6.3).
CREATE FUNCTION ledger.book_claims(
    ops ledger.operation[], drafts ledger.draft[], seqs bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
BEGIN
    WITH op AS MATERIALIZED (
        SELECT o.ix, o.lane, o.kind, o.wallet_id, o.partner_id, o.points, o.mode, o.ref_seq,
               o.ends_at, o.counter_lane, o.counter_wallet_id, o.owed_change,
               seqs[o.ix] AS new_seq
        FROM unnest(ops) o WHERE seqs[o.ix] > 0
    ), held AS (
        INSERT INTO holds (lane, hold_seq, wallet_id, partner_id, purpose, points, ends_at,
                           counter_lane, counter_wallet_id)
        SELECT lane, new_seq, wallet_id, partner_id, mode, points, ends_at, counter_lane,
               counter_wallet_id
        FROM op WHERE kind = 10
    ), ended_hold AS (
        UPDATE holds h SET is_open = false, ended_seq = o.new_seq,
                           captured_points = CASE o.kind WHEN 11 THEN o.points ELSE 0 END
        FROM op o CROSS JOIN LATERAL (
            SELECT x.ctid FROM holds x WHERE x.lane = o.lane AND x.hold_seq = o.ref_seq OFFSET 0
        ) place
        WHERE o.kind IN (11, 12, 13) AND h.ctid = place.ctid
    ), indebted AS (
        INSERT INTO arrears (lane, wallet_id, seq, creditor_id, points, owed_points)
        SELECT lane, wallet_id, new_seq, partner_id, owed_change, owed_change
        FROM op WHERE owed_change > 0
    ), repayment AS (
        SELECT lane, wallet_id, arrears_seq, sum(points)::bigint AS points
        FROM (SELECT o.lane, o.wallet_id, d.arrears_seq, d.points
              FROM unnest(drafts) d JOIN op o ON o.ix = d.ix
              WHERE d.arrears_seq IS NOT NULL
              UNION ALL
              SELECT lane, wallet_id, ref_seq, owed_change FROM op
              WHERE kind = 19 AND owed_change < 0) repaid
        GROUP BY lane, wallet_id, arrears_seq
    )
    UPDATE arrears a SET owed_points = a.owed_points + r.points
    FROM repayment r CROSS JOIN LATERAL (
        SELECT x.ctid FROM arrears x
        WHERE x.lane = r.lane AND x.wallet_id = r.wallet_id AND x.seq = r.arrears_seq OFFSET 0
    ) place
    WHERE a.ctid = place.ctid;
END $$;

-- The lots that points move into: of a transfer, an extension, a reinstatement.
CREATE FUNCTION ledger.book_moved_lots(
    ops ledger.operation[], drafts ledger.draft[], seqs bigint[], first_lots bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO lots (lane, lot_id, wallet_id, issuer_id, funder_id, issue_terms_id, points,
                      remaining_points, issue_rank, available_at, expires_at, source_seq,
                      source_lot_id, restriction_id, contributor_wallet_id)
    SELECT l.lane, first_lots[d.ix] + d.new_lot - 1,
           CASE o.kind WHEN 6 THEN o.counter_wallet_id ELSE o.wallet_id END,
           l.issuer_id, l.funder_id, l.issue_terms_id, -d.points, -d.points, l.issue_rank,
           l.available_at, CASE o.kind WHEN 6 THEN d.expires_at ELSE o.ends_at END, seqs[d.ix],
           l.lot_id, l.restriction_id, coalesce(o.contributor_wallet_id, l.contributor_wallet_id)
    FROM unnest(drafts) d JOIN unnest(ops) o ON o.ix = d.ix AND seqs[o.ix] > 0
    CROSS JOIN LATERAL (SELECT * FROM lots x
                        WHERE x.lane = o.lane AND x.lot_id = d.lot_id OFFSET 0) l
    WHERE d.new_lot IS NOT NULL;
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
