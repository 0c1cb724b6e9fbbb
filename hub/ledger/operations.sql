-- What passes through post_batch, and what hashes and checks it.

CREATE TYPE ledger.operation AS (
    ix integer, lane smallint, kind smallint, wallet_id bigint, counter_wallet_id bigint,
    partner_id integer, funder_id integer, points bigint, terms_id integer, lot_id bigint,
    ref_seq bigint, key_hash uuid, request_hash uuid, reference_hash uuid, reference text,
    reason text, match_rate numeric, actor text,
    occurred_at timestamptz, decided_at timestamptz, posted_at timestamptz,
    available_at timestamptz, expires_at timestamptz, issue_rank bigint,
    code smallint, is_replay boolean, seq bigint, detail bigint, segment_id bigint);
COMMENT ON TYPE ledger.operation IS 'One operation on its way through post_batch.';

CREATE TYPE ledger.draft AS (
    ix integer, line integer, kind smallint, is_reversal boolean, lot_id bigint, points bigint,
    issuer_id integer, issue_terms_id integer, expires_at timestamptz);
COMMENT ON TYPE ledger.draft IS
    'One allocation to be written: points taken from (-) or given back to (+) a lot.';

-- The leaf of an entry in the Merkle log of its lane: fixed-width fields, so no two bodies collide.
CREATE FUNCTION ledger.leaf_hash(
    salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint,
    counter_wallet_id bigint, points bigint, terms_id integer, ref_seq bigint, lot_id bigint,
    occurred_at timestamptz, decided_at timestamptz, posted_at timestamptz, expires_at timestamptz,
    request_hash uuid, allocations bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256('\x00'::bytea || uuid_send(salt)
        || int2send(lane) || int8send(seq) || int2send(kind) || int4send(partner_id)
        || int8send(coalesce(wallet_id, 0)) || int8send(coalesce(counter_wallet_id, 0))
        || int8send(points) || int4send(coalesce(terms_id, 0)) || int8send(coalesce(ref_seq, 0))
        || int8send(coalesce(lot_id, 0)) || timestamptz_send(occurred_at)
        || timestamptz_send(decided_at) || timestamptz_send(posted_at)
        || timestamptz_send(coalesce(expires_at, 'infinity')) || uuid_send(request_hash)
        || coalesce(allocations, ''::bytea))
$$;

-- An allocation as the leaf hash takes it in.
CREATE FUNCTION ledger.allocation_body(
    kind smallint, is_reversal boolean, lot_id bigint, points bigint, issuer_id integer,
    issue_terms_id integer) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int2send(kind) || boolsend(is_reversal) || int8send(lot_id) || int8send(points)
        || int4send(issuer_id) || int4send(issue_terms_id)
$$;

-- Whether a partner has any terms in force at an instant.
CREATE FUNCTION ledger.has_terms(partner integer, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT EXISTS (SELECT FROM terms_spans s WHERE s.partner_id = partner
                     AND s.effective_from <= at AND at < s.effective_until)
$$;

-- Month of an instant in UTC; infinity for points that never expire. Every part of it is immutable,
-- else it could not be inlined and would cost as much as the rest of a batch.
CREATE FUNCTION ledger.month_of(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_trunc('month', at AT TIME ZONE 'UTC')::date
$$;

-- What the poster promises: one order of each wallet's operations gives this batch. A refund, a
-- reverse or an expiry stands alone on its wallet; debits come before credits and share one
-- deciding instant. And the second wall behind the verbs: a partner posts in its own name only.
CREATE FUNCTION ledger.assert_free_of_conflicts(ops ledger.operation[]) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM (
        SELECT o.wallet_id, o.ix, o.kind, o.decided_at FROM unnest(ops) o
        UNION ALL
        SELECT o.counter_wallet_id, o.ix, 1, NULL FROM unnest(ops) o WHERE o.kind = 6
    ) touched
    GROUP BY wallet_id HAVING count(*) > 1 AND (
        bool_or(kind IN (3, 4, 5))
        OR min(decided_at) FILTER (WHERE kind <> 1) < max(decided_at) FILTER (WHERE kind <> 1)
        OR min(ix) FILTER (WHERE kind = 1) < max(ix) FILTER (WHERE kind <> 1));
    IF FOUND THEN RAISE EXCEPTION 'the batch is not free of conflicts'; END IF;
    PERFORM FROM unnest(ops) o
    WHERE starts_with(o.actor, 'partner:') AND o.actor <> 'partner:' || o.partner_id;
    IF FOUND THEN RAISE EXCEPTION 'a partner posts in its own name only'; END IF;
END $$;

-- What every operation moves must equal what its allocations move.
CREATE FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM (
        SELECT o.ix, CASE o.kind WHEN 3 THEN o.points - o.detail ELSE -o.points END AS points
        FROM unnest(ops) o WHERE o.code = 0 AND NOT o.is_replay AND o.kind <> 1
        UNION ALL
        SELECT d.ix, -d.points FROM unnest(drafts) d
    ) both_sides
    GROUP BY ix HAVING sum(points) <> 0;
    IF FOUND THEN RAISE EXCEPTION 'allocations do not sum to their operation'; END IF;
END $$;
