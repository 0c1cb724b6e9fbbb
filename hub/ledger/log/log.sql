-- The Merkle log: what was signed, and the hashes from which proofs are made (ADR-0015).
-- Append-only by privilege, like the journal: hub_app calls the functions and can do nothing else.

CREATE TABLE ledger.log_keys (
    key_number integer     PRIMARY KEY,
    public_key bytea       NOT NULL CHECK (length(public_key) = 32),
    since_at   timestamptz NOT NULL
);
COMMENT ON TABLE ledger.log_keys IS
    'Public keys of the log (Ed25519), numbered from 1; the last one signs, all stay known.';

CREATE TABLE ledger.checkpoints (
    checkpoint_id bigint      PRIMARY KEY,
    signed_at     timestamptz NOT NULL,
    key_number    integer     NOT NULL REFERENCES ledger.log_keys,
    root          bytea       NOT NULL CHECK (length(root) = 32),
    note          text        NOT NULL
);
COMMENT ON TABLE ledger.checkpoints IS
    'One signature over the trees of all lanes (a signed note), dense from 1.';
COMMENT ON COLUMN ledger.checkpoints.root IS
    'Root of the tree whose leaves are lane, size and root of every lane.';

CREATE TABLE ledger.lane_trees (
    lane          smallint NOT NULL,
    tree_size     bigint   NOT NULL CHECK (tree_size > 0),
    checkpoint_id bigint   NOT NULL REFERENCES ledger.checkpoints,
    root          bytea    NOT NULL CHECK (length(root) = 32),
    edge          bytea    NOT NULL,
    PRIMARY KEY (lane, tree_size)
);
COMMENT ON TABLE ledger.lane_trees IS
    'The tree of each lane that had grown at a checkpoint; others are as they were before.';
COMMENT ON COLUMN ledger.lane_trees.tree_size IS 'Entries in it: those up to this sequence.';
COMMENT ON COLUMN ledger.lane_trees.edge IS
    'Roots of the full subtrees of its full tiles, largest first, 32 octets each.';
CREATE INDEX lane_trees_by_checkpoint ON ledger.lane_trees (lane, checkpoint_id);

CREATE TABLE ledger.tiles (
    lane   smallint NOT NULL,
    level  smallint NOT NULL,
    tile   bigint   NOT NULL,
    root   bytea    NOT NULL CHECK (length(root) = 32),
    hashes bytea    NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (lane, level, tile)
);
COMMENT ON TABLE ledger.tiles IS
    '256 neighbouring hashes of a tree: of leaves on level 0, of roots of tiles above it.';

-- Make a public key known. Answers its number; the same key again gives the same number.
CREATE FUNCTION ledger.add_log_key(p_public bytea, p_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    known integer;
BEGIN
    LOCK TABLE log_keys IN EXCLUSIVE MODE;
    SELECT key_number INTO known FROM log_keys WHERE public_key = p_public;
    IF known IS NULL THEN
        INSERT INTO log_keys (key_number, public_key, since_at)
        SELECT coalesce(max(key_number), 0) + 1, p_public, p_at FROM log_keys
        RETURNING key_number INTO known;
    END IF;
    RETURN known;
END $$;

-- Keep a checkpoint with the trees that grew. The numbers are dense, so that of two sealers one
-- fails; a tree only grows, and never beyond its lane.
CREATE FUNCTION ledger.add_checkpoint(
    p_id bigint, p_signed_at timestamptz, p_key integer, p_root bytea, p_note text,
    a_lane smallint[], a_size bigint[], a_root bytea[], a_edge bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM checkpoints HAVING coalesce(max(checkpoint_id), 0) + 1 = p_id;
    IF NOT FOUND THEN RAISE EXCEPTION 'checkpoints are numbered densely'; END IF;
    PERFORM FROM unnest(a_lane, a_size) AS grown (lane, tree_size)
    JOIN lanes l USING (lane)
    WHERE grown.tree_size > l.last_seq
       OR EXISTS (SELECT FROM lane_trees t
                  WHERE t.lane = grown.lane AND t.tree_size >= grown.tree_size);
    IF FOUND THEN RAISE EXCEPTION 'a tree grows, and not beyond its lane'; END IF;
    INSERT INTO checkpoints (checkpoint_id, signed_at, key_number, root, note)
    VALUES (p_id, p_signed_at, p_key, p_root, p_note);
    INSERT INTO lane_trees (lane, tree_size, checkpoint_id, root, edge)
    SELECT lane, tree_size, p_id, root, edge
    FROM unnest(a_lane, a_size, a_root, a_edge) AS grown (lane, tree_size, root, edge);
END $$;

-- Keep full tiles of one level of a lane, the first of which must follow the last one kept.
CREATE FUNCTION ledger.add_tiles(
    p_lane smallint, p_level smallint, p_first bigint, a_root bytea[], a_hashes bytea[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM FROM tiles WHERE lane = p_lane AND level = p_level
    HAVING coalesce(max(tile), -1) + 1 = p_first;
    IF NOT FOUND THEN RAISE EXCEPTION 'tiles are numbered densely'; END IF;
    INSERT INTO tiles (lane, level, tile, root, hashes)
    SELECT p_lane, p_level, p_first + n - 1, root, hashes
    FROM unnest(a_root, a_hashes) WITH ORDINALITY AS full_tile (root, hashes, n);
END $$;

DO $$
DECLARE
    thing text;
BEGIN
    FOREACH thing IN ARRAY ARRAY['log_keys', 'checkpoints', 'lane_trees', 'tiles'] LOOP
        EXECUTE format('ALTER TABLE ledger.%I OWNER TO hub_poster', thing);
        EXECUTE format('GRANT SELECT ON ledger.%I TO hub_app', thing);
    END LOOP;
    FOREACH thing IN ARRAY ARRAY[
        'ledger.add_log_key(bytea, timestamptz)',
        'ledger.add_checkpoint(bigint, timestamptz, integer, bytea, text, smallint[], bigint[],'
            ' bytea[], bytea[])',
        'ledger.add_tiles(smallint, smallint, bigint, bytea[], bytea[])'] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO hub_poster', thing);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', thing);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO hub_app', thing);
    END LOOP;
END $$;
