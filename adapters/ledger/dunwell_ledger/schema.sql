-- A receivables ledger in one file. Money is whole minor units; days are ISO text;
-- instants are UTC text. Balances follow from allocations and are kept by the triggers below.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE companies (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    country TEXT,
    timezone TEXT,
    email TEXT
) STRICT;

CREATE TABLE people (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    email TEXT,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) STRICT;

CREATE TABLE customers (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    payer TEXT REFERENCES customers (id),
    type TEXT CHECK (type IN ('business', 'consumer', 'public')),
    country TEXT,
    language TEXT,
    timezone TEXT,
    since TEXT CHECK (since IS date(since)),
    salesperson TEXT,
    email TEXT,
    phone TEXT,
    credit_limit INTEGER,
    credit_currency TEXT,
    street TEXT,
    -- whoever pays for this customer: the owner of the log
    debtor TEXT NOT NULL GENERATED ALWAYS AS (coalesce(payer, id)) VIRTUAL
) STRICT;
CREATE INDEX customers_debtor ON customers (debtor);

CREATE TABLE tags (
    customer TEXT NOT NULL REFERENCES customers (id),
    tag TEXT NOT NULL,
    by TEXT NOT NULL DEFAULT 'person',
    PRIMARY KEY (customer, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    name TEXT,
    role TEXT,
    email TEXT,
    phone TEXT,
    language TEXT
) STRICT;
CREATE INDEX contacts_customer ON contacts (customer);

-- Receivables, paid and unpaid; the instalments of one invoice share its `document`.
CREATE TABLE items (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    company TEXT NOT NULL REFERENCES companies (id),
    number TEXT NOT NULL,
    document TEXT,
    kind TEXT NOT NULL DEFAULT 'invoice'
        CHECK (kind IN ('invoice', 'instalment', 'debit_note', 'charge')),
    issued TEXT CHECK (issued IS date(issued)),
    due TEXT CHECK (due IS date(due)),
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    balance INTEGER NOT NULL CHECK (balance >= 0),
    terms TEXT,
    method TEXT,
    last_payment TEXT,
    no_follow_up INTEGER CHECK (no_follow_up IN (0, 1)),
    collection TEXT CHECK (collection IN ('none', 'scheduled', 'pending', 'returned')),
    collection_failure TEXT,
    collection_returns INTEGER,
    salesperson TEXT,
    link TEXT
) STRICT;
CREATE INDEX items_open ON items (n) WHERE balance <> 0;
CREATE INDEX items_customer ON items (customer, n) WHERE balance <> 0;
CREATE INDEX items_number ON items (number);
CREATE INDEX items_document ON items (document) WHERE document IS NOT NULL;

-- What reduces receivables: payments, credit notes, write-offs; `left` is not yet allocated.
CREATE TABLE credits (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    company TEXT NOT NULL REFERENCES companies (id),
    number TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'credit_note', 'write_off')),
    day TEXT NOT NULL CHECK (day IS date(day)),
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    left INTEGER NOT NULL CHECK (left >= 0),
    item TEXT,
    reversed TEXT CHECK (reversed IS date(reversed))
) STRICT;
CREATE INDEX credits_open ON credits (n) WHERE left > 0;
CREATE INDEX credits_customer ON credits (customer, n) WHERE left > 0;

