-- What a wallet has used of caps that each wallet has to itself, carried to another one when their
-- members merge, and back (rule book 1.3.4, 1.8.3; ADR-0023).

-- Carry what a wallet has used of the caps that something may still be charged to. Locks: both
-- lanes, ascending.
CREATE FUNCTION ledger.carry_usage(
    p_lane smallint, p_wallet bigint, p_to_lane smallint, p_to_wallet bigint, p_key uuid,
    p_since timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    carried record;
BEGIN
    PERFORM FROM lanes WHERE lane IN (p_lane, p_to_lane) ORDER BY lane FOR UPDATE;
    FOR carried IN
        SELECT u.cap_id, u.used FROM caps k
        JOIN cap_usage u ON u.lane = p_lane AND u.cap_id = k.cap_id AND u.wallet_id = p_wallet
        WHERE k.is_per_wallet AND k.ends_at > p_since AND u.used <> 0
    LOOP
        PERFORM ledger.carry(p_lane, carried.cap_id, p_wallet, p_key, -carried.used);
        PERFORM ledger.carry(p_to_lane, carried.cap_id, p_to_wallet, p_key, carried.used);
    END LOOP;
END $$;

-- Carry back what was carried under a key. Locks: both lanes, ascending.
CREATE FUNCTION ledger.carry_back(
    p_lane smallint, p_wallet bigint, p_from_lane smallint, p_from_wallet bigint, p_key uuid)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    carried record;
BEGIN
    PERFORM FROM lanes WHERE lane IN (p_lane, p_from_lane) ORDER BY lane FOR UPDATE;
    FOR carried IN
        SELECT c.cap_id, sum(c.amount) AS amount FROM cap_carries c
        WHERE c.lane = p_from_lane AND c.wallet_id = p_from_wallet AND c.key_hash = p_key
        GROUP BY c.cap_id HAVING sum(c.amount) <> 0
    LOOP
        PERFORM ledger.carry(p_from_lane, carried.cap_id, p_from_wallet, p_key, -carried.amount);
        PERFORM ledger.carry(p_lane, carried.cap_id, p_wallet, p_key, carried.amount);
    END LOOP;
END $$;

-- Give back to a wallet's cap what was undone of it elsewhere, once for each key. Locks: the lane.
CREATE FUNCTION ledger.give_back_to_wallet(
    p_lane smallint, p_cap bigint, p_wallet bigint, p_amount numeric, p_key uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM lanes WHERE lane = p_lane FOR UPDATE;
    IF EXISTS (SELECT FROM cap_carries c WHERE c.lane = p_lane AND c.wallet_id = p_wallet
                                           AND c.key_hash = p_key) THEN
        RETURN false;
    END IF;
    PERFORM ledger.carry(p_lane, p_cap, p_wallet, p_key, -p_amount);
    RETURN true;
END $$;

-- Write a line of what was carried, and fold it into what the wallet has used. The lane is locked.
CREATE FUNCTION ledger.carry(
    p_lane smallint, p_cap bigint, p_wallet bigint, p_key uuid, p_amount numeric) RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    INSERT INTO cap_carries (lane, wallet_id, line, cap_id, key_hash, amount)
    SELECT p_lane, p_wallet, coalesce(max(c.line), 0) + 1, p_cap, p_key, p_amount
    FROM cap_carries c WHERE c.lane = p_lane AND c.wallet_id = p_wallet;
    INSERT INTO cap_usage AS u (lane, cap_id, wallet_id, used)
    VALUES (p_lane, p_cap, p_wallet, p_amount)
    ON CONFLICT (lane, cap_id, wallet_id) DO UPDATE SET used = u.used + excluded.used;
END $$;
