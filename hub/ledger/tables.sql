-- The tables of the ledger. Rule book 1.2, 1.9, 1.10 and 2.14; ADR-0003.
-- Every key and every predicate begins with the lane, so that lanes can be spread over machines.

CREATE SCHEMA ledger;
COMMENT ON SCHEMA ledger IS 'How points move: written by the functions of this schema only.';

CREATE TABLE ledger.lanes (
    lane           smallint    PRIMARY KEY,
    last_seq       bigint      NOT NULL DEFAULT 0,
    last_lot_id    bigint      NOT NULL DEFAULT 0,
    last_posted_at timestamptz NOT NULL DEFAULT '-infinity',
    segment_id     bigint      NOT NULL,
    segment_until  timestamptz NOT NULL,
    CHECK (lane BETWEEN -1 AND 63)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE ledger.lanes IS
    'The serial units of the ledger; locked first, ascending. -1 is the house lane.';
COMMENT ON COLUMN ledger.lanes.last_seq IS 'Sequence of the newest entry; dense from 1.';
COMMENT ON COLUMN ledger.lanes.last_posted_at IS 'posted_at never falls below this.';
COMMENT ON COLUMN ledger.lanes.segment_until IS
    'End of the segment, exclusive; no entry is posted at or after it before the lane is cut.';

CREATE TABLE ledger.segments (
    segment_id bigint      PRIMARY KEY,
    starts_at  timestamptz NOT NULL UNIQUE,
    ends_at    timestamptz NOT NULL,
    CHECK (starts_at < ends_at)
);
COMMENT ON TABLE ledger.segments IS
    'Half-open spans between the cuts of all calendars (rule book 2.5.2); no gap, no overlap.';

CREATE TABLE ledger.cuts (
    lane       smallint NOT NULL,
    segment_id bigint   NOT NULL,
    to_seq     bigint   NOT NULL,
    PRIMARY KEY (lane, segment_id)
);
COMMENT ON TABLE ledger.cuts IS 'Last sequence of each lane in each finished segment.';

CREATE TABLE ledger.wallets (
    lane           smallint NOT NULL,
    wallet_id      bigint   NOT NULL,
    balance_points bigint   NOT NULL DEFAULT 0 CHECK (balance_points >= 0),
    held_points    bigint   NOT NULL DEFAULT 0 CHECK (held_points >= 0),
    owed_points    bigint   NOT NULL DEFAULT 0 CHECK (owed_points >= 0),
    last_seq       bigint   NOT NULL DEFAULT 0,
    is_open        boolean  NOT NULL DEFAULT true,
    PRIMARY KEY (lane, wallet_id),
    CHECK (held_points <= balance_points)
) WITH (fillfactor = 70);
COMMENT ON TABLE ledger.wallets IS 'Fold of the allocations of a wallet''s lots.';
COMMENT ON COLUMN ledger.wallets.balance_points IS
    'Sum of what remains in open lots; includes lots that expired and are not booked yet.';
COMMENT ON COLUMN ledger.wallets.held_points IS
    'Sum of what is held of its lots; includes holds that lapsed and are not booked yet.';
COMMENT ON COLUMN ledger.wallets.owed_points IS 'Sum of its arrears (rule book 1.6.3).';

CREATE TABLE ledger.lots (
    lane             smallint    NOT NULL,
    lot_id           bigint      NOT NULL,
    wallet_id        bigint      NOT NULL,
    issuer_id        integer     NOT NULL,
    funder_id        integer     NOT NULL,
    issue_terms_id   integer     NOT NULL,
    points           bigint      NOT NULL CHECK (points > 0),
    remaining_points bigint      NOT NULL,
    held_points      bigint      NOT NULL DEFAULT 0,
    issue_rank       bigint      NOT NULL,
    available_at     timestamptz NOT NULL DEFAULT '-infinity',
    expires_at       timestamptz NOT NULL DEFAULT 'infinity',
    source_seq       bigint      NOT NULL,
    source_lot_id    bigint,
    source_lane      smallint,
    restriction_id   integer,
    contributor_wallet_id bigint,
    is_open          boolean     NOT NULL DEFAULT true,
    PRIMARY KEY (lane, lot_id),
    CHECK (remaining_points BETWEEN 0 AND points),
    CHECK (held_points BETWEEN 0 AND remaining_points),
    CHECK (is_open = (remaining_points > 0))
) WITH (fillfactor = 80);
COMMENT ON TABLE ledger.lots IS 'Points issued together that expire together (rule book 1.2).';
COMMENT ON COLUMN ledger.lots.issue_rank IS
    'Order of the first issue, kept through transfers: its posted_at in microseconds.';
COMMENT ON COLUMN ledger.lots.available_at IS
    'Usable from this instant; -infinity: at once; infinity: when somebody releases it.';
COMMENT ON COLUMN ledger.lots.expires_at IS 'Exclusive instant; infinity: never.';
COMMENT ON COLUMN ledger.lots.source_seq IS 'Entry that made the lot: an issue or a transfer.';
COMMENT ON COLUMN ledger.lots.source_lot_id IS 'Lot it was moved from.';
COMMENT ON COLUMN ledger.lots.source_lane IS 'Lane of that lot, when it is another.';
COMMENT ON COLUMN ledger.lots.contributor_wallet_id IS
    'Whose points these were before a household pooled them.';
-- is_open flips once in the life of most lots; a predicate on remaining_points would make every
-- partial redemption a non-HOT update.
CREATE INDEX lots_in_redemption_order
    ON ledger.lots (lane, wallet_id, expires_at, issue_rank, lot_id) WHERE is_open;
CREATE INDEX lots_by_expiry
    ON ledger.lots (lane, expires_at) WHERE is_open AND expires_at < 'infinity';
CREATE TABLE ledger.entries (
    lane              smallint    NOT NULL,
    seq               bigint      NOT NULL,
    kind              smallint    NOT NULL,
    partner_id        integer     NOT NULL,
    wallet_id         bigint,
    counter_lane      smallint,
    counter_wallet_id bigint,
    points            bigint      NOT NULL,
    asked_points      bigint,
    cap_id            bigint,
    mode              smallint,
    terms_id          integer,
    ref_seq           bigint,
    lot_id            bigint,
    reason            text,
    reference         text,
    category          text,
    available_at      timestamptz,
    ends_at           timestamptz,
    match_rate        numeric(20, 8),
    facts             jsonb,
    occurred_at       timestamptz NOT NULL,
    decided_at        timestamptz NOT NULL,
    posted_at         timestamptz NOT NULL,
    segment_id        bigint      NOT NULL,
    actor             text        NOT NULL,
    request_hash      uuid        NOT NULL,
    salt              uuid        NOT NULL,
    leaf_hash         bytea       NOT NULL,
    PRIMARY KEY (lane, seq),
    CHECK (points >= 0)
) PARTITION BY RANGE (seq);
COMMENT ON TABLE ledger.entries IS
    'The journal, append-only: one row per event. An issue''s row is both sides of it.';
COMMENT ON COLUMN ledger.entries.kind IS 'hub.ledger.entries.EntryKind.';
COMMENT ON COLUMN ledger.entries.partner_id IS
    'Issuer of an issue or reverse, acceptor of a redemption or refund, 0 for the hub itself.';
COMMENT ON COLUMN ledger.entries.asked_points IS
    'What was asked for, where less was granted or could be taken.';
COMMENT ON COLUMN ledger.entries.cap_id IS 'Cap that left no more (rule book 1.3.4).';
COMMENT ON COLUMN ledger.entries.mode IS
    'Of a hold: the kind that its capture counts as. Of a reverse: how far it goes. Of an exchange:
1 if it may be given back.';
COMMENT ON COLUMN ledger.entries.ref_seq IS
    'Entry of this lane that this one gives back, ends or takes back.';
COMMENT ON COLUMN ledger.entries.lot_id IS
    'Lot an issue or an arrival made; lot that a reverse or an extension took from.';
COMMENT ON COLUMN ledger.entries.category IS 'What was bought, for restricted lots.';
COMMENT ON COLUMN ledger.entries.available_at IS 'Of a pending issue: usable from then on.';
COMMENT ON COLUMN ledger.entries.ends_at IS
    'Expiry of the lot that was made, or the end of a hold; empty: never.';
COMMENT ON COLUMN ledger.entries.match_rate IS 'Donation match per point, in the lot''s currency.';
COMMENT ON COLUMN ledger.entries.facts IS
    'What a later entry needs of a house-lane entry; integers and texts.';
COMMENT ON COLUMN ledger.entries.occurred_at IS 'When it happened at the till.';
COMMENT ON COLUMN ledger.entries.decided_at IS 'The instant at which lots and terms were judged.';
COMMENT ON COLUMN ledger.entries.leaf_hash IS
    'SHA-256(0x00 || salt || body): ledger.leaf_hash.';
CREATE TABLE ledger.entries_first PARTITION OF ledger.entries FOR VALUES FROM (0) TO (100000000);
CREATE TABLE ledger.entries_beyond PARTITION OF ledger.entries DEFAULT;
CREATE INDEX entries_by_ref ON ledger.entries (lane, ref_seq) WHERE ref_seq IS NOT NULL;
CREATE INDEX entries_by_wallet ON ledger.entries (lane, wallet_id, seq);
CREATE INDEX entries_by_counter_wallet
    ON ledger.entries (lane, counter_wallet_id, seq) WHERE counter_wallet_id IS NOT NULL;

CREATE TABLE ledger.allocations (
    lane              smallint NOT NULL,
    seq               bigint   NOT NULL,
    line              integer  NOT NULL,
    kind              smallint NOT NULL,
    is_reversal       boolean  NOT NULL,
    lot_id            bigint   NOT NULL,
    points            bigint   NOT NULL,
    held_points       bigint   NOT NULL DEFAULT 0,
    issuer_id         integer  NOT NULL,
    acceptor_id       integer  NOT NULL,
    issue_terms_id    integer  NOT NULL,
    acceptor_terms_id integer  NOT NULL,
    arrears_seq       bigint,
    PRIMARY KEY (lane, seq, line),
    CHECK (points <> 0 OR held_points <> 0)
) PARTITION BY RANGE (seq);
COMMENT ON TABLE ledger.allocations IS
    'The journal, append-only: one row per lot that an entry takes from (-) or gives back to (+).';
COMMENT ON COLUMN ledger.allocations.kind IS
    'Kind of flow: that of the entry, of what a refund gives back, or EXPIRE for a re-expiry.';
COMMENT ON COLUMN ledger.allocations.held_points IS
    'Points of the lot set aside (+) or no longer (-); taken ones are counted in both.';
COMMENT ON COLUMN ledger.allocations.acceptor_id IS
    '0: nobody accepts (reverse, expire, transfer). Of a repayment: who was owed.';
COMMENT ON COLUMN ledger.allocations.arrears_seq IS 'Entry whose debt these points repay.';
CREATE TABLE ledger.allocations_first PARTITION OF ledger.allocations
    FOR VALUES FROM (0) TO (100000000);
CREATE TABLE ledger.allocations_beyond PARTITION OF ledger.allocations DEFAULT;

CREATE TABLE ledger.money_lines (
    lane           smallint        NOT NULL,
    seq            bigint          NOT NULL,
    line           integer         NOT NULL,
    segment_id     bigint          NOT NULL,
    kind           text            NOT NULL,
    is_reversal    boolean         NOT NULL,
    debtor_id      integer         NOT NULL,
    creditor_id    integer         NOT NULL,
    amount         numeric(38, 12) NOT NULL,
    currency       text,
    issue_terms_id integer,
    label          text,
    PRIMARY KEY (lane, seq, line),
    CHECK (debtor_id <> creditor_id),
    CHECK ((currency IS NULL) = (issue_terms_id IS NOT NULL))
);
COMMENT ON TABLE ledger.money_lines IS
    'Obligations that are not points x rate of terms (rule book 2.14); append-only.';
COMMENT ON COLUMN ledger.money_lines.issue_terms_id IS
    'Terms whose currency and version stand for currency and label (donation match).';
CREATE INDEX money_lines_by_segment ON ledger.money_lines (segment_id);

CREATE TABLE ledger.keys (
    lane         smallint    NOT NULL,
    key_hash     uuid        NOT NULL,
    request_hash uuid        NOT NULL,
    code         smallint    NOT NULL,
    seq          bigint,
    detail       bigint,
    points       bigint,
    cap_id       bigint,
    posted_at    timestamptz NOT NULL,
    PRIMARY KEY (lane, key_hash)
);
COMMENT ON TABLE ledger.keys IS
    'What each idempotency key was answered, refusals too (rule book 1.9). Never partitioned by
time: a key must stay unique.';
COMMENT ON COLUMN ledger.keys.points IS 'What was granted, where it is not what was asked.';
COMMENT ON COLUMN ledger.keys.cap_id IS 'Cap that left less than was asked, or nothing.';
COMMENT ON COLUMN ledger.keys.key_hash IS 'First 16 bytes of SHA-256(partner, wallet, key).';

CREATE TABLE ledger.issue_references (
    reference_hash uuid     PRIMARY KEY,
    lane           smallint NOT NULL,
    seq            bigint   NOT NULL
);
COMMENT ON TABLE ledger.issue_references IS
    'First 16 bytes of SHA-256(partner, reason, reference): each reference issues once.';

CREATE TABLE ledger.terms_spans (
    terms_id        integer     PRIMARY KEY,
    partner_id      integer     NOT NULL,
    effective_from  timestamptz NOT NULL,
    effective_until timestamptz NOT NULL DEFAULT 'infinity',
    CHECK (effective_from < effective_until)
);
COMMENT ON TABLE ledger.terms_spans IS
    'When each version of terms is in force; filled by partners.terms.';
CREATE INDEX terms_spans_by_partner ON ledger.terms_spans (partner_id, effective_from);

CREATE TABLE ledger.flows (
    lane              smallint NOT NULL,
    segment_id        bigint   NOT NULL,
    kind              smallint NOT NULL,
    issuer_id         integer  NOT NULL,
    acceptor_id       integer  NOT NULL,
    issue_terms_id    integer  NOT NULL,
    acceptor_terms_id integer  NOT NULL,
    is_reversal       boolean  NOT NULL,
    points            bigint   NOT NULL,
    entry_count       bigint   NOT NULL,
    PRIMARY KEY (lane, segment_id, kind, issuer_id, acceptor_id,
                 issue_terms_id, acceptor_terms_id, is_reversal)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
COMMENT ON TABLE ledger.flows IS
    'Points by what decides their price, per segment (rule book 2.14).';
COMMENT ON COLUMN ledger.flows.entry_count IS
    'Entries whose first allocation fell here (flat fees).';
CREATE INDEX flows_by_segment ON ledger.flows (segment_id);

CREATE TABLE ledger.liabilities (
    lane           smallint NOT NULL,
    issuer_id      integer  NOT NULL,
    issue_terms_id integer  NOT NULL,
    expires_month  date     NOT NULL,
    points         bigint   NOT NULL,
    PRIMARY KEY (lane, issuer_id, issue_terms_id, expires_month)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
COMMENT ON TABLE ledger.liabilities IS
    'Outstanding points by issuer, terms and month of expiry (UTC): no scan of lots is needed.';

INSERT INTO ledger.segments (segment_id, starts_at, ends_at) VALUES (1, '-infinity', 'infinity');
INSERT INTO ledger.lanes (lane, segment_id, segment_until)
SELECT lane, 1, 'infinity' FROM generate_series(-1, 63) lane;
