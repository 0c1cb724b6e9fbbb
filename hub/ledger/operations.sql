-- What passes through post_batch, and what hashes and checks it.

CREATE TYPE ledger.operation AS (
    ix integer, lane smallint, kind smallint, wallet_id bigint, counter_lane smallint,
    counter_wallet_id bigint, partner_id integer, funder_id integer, points bigint,
    asked_points bigint, cap_id bigint, mode smallint, terms_id integer, lot_id bigint,
    ref_seq bigint, key_hash uuid, request_hash uuid, reference_hash uuid, reference text,
    reason text, category text, match_rate numeric, actor text,
    occurred_at timestamptz, decided_at timestamptz, posted_at timestamptz,
    available_at timestamptz, ends_at timestamptz, issue_rank bigint, restriction_id integer,
    contributor_wallet_id bigint, group_number integer, is_special boolean, is_owing boolean,
    owed_change bigint, code smallint, is_replay boolean, seq bigint, detail bigint,
    segment_id bigint);
COMMENT ON TYPE ledger.operation IS 'One operation on its way through post_batch.';

CREATE TYPE ledger.draft AS (
    ix integer, line integer, kind smallint, is_reversal boolean, lot_id bigint, points bigint,
    held_points bigint, issuer_id integer, issue_terms_id integer, expires_at timestamptz,
    new_lot integer, creditor_id integer, arrears_seq bigint);
COMMENT ON TYPE ledger.draft IS
    'One allocation to be written: points taken from (-) or given back to (+) a lot. lot_id NULL
is the lot that the operation itself makes; new_lot numbers the lots it moves points into.';

