-- The tables on SQLite. The job store keeps its tables (escapement_*) in the same file.
-- Instants are Unix milliseconds, UTC. Every statement may be repeated: each process runs this file when it starts.

CREATE TABLE IF NOT EXISTS api_keys (
  id          TEXT PRIMARY KEY,
  owner       TEXT NOT NULL,
  name        TEXT NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE, -- the secret itself is shown once and never stored
  hint        TEXT NOT NULL,        -- the first characters of the secret, to recognise it by
  created_at  INTEGER NOT NULL,
  rotated_at  INTEGER,
  expires_at  INTEGER,              -- null: never
  disabled_at INTEGER,              -- set by the clean-up once the key has expired
  revoked_at  INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS api_keys_by_owner ON api_keys (owner, id);
CREATE INDEX IF NOT EXISTS api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS sessions (
  token_hash TEXT PRIMARY KEY,
  user       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);

-- One row per reminder that was ever due: the unique key is why none is sent twice.
-- No reference to api_keys: what was sent stays on record when the key is gone.
CREATE TABLE IF NOT EXISTS reminders (
  id         TEXT PRIMARY KEY, -- also the idempotency key that the receiver gets
  key_id     TEXT NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('expires-soon', 'expired')),
  expires_at INTEGER NOT NULL, -- of the key when the reminder fell due; a key that is extended is reminded of anew
  state      TEXT NOT NULL CHECK (state IN ('pending', 'sent')),
  created_at INTEGER NOT NULL,
  sent_at    INTEGER,
  error      TEXT,             -- why the last try failed
  UNIQUE (key_id, kind, expires_at)
) STRICT;
CREATE INDEX IF NOT EXISTS reminders_by_age ON reminders (created_at);
CREATE INDEX IF NOT EXISTS reminders_pending ON reminders (id) WHERE state = 'pending';

CREATE TABLE IF NOT EXISTS usage_totals (
  key_id       TEXT PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
  requests     INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT;

-- How far usage has been taken over. Moved in the transaction that adds to usage_totals.
CREATE TABLE IF NOT EXISTS usage_cursor (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  position  INTEGER NOT NULL,
  synced_at INTEGER
) STRICT;
INSERT INTO usage_cursor (id, position, synced_at) VALUES (1, 0, NULL) ON CONFLICT (id) DO NOTHING;
