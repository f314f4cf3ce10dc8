CREATE TABLE IF NOT EXISTS citizencode_event (
	stream TEXT   NOT NULL, -- whose events, as in hospital/31
	seq    BIGINT NOT NULL, -- 1, 2, 3 … in the stream
	key    TEXT   NOT NULL, -- names the event: what is asked twice happens once
	kind   TEXT   NOT NULL,
	at     BIGINT NOT NULL, -- Unix seconds
	data   TEXT   NOT NULL, -- JSON
	PRIMARY KEY (stream, seq),
	UNIQUE (stream, key)
);
