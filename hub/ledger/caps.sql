-- Caps: how much of something there may be, of one wallet or of all together. Rule book 1.3.4,
-- 1.8.1, 1.8.4 and 2.9; ADR-0022. A shared cap is cut into slices, one for each lane, so that no
-- row is everybody's: it is born whole as the slice of its home lane, and an empty slice borrows
-- before it refuses.

CREATE TABLE ledger.caps (
    cap_id        bigint          PRIMARY KEY,
    kind          smallint        NOT NULL,
    partner_id    integer         NOT NULL,
    subject       text            NOT NULL,
    currency      text,
    limit_amount  numeric(38, 8)  NOT NULL CHECK (limit_amount >= 0),
    starts_at     timestamptz     NOT NULL,
    ends_at       timestamptz     NOT NULL,
    renewal       text            CHECK (renewal IN ('day', 'week', 'month', 'year')),
    is_partial    boolean         NOT NULL,
    is_per_wallet boolean         NOT NULL,
    is_overdrawn  boolean         NOT NULL DEFAULT false,
    UNIQUE (kind, partner_id, subject, starts_at),
    CHECK (starts_at < ends_at),
    CHECK (kind = cap_id >> 56),
    CHECK (currency IS NOT NULL OR limit_amount = trunc(limit_amount))
);
COMMENT ON TABLE ledger.caps IS 'How much there may be of something in a span (rule book 1.3.4).';
COMMENT ON COLUMN ledger.caps.cap_id IS
    'Made from what it caps: its top bits are the kind, its remainder by 64 is the home lane.';
COMMENT ON COLUMN ledger.caps.kind IS 'hub.ledger.caps.kinds.CapKind.';
COMMENT ON COLUMN ledger.caps.partner_id IS 'Whose points or money it caps; 0: anybody''s.';
COMMENT ON COLUMN ledger.caps.subject IS
    'What of it: a reason to issue, a version of terms, a currency that is given; empty: all.';
COMMENT ON COLUMN ledger.caps.currency IS 'ISO 4217 code of money; empty: it counts points.';
COMMENT ON COLUMN ledger.caps.limit_amount IS
    'Points or money. Slices of a shared cap always sum to it.';
COMMENT ON COLUMN ledger.caps.ends_at IS 'Exclusive; infinity: no end.';
COMMENT ON COLUMN ledger.caps.renewal IS
    'Whether the same holds for the next day, week, month or year.';
COMMENT ON COLUMN ledger.caps.is_partial IS
    'It grants what is left, where others refuse the whole.';
COMMENT ON COLUMN ledger.caps.is_per_wallet IS 'Every wallet may use as much as the limit.';
COMMENT ON COLUMN ledger.caps.is_overdrawn IS
    'It was lowered below what is used: no slice grants before the slices are levelled.';

CREATE TABLE ledger.cap_slices (
    lane    smallint       NOT NULL,
    cap_id  bigint         NOT NULL,
    granted numeric(38, 8) NOT NULL,
    used    numeric(38, 8) NOT NULL DEFAULT 0,
    PRIMARY KEY (lane, cap_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE ledger.cap_slices IS
    'What each lane may use of a shared cap, and what it has used.';
COMMENT ON COLUMN ledger.cap_slices.used IS
    'Charges of the lane less what was given back or paid; below 0 after payments in advance.';
CREATE INDEX cap_slices_by_cap ON ledger.cap_slices (cap_id);

CREATE TABLE ledger.cap_usage (
    lane      smallint       NOT NULL,
    cap_id    bigint         NOT NULL,
    wallet_id bigint         NOT NULL,
    used      numeric(38, 8) NOT NULL,
    PRIMARY KEY (lane, cap_id, wallet_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE ledger.cap_usage IS 'What each wallet has used of a cap that each has to itself.';

CREATE TABLE ledger.charges (
    lane           smallint       NOT NULL,
    seq            bigint         NOT NULL,
    line           integer        NOT NULL,
    cap_id         bigint         NOT NULL,
    wallet_id      bigint         NOT NULL,
    amount         numeric(38, 8) NOT NULL CHECK (amount <> 0),
    unit_amount    numeric(20, 8) NOT NULL,
    back_amount    numeric(20, 8) NOT NULL,
    issue_terms_id integer,
    origin_seq     bigint,
    PRIMARY KEY (lane, seq, line)
);
COMMENT ON TABLE ledger.charges IS
    'What entries used of caps (+) or gave back (-); append-only.';
COMMENT ON COLUMN ledger.charges.unit_amount IS 'Amount per point.';
COMMENT ON COLUMN ledger.charges.back_amount IS 'What a point that is undone gives back.';
COMMENT ON COLUMN ledger.charges.issue_terms_id IS
    'Only points of lots under these terms count; empty: all points of the entry.';
COMMENT ON COLUMN ledger.charges.origin_seq IS 'Entry whose charge is given back.';

CREATE TABLE ledger.cap_payments (
    lane     smallint       NOT NULL,
    cap_id   bigint         NOT NULL,
    key_hash uuid           NOT NULL,
    amount   numeric(38, 8) NOT NULL CHECK (amount > 0),
    paid_at  timestamptz    NOT NULL,
    PRIMARY KEY (lane, cap_id, key_hash)
);
COMMENT ON TABLE ledger.cap_payments IS
    'What was given back to a cap without an entry: payments of a partner; append-only.';
COMMENT ON COLUMN ledger.cap_payments.lane IS 'Home lane of the cap.';

CREATE TABLE ledger.cap_carries (
    lane      smallint       NOT NULL,
    wallet_id bigint         NOT NULL,
    line      integer        NOT NULL,
    cap_id    bigint         NOT NULL,
    key_hash  uuid           NOT NULL,
    amount    numeric(38, 8) NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (lane, wallet_id, line)
);
COMMENT ON TABLE ledger.cap_carries IS
    'What a wallet has used of its own caps without an entry of its own: it came from a wallet that
was merged (+), went to one or was given back (-); append-only.';
COMMENT ON COLUMN ledger.cap_carries.key_hash IS 'Made from the merge, or from what was undone.';
