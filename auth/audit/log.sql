-- The audit log. It belongs to hub_poster, and the running hub can append and read: nothing else.
-- Every record carries the hash of the one before (auth/audit/chain.py computes the same).

CREATE SCHEMA audit;
COMMENT ON SCHEMA audit IS 'Who did what that matters; appended by the function of this schema.';

CREATE TABLE audit.log (
    seq           bigint      PRIMARY KEY,
    at            timestamptz NOT NULL,
    event         text        NOT NULL CHECK (event ~ '^[a-z_]+\.[a-z_]+$'),
    actor         text        NOT NULL,
    person_id     integer,
    client_id     text,
    subject       text        NOT NULL,
    detail        text        NOT NULL,
    previous_hash bytea       NOT NULL,
    hash          bytea       NOT NULL
);
COMMENT ON TABLE audit.log IS 'Append-only, dense from 1: ids only, no names, no tokens.';
COMMENT ON COLUMN audit.log.event IS 'room.past_tense';
COMMENT ON COLUMN audit.log.subject IS 'What it was done to, e.g. person:7; may be empty.';
COMMENT ON COLUMN audit.log.detail IS 'JSON with sorted keys, as it was hashed.';
COMMENT ON COLUMN audit.log.hash IS
    'SHA-256 of previous_hash and of each other field with its length in octets before it.';

CREATE TABLE audit.heads (
    seq        bigint      PRIMARY KEY REFERENCES audit.log,
    signed_at  timestamptz NOT NULL,
    public_key bytea       NOT NULL,
    signature  bytea       NOT NULL
);
COMMENT ON TABLE audit.heads IS 'Ed25519 over "hub audit head", seq and hash.';

CREATE FUNCTION audit.write_text(written text) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int4send(octet_length(convert_to(written, 'UTF8'))) || convert_to(written, 'UTF8')
$$;

-- One record after the other: the table's lock is taken by every writer until it commits.
CREATE FUNCTION audit.append(
    p_at timestamptz, p_event text, p_actor text, p_person_id integer, p_client_id text,
    p_subject text, p_detail text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
DECLARE
    last log%ROWTYPE;
    before bytea;
    new_seq bigint;
BEGIN
    LOCK TABLE log IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO last FROM log ORDER BY seq DESC LIMIT 1;
    before := coalesce(last.hash, sha256(''));
    new_seq := coalesce(last.seq, 0) + 1;
    INSERT INTO log VALUES (
        new_seq, p_at, p_event, p_actor, p_person_id, p_client_id, p_subject, p_detail, before,
        sha256(before || int8send(new_seq) || timestamptz_send(p_at) || audit.write_text(p_event)
               || audit.write_text(p_actor) || int4send(coalesce(p_person_id, -1))
               || audit.write_text(coalesce(p_client_id, '')) || audit.write_text(p_subject)
               || audit.write_text(p_detail)));
    RETURN new_seq;
END $$;
COMMENT ON FUNCTION audit.append IS 'Append one record. Locks the log until the transaction ends.';

CREATE FUNCTION audit.sign_head(
    p_seq bigint, p_signed_at timestamptz, p_public_key bytea, p_signature bytea
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
    INSERT INTO heads VALUES (p_seq, p_signed_at, p_public_key, p_signature) ON CONFLICT DO NOTHING
$$;

ALTER SCHEMA audit OWNER TO hub_poster;
ALTER TABLE audit.log OWNER TO hub_poster;
ALTER TABLE audit.heads OWNER TO hub_poster;
ALTER FUNCTION audit.write_text OWNER TO hub_poster;
ALTER FUNCTION audit.append OWNER TO hub_poster;
ALTER FUNCTION audit.sign_head OWNER TO hub_poster;
REVOKE ALL ON FUNCTION audit.write_text, audit.append, audit.sign_head FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO hub_app;
GRANT SELECT ON audit.log, audit.heads TO hub_app;
GRANT EXECUTE ON FUNCTION audit.append, audit.sign_head TO hub_app;

-- The log is the hub's: no partner and no member reads it, whoever asks in their name.
ALTER TABLE audit.log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY hub_only ON audit.log FOR SELECT USING ((SELECT wall.is_hub()));
CREATE POLICY hub_only ON audit.heads FOR SELECT USING ((SELECT wall.is_hub()));
