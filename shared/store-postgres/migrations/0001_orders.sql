-- Names, keys, hashes and amounts are those of the DynamoDB table, so that both stores compare attribute by attribute.
-- Text is compared byte for byte (COLLATE "C"), whatever the database's own collation.

CREATE TABLE sluice.orders (
    order_key    text COLLATE "C" PRIMARY KEY,
    order_id     text COLLATE "C" NOT NULL,
    customer_id  text COLLATE "C" NOT NULL,
    content_hash text COLLATE "C" NOT NULL,
    accepted_at  timestamptz NOT NULL,
    stored_at    timestamptz NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    total        bigint NOT NULL,
    skus         text[] COLLATE "C" NOT NULL,
    traceparent  text COLLATE "C",
    document     jsonb NOT NULL
);

COMMENT ON TABLE sluice.orders IS 'Orders, each written once and never changed.';
COMMENT ON COLUMN sluice.orders.order_key IS 'Names the order: made of customer and Idempotency-Key; base64url.';
COMMENT ON COLUMN sluice.orders.content_hash IS 'SHA-256 over the order''s canonical content: version and base64url.';
COMMENT ON COLUMN sluice.orders.total IS 'Sum of quantity times unit price, in the currency''s minor unit.';
COMMENT ON COLUMN sluice.orders.skus IS 'The names under which the order is found by product, as sent and in plain form.';
COMMENT ON COLUMN sluice.orders.document IS 'What was ordered: currency, customer_id, lines, ship_to.';

-- A customer's orders page by this index, both ways.
CREATE INDEX orders_by_customer ON sluice.orders (customer_id, accepted_at, order_key);
-- What to ship next is read from this one. Orders arrive nearly in its order, so it grows at its end.
CREATE INDEX orders_by_time ON sluice.orders (accepted_at, order_key);

-- A rejection stands beside the orders: it neither holds a key nor touches an order.
-- content_hash is empty where the message could not be read.
CREATE TABLE sluice.rejections (
    order_key    text COLLATE "C" NOT NULL,
    fingerprint  text COLLATE "C" NOT NULL,
    content_hash text COLLATE "C" NOT NULL DEFAULT '',
    order_id     text COLLATE "C" NOT NULL,
    reason       text COLLATE "C" NOT NULL,
    rejected_at  timestamptz NOT NULL,
    accepted_at  timestamptz,
    document     jsonb,
    PRIMARY KEY (order_key, fingerprint, content_hash)
);

COMMENT ON TABLE sluice.rejections IS 'Accepted orders that will not be fulfilled, and why.';
COMMENT ON COLUMN sluice.rejections.fingerprint IS 'The start of the content''s hash, which the order id carries; eight hex digits.';

-- Orders that only try the path. Whoever looks for orders does not meet them.
CREATE TABLE sluice.smoke_orders (
    order_key    text COLLATE "C" PRIMARY KEY,
    order_id     text COLLATE "C" NOT NULL,
    content_hash text COLLATE "C" NOT NULL,
    stored_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    document     jsonb NOT NULL
);

COMMENT ON TABLE sluice.smoke_orders IS 'Orders that only try the path; the next one deletes what has expired.';

-- A view, so that there is one write and nothing to disagree.
CREATE VIEW sluice.order_lines AS
SELECT o.order_key,
       o.order_id,
       o.customer_id,
       o.accepted_at,
       l.line_number,
       (l.line ->> 'sku') COLLATE "C"         AS sku,
       (l.line ->> 'description') COLLATE "C" AS description,
       (l.line ->> 'quantity')::bigint        AS quantity,
       (l.line ->> 'unit_price')::bigint      AS unit_price
FROM sluice.orders o
CROSS JOIN LATERAL jsonb_array_elements(o.document -> 'lines') WITH ORDINALITY AS l (line, line_number);

COMMENT ON VIEW sluice.order_lines IS 'One row a line of an order, numbered from 1.';

CREATE VIEW sluice.orders_to_ship AS
SELECT o.order_key,
       o.order_id,
       o.customer_id,
       o.accepted_at,
       o.currency,
       o.total,
       jsonb_array_length(o.document -> 'lines')   AS lines,
       o.document -> 'ship_to' ->> 'name'          AS name,
       o.document -> 'ship_to' ->> 'line1'         AS line1,
       o.document -> 'ship_to' ->> 'line2'         AS line2,
       o.document -> 'ship_to' ->> 'postal_code'   AS postal_code,
       o.document -> 'ship_to' ->> 'city'          AS city,
       o.document -> 'ship_to' ->> 'region'        AS region,
       o.document -> 'ship_to' ->> 'country'       AS country
FROM sluice.orders o
ORDER BY o.accepted_at, o.order_key;

COMMENT ON VIEW sluice.orders_to_ship IS 'Orders with their addresses, the oldest accepted first. Sluice does not know what was shipped: leave that out by a join.';
