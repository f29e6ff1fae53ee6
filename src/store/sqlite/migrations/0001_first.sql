-- The first schema. Migrations are only added, never edited.
--
-- Identifiers are sixteen bytes, times are milliseconds since 1970, closed lists are small integers
-- (codec.rs), names that recur are interned. A row of `message`, `event` or `fact` is never deleted:
-- their integer keys are gap-free and stand in the order of the transactions.

CREATE TABLE head (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    directory_version INTEGER NOT NULL,
    probes            INTEGER NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, 0);

-- Everybody who ever sent or was sent to; `entry` is there for those in the directory.
CREATE TABLE agency (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    entry TEXT
) STRICT;

-- What the rules look at in an entry, from this version of the directory on: the past that decisions are
-- tried on again. Without names, keys and people.
CREATE TABLE agency_standing (
    agency   INTEGER NOT NULL REFERENCES agency,
    version  INTEGER NOT NULL,
    standing TEXT NOT NULL,
    PRIMARY KEY (agency, version)
) STRICT, WITHOUT ROWID;

-- Keys that agencies published or revoked by themselves, as JSON; `entry` of `agency` lists those that may
-- be sealed to. `revoked_at` is there from the revocation on; `settled` once no copy waits that was sealed to
-- the key, and none can come: nothing is recorded that was sealed on an older version of the directory.
CREATE TABLE agency_key (
    id         INTEGER PRIMARY KEY,
    agency     INTEGER NOT NULL REFERENCES agency,
    kid        TEXT NOT NULL,
    record     TEXT NOT NULL,
    revoked_at INTEGER,
    settled    INTEGER NOT NULL,
    UNIQUE (agency, kid)
) STRICT;
CREATE INDEX agency_key_revoked ON agency_key (agency) WHERE revoked_at IS NOT NULL AND settled = 0;

-- The public half of each key that the gateway ever signed with: what it signed is verified for decades.
CREATE TABLE published_key (
    id         INTEGER PRIMARY KEY,
    kid        TEXT NOT NULL UNIQUE,
    key        TEXT NOT NULL,
    retired_at INTEGER
) STRICT;

-- Certificates whose end is forecast. `told` is the step of the forecast, in days, that was told last.
CREATE TABLE certificate (
    holder    TEXT NOT NULL,
    purpose   TEXT NOT NULL,
    spki      TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    told      INTEGER,
    PRIMARY KEY (holder, purpose, spki)
) STRICT, WITHOUT ROWID;

-- A case, `claimant` 0; and beside it what an agency that may not know it claimed under its reference, as if
-- nobody had opened it: `claimant` is then that agency, with facts and messages of its own.
CREATE TABLE known_case (
    id       INTEGER PRIMARY KEY,
    case_ref TEXT NOT NULL,
    claimant INTEGER NOT NULL,
    UNIQUE (case_ref, claimant)
) STRICT;

-- The number of a fact is the version of its case. `event` is the first event of the transaction.
CREATE TABLE fact (
    id         INTEGER PRIMARY KEY,
    known_case INTEGER NOT NULL REFERENCES known_case,
    event      INTEGER NOT NULL,
    fact       TEXT NOT NULL
) STRICT;
CREATE INDEX fact_by_case ON fact (known_case);

-- Whom the facts of a case bring in. Who does not stand here has no open relation to the case: it is
-- answered by this look-up alone, which takes no longer for a case with many facts than for none.
CREATE TABLE brought_in (
    known_case INTEGER NOT NULL REFERENCES known_case,
    agency     INTEGER NOT NULL REFERENCES agency,
    PRIMARY KEY (known_case, agency)
) STRICT, WITHOUT ROWID;

-- Meetings, designations and approvals: each belongs to one case, whatever later facts say of it. An id
-- counts among those who may know all cases that it could belong to: the area of a meeting or a
-- designation, the giver of an approval. So nobody learns that an id is taken in a case of others.
CREATE TABLE fact_subject (
    id         BLOB NOT NULL,
    scope      TEXT NOT NULL,
    known_case INTEGER NOT NULL REFERENCES known_case,
    PRIMARY KEY (id, scope)
) STRICT, WITHOUT ROWID;

