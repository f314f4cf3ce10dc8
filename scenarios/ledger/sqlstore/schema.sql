-- Tables of the ledger, for SQLite, PostgreSQL and engines that speak its wire
-- protocol. Days are 'YYYY-MM-DD' and '' for none, amounts are fen, ids are 32
-- hexadecimal digits: all of these sort the same under every collation, and ids
-- spread over a cluster. Nothing here refers to a person by more than a pseudonym.

-- One row a shard. A commit locks the row of its shard before it reads whether a
-- day is closed, a closing locks them all: so no posting slips into a closed day.
CREATE TABLE IF NOT EXISTS ledger_gate (
	shard   INTEGER NOT NULL PRIMARY KEY,
	closed  TEXT    NOT NULL,
	commits BIGINT  NOT NULL
);

-- Only taken and reversed ever change; body is the transaction as JSON.
CREATE TABLE IF NOT EXISTS ledger_transaction (
	id       TEXT     NOT NULL PRIMARY KEY,
	day      TEXT     NOT NULL,
	body     TEXT     NOT NULL,
	taken    TEXT     NOT NULL,
	reversed SMALLINT NOT NULL
);

CREATE INDEX IF NOT EXISTS ledger_transaction_day ON ledger_transaction (day, id);

-- Statements are read from here. Nothing is ever changed.
CREATE TABLE IF NOT EXISTS ledger_posting (
	account_id TEXT   NOT NULL,
	day        TEXT   NOT NULL,
	time       BIGINT NOT NULL,
	id         TEXT   NOT NULL,
	debit      BIGINT NOT NULL,
	credit     BIGINT NOT NULL,
	PRIMARY KEY (account_id, day, time, id)
);

-- What accounts have moved on the days that are open. A closing moves it to
-- ledger_balance, so this table stays small.
CREATE TABLE IF NOT EXISTS ledger_turnover (
	account_id TEXT    NOT NULL,
	day        TEXT    NOT NULL,
	shard      INTEGER NOT NULL,
	account    TEXT    NOT NULL,
	debit      BIGINT  NOT NULL,
	credit     BIGINT  NOT NULL,
	PRIMARY KEY (account_id, day, shard)
);

-- What accounts had moved since the beginning at the end of each closed day on
-- which they moved. Nothing is ever changed.
CREATE TABLE IF NOT EXISTS ledger_balance (
	account_id TEXT   NOT NULL,
	day        TEXT   NOT NULL,
	account    TEXT   NOT NULL,
	debit      BIGINT NOT NULL,
	credit     BIGINT NOT NULL,
	PRIMARY KEY (account_id, day)
);

CREATE TABLE IF NOT EXISTS ledger_closing (
	day          TEXT   NOT NULL PRIMARY KEY,
	previous     TEXT   NOT NULL,
	transactions BIGINT NOT NULL,
	accounts     BIGINT NOT NULL,
	debit        BIGINT NOT NULL,
	credit       BIGINT NOT NULL,
	hash         TEXT   NOT NULL
);
