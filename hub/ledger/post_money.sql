-- post_money: one entry of the house lane (-1) with its money lines (rule book 2.5.3).
-- Locks: the house lane. Codes as in post_batch; 6 UnknownReference, 10 AlreadyCancelled.

CREATE FUNCTION ledger.post_money(
    p_clock timestamptz, p_kind smallint, p_partner integer, p_key uuid, p_request uuid,
    p_actor text,
    p_occurred timestamptz, p_decided timestamptz, p_posted timestamptz, p_ref_seq bigint,
    p_reason text, p_reference text, p_facts jsonb,
    a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[],
    a_currency text[], a_amount numeric[], a_label text[])
RETURNS TABLE (code smallint, is_replay boolean, seq bigint, detail bigint, posted_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
#variable_conflict use_column
DECLARE
    house lanes;
    stored keys;
    new_seq bigint;
    posting_at timestamptz;
    refusal smallint := 0;
    entry_salt uuid := gen_random_uuid();
BEGIN
    SELECT * INTO STRICT house FROM lanes WHERE lane = -1 FOR UPDATE;
    SELECT * INTO stored FROM keys k WHERE k.lane = -1 AND k.key_hash = p_key;
    IF FOUND THEN
        RETURN QUERY SELECT CASE WHEN stored.request_hash = p_request THEN stored.code
                                 ELSE 50::smallint END,
                            stored.request_hash = p_request, stored.seq, stored.detail,
                            stored.posted_at;
        RETURN;
    END IF;
    posting_at := greatest(coalesce(p_posted, p_clock), house.last_posted_at);
    IF posting_at >= house.segment_until THEN
        RETURN QUERY SELECT 51::smallint, false, NULL::bigint, NULL::bigint, posting_at;
        RETURN;
    END IF;
    IF p_kind = 21 THEN
        IF NOT EXISTS (SELECT FROM entries e WHERE e.lane = -1 AND e.seq = p_ref_seq AND e.kind = 20
                                               AND e.partner_id = p_partner) THEN
            refusal := 6;
        ELSIF EXISTS (SELECT FROM entries e WHERE e.lane = -1 AND e.ref_seq = p_ref_seq
                                              AND e.kind = 21) THEN
            refusal := 10;
        END IF;
    END IF;
    IF refusal = 0 THEN
        new_seq := house.last_seq + 1;
        INSERT INTO entries (lane, seq, kind, partner_id, points, ref_seq, reason, reference, facts,
                             occurred_at, decided_at, posted_at, segment_id, actor, request_hash,
                             salt, leaf_hash)
        SELECT -1, new_seq, p_kind, p_partner, 0, p_ref_seq, p_reason, p_reference, p_facts,
               coalesce(p_occurred, p_clock), coalesce(p_decided, p_clock), posting_at,
               house.segment_id, p_actor, p_request, entry_salt,
               ledger.leaf_hash(entry_salt, -1::smallint, new_seq, p_kind, p_partner, NULL, NULL,
                                NULL, 0, NULL, NULL, NULL, NULL, p_ref_seq, NULL,
                                coalesce(p_occurred, p_clock), coalesce(p_decided, p_clock),
                                posting_at, NULL, NULL, p_request, p_actor, p_reason, p_reference,
                                NULL, NULL, p_facts::text, NULL,
                                ledger.money_lines_body(a_kind, a_is_reversal, a_debtor, a_creditor,
                                                        a_currency, a_amount, a_label));
        INSERT INTO money_lines (lane, seq, line, segment_id, kind, is_reversal, debtor_id,
                                 creditor_id, currency, amount, label)
        SELECT -1, new_seq, m.line, house.segment_id, m.kind, m.is_reversal, m.debtor_id,
               m.creditor_id, m.currency, m.amount, m.label
        FROM unnest(a_kind, a_is_reversal, a_debtor, a_creditor, a_currency, a_amount, a_label)
             WITH ORDINALITY
             AS m (kind, is_reversal, debtor_id, creditor_id, currency, amount, label, line);
        UPDATE lanes SET last_seq = new_seq, last_posted_at = posting_at WHERE lane = -1;
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO keys (lane, key_hash, request_hash, code, seq, posted_at)
        VALUES (-1, p_key, p_request, refusal, new_seq, posting_at);
    END IF;
    RETURN QUERY SELECT refusal, false, new_seq, NULL::bigint, posting_at;
END $$;

-- The money lines as the leaf hash takes them in: every text with its length before it.
CREATE FUNCTION ledger.money_lines_body(
    a_kind text[], a_is_reversal boolean[], a_debtor integer[], a_creditor integer[],
    a_currency text[], a_amount numeric[], a_label text[]) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = ledger, pg_temp AS $$
    SELECT string_agg(
        int4send(octet_length(m.kind)) || convert_to(m.kind, 'UTF8') || boolsend(m.is_reversal)
        || int4send(m.debtor) || int4send(m.creditor)
        || int4send(octet_length(coalesce(m.currency, '')))
        || convert_to(coalesce(m.currency, ''), 'UTF8')
        || numeric_send(m.amount::numeric(38, 12))
        || int4send(octet_length(coalesce(m.label, '')))
        || convert_to(coalesce(m.label, ''), 'UTF8'),
        NULL ORDER BY m.line)
    FROM unnest(a_kind, a_is_reversal, a_debtor, a_creditor, a_currency, a_amount, a_label)
         WITH ORDINALITY AS m (kind, is_reversal, debtor, creditor, currency, amount, label, line)
$$;