-- Which credit settled which item. What a reader needs of the item is repeated here, so that
-- a year of settlements is read without a join; triggers keep it the same.
CREATE TABLE allocations (
    n INTEGER PRIMARY KEY,
    credit INTEGER NOT NULL REFERENCES credits (n),
    item TEXT NOT NULL REFERENCES items (id),
    customer TEXT NOT NULL,
    company TEXT NOT NULL,
    day TEXT NOT NULL CHECK (day IS date(day)),
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    kind TEXT NOT NULL,
    due TEXT,
    closes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX allocations_day ON allocations (day, n);
CREATE INDEX allocations_item ON allocations (item);
CREATE INDEX allocations_credit ON allocations (credit);
CREATE INDEX allocations_customer ON allocations (customer, day);

CREATE TABLE promises (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    company TEXT NOT NULL REFERENCES companies (id),
    made TEXT NOT NULL CHECK (made IS date(made)),
    "by" TEXT NOT NULL CHECK ("by" IS date("by")),
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    items TEXT CHECK (items IS NULL OR json_valid(items)),
    ended TEXT CHECK (ended IS date(ended))
) STRICT;
CREATE INDEX promises_customer ON promises (customer);

CREATE TABLE disputes (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    item TEXT NOT NULL, -- an item, or a document: then all its instalments
    since TEXT NOT NULL CHECK (since IS date(since)),
    amount INTEGER CHECK (amount >= 0),
    reason TEXT,
    ended TEXT CHECK (ended IS date(ended))
) STRICT;
CREATE INDEX disputes_customer ON disputes (customer);

CREATE TABLE exclusions (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    item TEXT,
    reason TEXT,
    since TEXT NOT NULL CHECK (since IS date(since)),
    until TEXT CHECK (until IS date(until))
) STRICT;
CREATE INDEX exclusions_customer ON exclusions (customer);

-- Holds in force and lifted ones; an order entry reads those without `ended`.
CREATE TABLE holds (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    company TEXT REFERENCES companies (id),
    kind TEXT NOT NULL CHECK (kind IN ('orders', 'delivery', 'service', 'credit')),
    value TEXT NOT NULL,
    reason TEXT,
    since TEXT NOT NULL CHECK (since IS date(since)),
    "by" TEXT NOT NULL,
    ours INTEGER NOT NULL DEFAULT 0 CHECK (ours IN (0, 1)), -- placed by Dunwell
    ended TEXT CHECK (ended IS date(ended)),
    ended_by TEXT
) STRICT;
CREATE UNIQUE INDEX holds_ours ON holds (customer, coalesce(company, ''), kind)
    WHERE ours = 1 AND ended IS NULL;
CREATE INDEX holds_customer ON holds (customer) WHERE ended IS NULL;

CREATE TABLE tasks (
    n INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    company TEXT REFERENCES companies (id),
    summary TEXT NOT NULL,
    text TEXT,
    assignee TEXT,
    due TEXT CHECK (due IS date(due)),
    created TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'cancelled')),
    outcome TEXT,
    ended TEXT CHECK (ended IS date(ended))
) STRICT;
CREATE INDEX tasks_customer ON tasks (customer);

CREATE TABLE notes (
    n INTEGER PRIMARY KEY,
    key TEXT UNIQUE,
    customer TEXT NOT NULL REFERENCES customers (id),
    company TEXT REFERENCES companies (id),
    task TEXT, -- the key of the task that it belongs to
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    "by" TEXT NOT NULL
) STRICT;
CREATE INDEX notes_customer ON notes (customer);

CREATE TABLE rates (
    n INTEGER PRIMARY KEY,
    company TEXT NOT NULL REFERENCES companies (id),
    currency TEXT NOT NULL,
    "on" TEXT NOT NULL CHECK ("on" IS date("on")),
    rate TEXT NOT NULL,
    UNIQUE (company, currency, "on")
) STRICT;

-- What Dunwell has done here, under its idempotency keys; stays when the thing itself is deleted.
CREATE TABLE effects (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    customer TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The log: Dunwell's entries are numbered per debtor, people's have no position.
CREATE TABLE log (
    n INTEGER PRIMARY KEY,
    debtor TEXT NOT NULL,
    company TEXT,
    position INTEGER CHECK (position > 0),
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at TEXT NOT NULL,
    "by" TEXT NOT NULL CHECK ("by" IN ('dunwell', 'person', 'erp')),
    direction TEXT NOT NULL DEFAULT '',
    channel TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL DEFAULT '',
    nonce TEXT NOT NULL DEFAULT '',
    UNIQUE (debtor, position)
) STRICT;
CREATE INDEX log_people ON log (at, debtor) WHERE position IS NULL;

-- Where each debtor's log ends, and its newest outcome: found at the same cost in any length.
CREATE TABLE heads (
    debtor TEXT PRIMARY KEY,
    head INTEGER NOT NULL,
    outcome INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
