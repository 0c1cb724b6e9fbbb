-- Segments and cuts (rule book 2.5.2). A lane is cut under its own lock, so every entry lies in
-- exactly one segment; a crash between two lanes is finished by asking again.

-- Ask for a cut at an instant to come: the segment that holds it is split. Locks: all lanes.
-- Answers false when some lane has already posted at or after it.
CREATE FUNCTION ledger.plan_cut(p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    old segments;
    new_id bigint;
BEGIN
    PERFORM FROM lanes ORDER BY lane FOR UPDATE;
    IF EXISTS (SELECT FROM segments WHERE starts_at = p_at) THEN RETURN true; END IF;
    SELECT * INTO STRICT old FROM segments WHERE starts_at < p_at AND p_at < ends_at;
    IF EXISTS (SELECT FROM lanes WHERE last_posted_at >= p_at) THEN RETURN false; END IF;
    SELECT max(segment_id) + 1 INTO new_id FROM segments;
    UPDATE segments SET ends_at = p_at WHERE segment_id = old.segment_id;
    INSERT INTO segments (segment_id, starts_at, ends_at) VALUES (new_id, p_at, old.ends_at);
    UPDATE lanes SET segment_until = p_at WHERE segment_id = old.segment_id;
    RETURN true;
END $$;

-- Cut one lane at the end of its segment. Locks: the lane.
-- Answers whether it was cut: not while a lot that expired or a hold that ended before the cut is
-- still to be booked, nor when the lane has already passed p_segment (then there is nothing to do
-- and it answers true).
CREATE FUNCTION ledger.cut_lane(p_lane smallint, p_segment bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
DECLARE
    here lanes;
    next_segment segments;
BEGIN
    SELECT * INTO STRICT here FROM lanes WHERE lane = p_lane FOR UPDATE;
    IF here.segment_id <> p_segment THEN
        RETURN EXISTS (SELECT FROM cuts WHERE lane = p_lane AND segment_id = p_segment);
    END IF;
    -- In order, so that a plan made while there are no lots and holds takes these indexes too.
    IF (SELECT l.lot_id FROM lots l
        WHERE l.lane = p_lane AND l.is_open AND l.expires_at < 'infinity'
          AND l.expires_at < here.segment_until AND l.remaining_points > l.held_points
        ORDER BY l.expires_at LIMIT 1) IS NOT NULL
       OR (SELECT h.hold_seq FROM holds h WHERE h.lane = p_lane AND h.is_open
             AND h.ends_at < 'infinity' AND h.ends_at < here.segment_until
           ORDER BY h.ends_at LIMIT 1) IS NOT NULL THEN
        RETURN false;
    END IF;
    SELECT * INTO STRICT next_segment FROM segments WHERE starts_at = here.segment_until;
    INSERT INTO cuts (lane, segment_id, to_seq) VALUES (p_lane, p_segment, here.last_seq);
    UPDATE lanes SET segment_id = next_segment.segment_id, segment_until = next_segment.ends_at,
                     last_posted_at = greatest(here.last_posted_at, next_segment.starts_at)
    WHERE lane = p_lane;
    RETURN true;
END $$;

-- Open wallets in the lanes their owners were born into. Safe to repeat.
CREATE FUNCTION ledger.open_wallets(a_lane smallint[], a_wallet bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    INSERT INTO wallets (lane, wallet_id)
    SELECT lane, wallet_id FROM unnest(a_lane, a_wallet) AS w (lane, wallet_id)
    ORDER BY lane, wallet_id ON CONFLICT DO NOTHING
$$;

-- Tell the ledger when a version of terms is in force.
CREATE FUNCTION ledger.set_terms_span(
    p_terms integer, p_partner integer, p_from timestamptz, p_until timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    INSERT INTO terms_spans (terms_id, partner_id, effective_from, effective_until)
    VALUES (p_terms, p_partner, p_from, p_until)
    ON CONFLICT (terms_id) DO UPDATE SET effective_until = excluded.effective_until
$$;
