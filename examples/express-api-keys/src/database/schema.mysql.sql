-- The tables on MySQL and MariaDB; schema.sqlite.sql says what they mean. The job store keeps its tables (escapement_*) beside them.
-- Every statement may be repeated: each process runs this file when it starts. There are no partial indexes, and no
-- CREATE INDEX IF NOT EXISTS. The usual collations take "Ada" for "ada", so each table names another.

CREATE TABLE IF NOT EXISTS api_keys (
  id          VARCHAR(100) PRIMARY KEY,
  owner       VARCHAR(100) NOT NULL,
  name        VARCHAR(100) NOT NULL,
  secret_hash CHAR(64) NOT NULL UNIQUE,
  hint        VARCHAR(20) NOT NULL,
  created_at  BIGINT NOT NULL,
  rotated_at  BIGINT,
  expires_at  BIGINT,
  disabled_at BIGINT,
  revoked_at  BIGINT,
  INDEX api_keys_by_owner (owner, id),
  INDEX api_keys_by_expiry (expires_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
  token_hash CHAR(64) PRIMARY KEY,
  `user`     VARCHAR(100) NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  INDEX sessions_by_expiry (expires_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS reminders (
  id         VARCHAR(100) PRIMARY KEY,
  key_id     VARCHAR(100) NOT NULL,
  kind       VARCHAR(20) NOT NULL CHECK (kind IN ('expires-soon', 'expired')),
  expires_at BIGINT NOT NULL,
  state      VARCHAR(20) NOT NULL CHECK (state IN ('pending', 'sent')),
  created_at BIGINT NOT NULL,
  sent_at    BIGINT,
  error      TEXT,
  UNIQUE INDEX reminders_once (key_id, kind, expires_at),
  INDEX reminders_by_age (created_at),
  INDEX reminders_by_state (state, id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usage_totals (
  key_id       VARCHAR(100) PRIMARY KEY,
  requests     BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  FOREIGN KEY (key_id) REFERENCES api_keys (id) ON DELETE CASCADE
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usage_cursor (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  position  BIGINT NOT NULL,
  synced_at BIGINT
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO usage_cursor (id, position, synced_at) VALUES (1, 0, NULL) ON DUPLICATE KEY UPDATE id = id;
