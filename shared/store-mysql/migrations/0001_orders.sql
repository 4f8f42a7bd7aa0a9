-- Names, keys, hashes and amounts are those of the DynamoDB table, so that both stores compare attribute by attribute.
--
-- DDL commits by itself here, so a step may stop half-way. Each statement does no harm when it runs again.
--
-- Keys, customers and products are bytes: the two servers have no collation of the same name that neither folds case nor takes
-- 'a' and 'a ' for equal (utf8mb4_bin does the latter). Ids, hashes and codes that Sluice makes itself are visible ASCII.
-- Times are DATETIME in UTC. TIMESTAMP would end in 2038, and would be shown in the time zone of each session.

CREATE TABLE IF NOT EXISTS orders (
    order_key    VARBINARY(64)  NOT NULL COMMENT 'Names the order: made of customer and Idempotency-Key; base64url.',
    order_id     VARCHAR(128)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    customer_id  VARBINARY(512) NOT NULL,
    content_hash VARCHAR(128)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'SHA-256 over the order\'s canonical content: version and base64url.',
    accepted_at  DATETIME(3)    NOT NULL COMMENT 'UTC',
    stored_at    DATETIME(3)    NOT NULL COMMENT 'UTC',
    currency     VARCHAR(8)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    total        BIGINT         NOT NULL COMMENT 'Sum of quantity times unit price, in the currency\'s minor unit.',
    skus         LONGBLOB       NOT NULL
        COMMENT 'The names under which the order is found by product, as sent and in plain form, with a zero byte around each.',
    traceparent  VARBINARY(255) NULL,
    document     JSON           NOT NULL COMMENT 'What was ordered: currency, customer_id, lines, ship_to.',
    PRIMARY KEY (order_key),
    -- A customer's orders page by this index, both ways.
    KEY orders_by_customer (customer_id, accepted_at, order_key),
    -- What to ship next is read from this one. Orders arrive nearly in its order, so it grows at its end.
    KEY orders_by_time (accepted_at, order_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT = 'Orders, each written once and never changed.';

-- A rejection stands beside the orders: it neither holds a key nor touches an order.
CREATE TABLE IF NOT EXISTS rejections (
    order_key    VARBINARY(64) NOT NULL,
    fingerprint  VARCHAR(8)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'The start of the content\'s hash, which the order id carries; eight hex digits.',
    content_hash VARCHAR(128)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'Empty where the message could not be read.',
    order_id     VARCHAR(128)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason       VARCHAR(64)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    rejected_at  DATETIME(3)   NOT NULL COMMENT 'UTC',
    accepted_at  DATETIME(3)   NULL COMMENT 'UTC',
    document     JSON          NULL,
    PRIMARY KEY (order_key, fingerprint, content_hash)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT = 'Accepted orders that will not be fulfilled, and why.';

-- Orders that only try the path. Whoever looks for orders does not meet them.
CREATE TABLE IF NOT EXISTS smoke_orders (
    order_key    VARBINARY(64) NOT NULL PRIMARY KEY,
    order_id     VARCHAR(128)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    content_hash VARCHAR(128)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    stored_at    DATETIME(3)   NOT NULL COMMENT 'UTC',
    expires_at   DATETIME(3)   NOT NULL COMMENT 'UTC',
    document     JSON          NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
  COMMENT = 'Orders that only try the path; the next one deletes what has expired.';

-- One row a line of an order, numbered from 1. A view, so that there is one write and nothing to disagree. Whoever reads a view
-- needs the right to read `orders` too (INVOKER), so that it does not end with the user who made it.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW order_lines AS
SELECT CONVERT(o.order_key USING utf8mb4) COLLATE utf8mb4_bin   AS order_key,
       o.order_id                                               AS order_id,
       CONVERT(o.customer_id USING utf8mb4) COLLATE utf8mb4_bin AS customer_id,
       o.accepted_at                                            AS accepted_at,
       l.line_number                                            AS line_number,
       l.sku COLLATE utf8mb4_bin                                AS sku,
       l.description COLLATE utf8mb4_bin                        AS description,
       l.quantity                                               AS quantity,
       l.unit_price                                             AS unit_price
FROM orders o
JOIN JSON_TABLE(o.document, '$.lines[*]' COLUMNS (
    line_number FOR ORDINALITY,
    sku         VARCHAR(64)  CHARACTER SET utf8mb4 PATH '$.sku',
    description VARCHAR(512) CHARACTER SET utf8mb4 PATH '$.description',
    quantity    BIGINT PATH '$.quantity',
    unit_price  BIGINT PATH '$.unit_price'
)) AS l;

-- Orders with their addresses, the oldest accepted first. Sluice does not know what was shipped: leave that out by a join.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW orders_to_ship AS
SELECT CONVERT(o.order_key USING utf8mb4) COLLATE utf8mb4_bin          AS order_key,
       o.order_id                                                      AS order_id,
       CONVERT(o.customer_id USING utf8mb4) COLLATE utf8mb4_bin        AS customer_id,
       o.accepted_at                                                   AS accepted_at,
       o.currency                                                      AS currency,
       o.total                                                         AS total,
       JSON_LENGTH(o.document, '$.lines')                              AS `lines`,
       JSON_UNQUOTE(JSON_EXTRACT(o.document, '$.ship_to.name'))        AS name,
       JSON_UNQUOTE(JSON_EXTRACT(o.document, '$.ship_to.line1'))       AS line1,
       JSON_UNQUOTE(JSON_EXTRACT(o.document, '$.ship_to.line2'))       AS line2,
       JSON_UNQUOTE(JSON_EXTRACT(o.document, '$.ship_to.postal_code')) AS postal_code,
       JSON_UNQUOTE(JSON_EXTRACT(o.document, '$.ship_to.city'))        AS city,
       JSON_UNQUOTE(JSON_EXTRACT(o.document, '$.ship_to.region'))      AS region,
       JSON_UNQUOTE(JSON_EXTRACT(o.document, '$.ship_to.country'))     AS country
FROM orders o
ORDER BY o.accepted_at, o.order_key;
