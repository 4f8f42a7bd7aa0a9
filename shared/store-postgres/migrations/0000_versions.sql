-- What the migrations themselves need. This runs before each of them, and changes nothing the second time.
CREATE SCHEMA IF NOT EXISTS sluice;
CREATE TABLE IF NOT EXISTS sluice.migrations (
    version    integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sluice.migrations IS 'Which numbered migrations have run, and when.';