-- The deliveries of a message have consecutive keys from `first_delivery`: no index leads to them.
-- `event` is its `message.accepted`. A message about no case has no `known_case`. `reports` is the delivery
-- that a report of the gateway's is about: should the report be withdrawn, it is due again.
CREATE TABLE message (
    id                INTEGER PRIMARY KEY,
    sender            INTEGER NOT NULL REFERENCES agency,
    message_id        BLOB NOT NULL,
    type              INTEGER NOT NULL,
    schema_version    TEXT NOT NULL,
    area              TEXT NOT NULL,
    known_case        INTEGER REFERENCES known_case,
    accepted_at       INTEGER NOT NULL,
    event             INTEGER NOT NULL,
    first_delivery    INTEGER NOT NULL,
    deliveries        INTEGER NOT NULL,
    attachments       INTEGER NOT NULL,
    submission_sha256 BLOB NOT NULL,
    receipt           BLOB NOT NULL,
    reports           BLOB,
    UNIQUE (sender, message_id)
) STRICT;
CREATE INDEX outbox ON message (sender);

-- The shared part of sealed copies. No foreign key leads here: deleting a view would search every
-- delivery for it.
CREATE TABLE view (
    id         INTEGER PRIMARY KEY,
    protected  TEXT NOT NULL,
    aad        TEXT NOT NULL,
    iv         BLOB NOT NULL,
    tag        BLOB NOT NULL,
    ciphertext BLOB NOT NULL
) STRICT;

CREATE TABLE attachment (
    message  INTEGER NOT NULL REFERENCES message,
    position INTEGER NOT NULL,
    file     TEXT NOT NULL UNIQUE,
    PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;

-- Four columns say what is still to be done, each NULL when nothing is; a partial index on each
-- keeps finished deliveries out of the worker's way:
--   due_at            the next attempt, or the end of the lease of the one that runs
--   unreported_since  acceptance, while the sender might have to be told; 0: is to be told at once
--   kept_since        acceptance, until the payload is erased
--   view, mail        the payload: a wrap of that view, or a file
-- `withheld` has the positions of the attachments that are no part of the view, `0,2`.
CREATE TABLE delivery (
    id               INTEGER PRIMARY KEY,
    delivery_id      BLOB NOT NULL,
    message          INTEGER NOT NULL REFERENCES message,
    recipient        INTEGER NOT NULL REFERENCES agency,
    channel          INTEGER NOT NULL,
    state            INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    due_at           INTEGER,
    unreported_since INTEGER,
    kept_since       INTEGER,
    delivered_at     INTEGER,
    collected_at     INTEGER,
    acknowledged_at  INTEGER,
    mail             TEXT,
    view             INTEGER,
    encrypted_key    BLOB,
    header           TEXT,
    withheld         TEXT,
    -- Both in one index: whose a delivery is shows before its row is read, so that one of another agency
    -- takes as long as none.
    UNIQUE (delivery_id, recipient)
) STRICT;
CREATE INDEX delivery_due        ON delivery (due_at)           WHERE due_at IS NOT NULL;
CREATE INDEX delivery_unreported ON delivery (unreported_since) WHERE unreported_since IS NOT NULL;
CREATE INDEX delivery_kept       ON delivery (kept_since)       WHERE kept_since IS NOT NULL;
CREATE INDEX inbox               ON delivery (recipient)        WHERE view IS NOT NULL;
CREATE INDEX mail_file           ON delivery (mail)             WHERE mail IS NOT NULL;
CREATE INDEX mail_delivered      ON delivery (delivered_at)     WHERE mail IS NOT NULL AND delivered_at IS NOT NULL;

CREATE TABLE attempt (
    delivery   INTEGER NOT NULL REFERENCES delivery,
    number     INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    code       TEXT,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE kind (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO kind VALUES (1, 'message.accepted');

-- The ledger. The place of an event in the tree is `id - 1`, and it is sequenced once the checkpoint
-- has reached it: one writer, so keys stand in the order of the transactions and after everything
-- that they depend on. `salt` and `event` may be erased, nothing else changes.
CREATE TABLE event (
    id         INTEGER PRIMARY KEY,
    event_id   BLOB NOT NULL,
    kind       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    area       TEXT,
    message    INTEGER,
    delivery   INTEGER,
    commitment BLOB NOT NULL,
    salt       BLOB,
    event      BLOB
) STRICT;
-- Only the commitments of acceptances are handed out (in statements and receipts). Eight bytes of
-- one are enough to find it by, and random keys are what makes an index dear.
CREATE INDEX acceptance ON event (substr(commitment, 1, 8)) WHERE kind = 1;

CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER event_is_fixed BEFORE UPDATE OF id, event_id, kind, at, commitment ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER fact_stays BEFORE DELETE ON fact
BEGIN SELECT RAISE(ABORT, 'facts are never deleted'); END;
CREATE TRIGGER fact_is_fixed BEFORE UPDATE ON fact
BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END;

-- `id` is level << 56 | index.
CREATE TABLE tile (
    id     INTEGER PRIMARY KEY,
    hashes BLOB NOT NULL
) STRICT;

CREATE TABLE checkpoint (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
