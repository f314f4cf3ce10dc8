CREATE TABLE IF NOT EXISTS ticket_slot (
  slot TEXT PRIMARY KEY,
  people BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS ticket_booking (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  product TEXT NOT NULL,
  slot TEXT NOT NULL,
  party BIGINT NOT NULL,
  pass BIGINT NOT NULL,
  fen BIGINT NOT NULL,
  made_at BIGINT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  state TEXT NOT NULL,
  cancelled_by TEXT NOT NULL,
  cancelled_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS ticket_booking_person ON ticket_booking (person, valid_until);
CREATE INDEX IF NOT EXISTS ticket_booking_until ON ticket_booking (valid_until);
CREATE TABLE IF NOT EXISTS ticket_use (
  use_key TEXT PRIMARY KEY,
  booking TEXT NOT NULL,
  ticket TEXT NOT NULL,
  gate TEXT NOT NULL,
  people BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  void TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ticket_use_booking ON ticket_use (booking);
CREATE INDEX IF NOT EXISTS ticket_use_time ON ticket_use (used_at);
