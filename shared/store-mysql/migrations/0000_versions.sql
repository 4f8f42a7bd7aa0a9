-- What the migrations themselves need. This runs before each of them, and changes nothing the second time.
CREATE TABLE IF NOT EXISTS migrations (
    version    INT PRIMARY KEY,
    applied_at DATETIME(3) NOT NULL COMMENT 'UTC'
) ENGINE = InnoDB COMMENT = 'Which numbered migrations have run, and when.';
