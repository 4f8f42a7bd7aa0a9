-- A step that adds all that a step may add: a column that may be empty, an index, a table, and a column at the end of a view.
ALTER TABLE orders ADD gift_note VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;
CREATE INDEX orders_by_total ON orders (total);
CREATE TABLE parcels (
    order_key VARBINARY(64) NOT NULL PRIMARY KEY,
    carrier   VARCHAR(64)   NOT NULL
);
CREATE OR REPLACE SQL SECURITY INVOKER VIEW order_lines AS
SELECT CONVERT(o.order_key USING utf8mb4) COLLATE utf8mb4_bin   AS order_key,
       o.order_id                                               AS order_id,
       CONVERT(o.customer_id USING utf8mb4) COLLATE utf8mb4_bin AS customer_id,
       o.accepted_at                                            AS accepted_at,
       l.line_number                                            AS line_number,
       l.sku COLLATE utf8mb4_bin                                AS sku,
       l.description COLLATE utf8mb4_bin                        AS description,
       l.quantity                                               AS quantity,
       l.unit_price                                             AS unit_price,
       o.gift_note                                              AS gift_note
FROM orders o
JOIN JSON_TABLE(o.document, '$.lines[*]' COLUMNS (
    line_number FOR ORDINALITY,
    sku         VARCHAR(64)  CHARACTER SET utf8mb4 PATH '$.sku',
    description VARCHAR(512) CHARACTER SET utf8mb4 PATH '$.description',
    quantity    BIGINT PATH '$.quantity',
    unit_price  BIGINT PATH '$.unit_price'
)) AS l;
