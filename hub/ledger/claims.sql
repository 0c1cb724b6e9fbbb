-- Claims on the points of a wallet: what is set aside, restricted or owed. Rule book 1.2.4, 1.4.2,
-- 1.6.3.

CREATE TABLE ledger.restrictions (
    restriction_id  integer  PRIMARY KEY,
    rule_hash       uuid     NOT NULL UNIQUE,
    acceptor_ids    integer[],
    categories      text[],
    is_transferable boolean  NOT NULL,
    is_exchangeable boolean  NOT NULL
);
COMMENT ON TABLE ledger.restrictions IS 'Where restricted lots may be used (rule book 1.2.4).';
COMMENT ON COLUMN ledger.restrictions.rule_hash IS 'Of the other columns: each rule exists once.';
COMMENT ON COLUMN ledger.restrictions.acceptor_ids IS 'Empty: any acceptor.';
COMMENT ON COLUMN ledger.restrictions.categories IS 'Empty: any category.';

CREATE TABLE ledger.holds (
    lane              smallint    NOT NULL,
    hold_seq          bigint      NOT NULL,
    wallet_id         bigint      NOT NULL,
    partner_id        integer     NOT NULL,
    purpose           smallint    NOT NULL,
    points            bigint      NOT NULL CHECK (points > 0),
    captured_points   bigint      NOT NULL DEFAULT 0,
    ends_at           timestamptz NOT NULL,
    counter_lane      smallint,
    counter_wallet_id bigint,
    ended_seq         bigint,
    is_open           boolean     NOT NULL DEFAULT true,
    PRIMARY KEY (lane, hold_seq),
    CHECK (captured_points BETWEEN 0 AND points),
    CHECK (is_open = (ended_seq IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE ledger.holds IS
    'Points set aside; its lines are the allocations of its entry (rule book 1.4.2).';
COMMENT ON COLUMN ledger.holds.purpose IS 'Kind of entry that a capture counts as.';
COMMENT ON COLUMN ledger.holds.ends_at IS 'It lapses at this instant; infinity: it does not.';
COMMENT ON COLUMN ledger.holds.counter_lane IS 'Where points that move between lanes go.';
COMMENT ON COLUMN ledger.holds.ended_seq IS 'Entry that captured, voided or lapsed it.';
CREATE INDEX holds_open_by_wallet ON ledger.holds (lane, wallet_id, ends_at) WHERE is_open;
CREATE INDEX holds_open_by_end
    ON ledger.holds (lane, ends_at) WHERE is_open AND ends_at < 'infinity';

CREATE TABLE ledger.arrears (
    lane        smallint NOT NULL,
    wallet_id   bigint   NOT NULL,
    seq         bigint   NOT NULL,
    creditor_id integer  NOT NULL,
    points      bigint   NOT NULL CHECK (points > 0),
    owed_points bigint   NOT NULL,
    PRIMARY KEY (lane, wallet_id, seq),
    CHECK (owed_points BETWEEN 0 AND points)
);
COMMENT ON TABLE ledger.arrears IS
    'What wallets owe in points, oldest first, never as a negative lot (rule book 1.6.3).';
COMMENT ON COLUMN ledger.arrears.seq IS 'Entry that made the debt: a reverse of spent points.';
COMMENT ON COLUMN ledger.arrears.creditor_id IS 'Issuer whose issue was reversed.';
COMMENT ON COLUMN ledger.arrears.owed_points IS 'What is not repaid yet.';

-- Few lots are pending or restricted: whether a wallet has any costs one probe of a small index.
CREATE INDEX lots_set_apart ON ledger.lots (lane, wallet_id, available_at)
    WHERE is_open AND (available_at > '-infinity' OR restriction_id IS NOT NULL);
