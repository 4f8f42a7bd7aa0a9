-- A step that adds all that a step may add: a column that may be empty, an index, a table, and a column at the end of a view.
ALTER TABLE sluice.orders ADD gift_note text COLLATE "C";
CREATE INDEX orders_by_total ON sluice.orders (total);
CREATE TABLE sluice.parcels (
    order_key text COLLATE "C" PRIMARY KEY,
    carrier   text COLLATE "C" NOT NULL
);
CREATE OR REPLACE VIEW sluice.order_lines AS
SELECT o.order_key,
       o.order_id,
       o.customer_id,
       o.accepted_at,
       l.line_number,
       (l.line ->> 'sku') COLLATE "C"         AS sku,
       (l.line ->> 'description') COLLATE "C" AS description,
       (l.line ->> 'quantity')::bigint        AS quantity,
       (l.line ->> 'unit_price')::bigint      AS unit_price,
       o.gift_note
FROM sluice.orders o
CROSS JOIN LATERAL jsonb_array_elements(o.document -> 'lines') WITH ORDINALITY AS l (line, line_number);
