-- The tables on PostgreSQL; schema.sqlite.sql says what they mean. The job store keeps its tables (escapement_*) beside them.
-- Every statement may be repeated: each process runs this file when it starts, as one transaction, one process after the other.

SELECT pg_advisory_xact_lock(hashtext('express-api-keys schema'));

CREATE TABLE IF NOT EXISTS api_keys (
  id          TEXT PRIMARY KEY,
  owner       TEXT NOT NULL,
  name        TEXT NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE,
  hint        TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  rotated_at  BIGINT,
  expires_at  BIGINT,
  disabled_at BIGINT,
  revoked_at  BIGINT
);
CREATE INDEX IF NOT EXISTS api_keys_by_owner ON api_keys (owner, id);
CREATE INDEX IF NOT EXISTS api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS sessions (
  token_hash TEXT PRIMARY KEY,
  "user"     TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);

CREATE TABLE IF NOT EXISTS reminders (
  id         TEXT PRIMARY KEY,
  key_id     TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('expires-soon', 'expired')),
  expires_at BIGINT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('pending', 'sent')),
  created_at BIGINT NOT NULL,
  sent_at    BIGINT,
  error      TEXT,
  UNIQUE (key_id, kind, expires_at)
);
CREATE INDEX IF NOT EXISTS reminders_by_age ON reminders (created_at);
CREATE INDEX IF NOT EXISTS reminders_pending ON reminders (id) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS usage_totals (
  key_id       TEXT PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
  requests     BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS usage_cursor (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  position  BIGINT NOT NULL,
  synced_at BIGINT
);
INSERT INTO usage_cursor (id, position, synced_at) VALUES (1, 0, NULL) ON CONFLICT (id) DO NOTHING;