-- A text in a leaf: its length, so that no two neighbours can be taken for each other.
CREATE FUNCTION ledger.text_body(value text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT int4send(coalesce(octet_length(value), -1)) || convert_to(coalesce(value, ''), 'UTF8')
$$;

-- The lot that an entry makes, as the leaf takes it in.
CREATE FUNCTION ledger.lot_body(
    funder_id integer, issue_rank bigint, restriction_id integer, contributor_wallet_id bigint,
    source_lane smallint, source_lot_id bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int4send(funder_id) || int8send(issue_rank) || int4send(coalesce(restriction_id, 0))
        || int8send(coalesce(contributor_wallet_id, 0)) || int2send(coalesce(source_lane, -1::int2))
        || int8send(coalesce(source_lot_id, 0))
$$;

-- An allocation as the leaf takes it in.
CREATE FUNCTION ledger.allocation_body(
    kind smallint, is_reversal boolean, lot_id bigint, points bigint, held_points bigint,
    issuer_id integer, acceptor_id integer, issue_terms_id integer, acceptor_terms_id integer,
    arrears_seq bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int2send(kind) || boolsend(is_reversal) || int8send(lot_id) || int8send(points)
        || int8send(held_points) || int4send(issuer_id) || int4send(acceptor_id)
        || int4send(issue_terms_id) || int4send(acceptor_terms_id)
        || int8send(coalesce(arrears_seq, 0))
$$;

-- The leaf of an entry in the Merkle log of its lane: fixed-width fields and texts with their
-- lengths, so no two bodies collide.
CREATE FUNCTION ledger.leaf_hash(
    salt uuid, lane smallint, seq bigint, kind smallint, partner_id integer, wallet_id bigint,
    counter_lane smallint, counter_wallet_id bigint, points bigint, asked_points bigint,
    cap_id bigint, mode smallint, terms_id integer, ref_seq bigint, lot_id bigint,
    occurred_at timestamptz, decided_at timestamptz, posted_at timestamptz,
    available_at timestamptz, ends_at timestamptz, request_hash uuid, actor text, reason text,
    reference text, category text, match_rate text, facts text, lot bytea, lines bytea)
RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256('\x00'::bytea || uuid_send(salt)
        || int2send(lane) || int8send(seq) || int2send(kind) || int4send(partner_id)
        || int8send(coalesce(wallet_id, 0)) || int2send(coalesce(counter_lane, -1::int2))
        || int8send(coalesce(counter_wallet_id, 0)) || int8send(points)
        || int8send(coalesce(asked_points, 0)) || int8send(coalesce(cap_id, 0))
        || int2send(coalesce(mode, 0::int2)) || int4send(coalesce(terms_id, 0))
        || int8send(coalesce(ref_seq, 0)) || int8send(coalesce(lot_id, 0))
        || timestamptz_send(occurred_at) || timestamptz_send(decided_at)
        || timestamptz_send(posted_at) || timestamptz_send(coalesce(available_at, '-infinity'))
        || timestamptz_send(coalesce(ends_at, 'infinity')) || uuid_send(request_hash)
        || ledger.text_body(actor) || ledger.text_body(reason) || ledger.text_body(reference)
        || ledger.text_body(category) || ledger.text_body(match_rate) || ledger.text_body(facts)
        || coalesce(lot, ''::bytea) || coalesce(lines, ''::bytea))
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

-- What the poster promises: one order of each wallet's operations gives this batch. Whatever is
-- neither a debit nor a credit stands alone on its wallet; debits come before credits and share
-- one deciding instant; a group has credits only, whose refusals are all known before any is drawn.
-- And the second wall behind the verbs: a partner posts in its own name only. It reads what was
-- given and not the operations made of it: they are four times as wide.
CREATE FUNCTION ledger.assert_free_of_conflicts(
    p_clock timestamptz, a_kind smallint[], a_wallet bigint[], a_counter bigint[],
    a_decided timestamptz[], a_group integer[], a_partner integer[], a_actor text[]) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM (
        SELECT o.wallet_id, o.ix, o.kind IN (1, 15) AS is_credit, o.kind IN (2, 6, 7, 8, 9, 10)
                   AS is_debit, coalesce(o.decided_at, p_clock) AS decided_at
        FROM unnest(a_wallet, a_kind, a_decided) WITH ORDINALITY
            AS o (wallet_id, kind, decided_at, ix)
        UNION ALL
        SELECT o.wallet_id, o.ix, true, false, NULL
        FROM unnest(a_counter, a_kind) WITH ORDINALITY AS o (wallet_id, kind, ix)
        WHERE o.kind = 6
    ) touched
    GROUP BY wallet_id HAVING count(*) > 1 AND (
        bool_or(NOT is_credit AND NOT is_debit)
        OR min(decided_at) FILTER (WHERE is_debit) < max(decided_at) FILTER (WHERE is_debit)
        OR min(ix) FILTER (WHERE is_credit) < max(ix) FILTER (WHERE is_debit));
    IF FOUND THEN RAISE EXCEPTION 'the batch is not free of conflicts'; END IF;
    PERFORM FROM unnest(a_group, a_kind, a_actor, a_partner)
        AS o (group_number, kind, actor, partner_id)
    WHERE o.group_number IS NOT NULL AND o.kind NOT IN (1, 15)
       OR starts_with(o.actor, 'partner:') AND o.actor <> 'partner:' || o.partner_id;
    IF FOUND THEN
        RAISE EXCEPTION 'a group has credits only, and a partner posts in its own name only';
    END IF;
END $$;

-- What every operation moves must equal what its allocations move.
CREATE FUNCTION ledger.assert_drafts(ops ledger.operation[], drafts ledger.draft[]) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM (
        SELECT o.ix,
               CASE WHEN o.kind IN (1, 15) THEN o.owed_change
                    WHEN o.kind = 3 THEN o.points - o.detail + o.owed_change
                    WHEN o.kind = 4 THEN o.owed_change - o.points
                    WHEN o.kind = 11 THEN o.owed_change - o.points - o.detail
                    WHEN o.kind IN (12, 13, 17) THEN o.owed_change - o.detail
                    WHEN o.kind IN (10, 19) THEN 0
                    WHEN o.kind = 18 THEN o.owed_change
                    ELSE -o.points END AS points,
               CASE WHEN o.kind = 10 THEN o.points ELSE 0 END AS held_points
        FROM unnest(ops) o WHERE o.code = 0 AND NOT o.is_replay
        UNION ALL
        SELECT d.ix, -d.points,
               CASE WHEN (ops[d.ix]).kind IN (11, 12, 13) THEN 0 ELSE -d.held_points END
        FROM unnest(drafts) d
    ) both_sides
    GROUP BY ix HAVING sum(points) <> 0 OR sum(held_points) <> 0;
    IF FOUND THEN RAISE EXCEPTION 'allocations do not sum to their operation'; END IF;
END $$;

-- Whatever waits is not overtaken by what comes after it on its wallets: that waits behind it. A
-- transfer into a wallet that owes leaves points there that repay before the next credit does.
CREATE FUNCTION ledger.line_up(ops ledger.operation[]) RETURNS ledger.operation[]
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET enable_seqscan = off AS $$
DECLARE
    op record;
    busy bigint[] := '{}';
BEGIN
    FOR op IN
        SELECT o.ix, o.code, o.wallet_id,
               CASE WHEN o.kind = 6 THEN o.counter_wallet_id END AS counter_wallet_id,
               coalesce(w.owed_points > 0, false) AS is_counter_owing
        FROM unnest(ops) o
        LEFT JOIN LATERAL (SELECT x.owed_points FROM wallets x
                           WHERE o.kind = 6 AND x.lane = o.lane
                             AND x.wallet_id = o.counter_wallet_id OFFSET 0) w ON true
        WHERE NOT o.is_replay AND (o.code = 0 OR o.code IN (51, 54, 55, 56, 57)) ORDER BY o.ix
    LOOP
        IF op.code = 0 AND (op.wallet_id = ANY (busy) OR op.counter_wallet_id = ANY (busy)) THEN
            ops[op.ix].code := 57;                                          -- waits behind another
        END IF;
        IF ops[op.ix].code <> 0 THEN
            busy := busy || op.wallet_id || op.counter_wallet_id;
        ELSIF op.is_counter_owing THEN
            busy := busy || op.counter_wallet_id;
        END IF;
    END LOOP;
    RETURN ops;
END $$;

-- A group is booked whole or not at all (rule book 1.3.5): what refuses one of it, refuses all, and
-- so does a refusal that one of it was answered before. While one of it waits, nothing is decided.
CREATE FUNCTION ledger.join_groups(ops ledger.operation[]) RETURNS ledger.operation[]
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
DECLARE
    member record;
BEGIN
    FOR member IN
        SELECT o.ix, g.worst FROM unnest(ops) o
        JOIN (SELECT u.lane, u.group_number, max(u.code) AS worst FROM unnest(ops) u
              GROUP BY u.lane, u.group_number) g
             ON g.lane = o.lane AND g.group_number = o.group_number
        WHERE NOT o.is_replay AND (o.code = 0 AND g.worst > 0 OR o.code < 50 AND g.worst >= 50)
    LOOP
        ops[member.ix].code := CASE WHEN member.worst >= 50 THEN member.worst
                                    ELSE 16 END;                            -- GroupRefused
    END LOOP;
    RETURN ops;
END $$;
