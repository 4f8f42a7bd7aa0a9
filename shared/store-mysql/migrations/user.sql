-- What the functions' user may do. USER stands for its name and the hosts that it comes from, such as 'sluice'@'%'.

GRANT SELECT ON migrations TO USER;
GRANT SELECT ON order_lines TO USER;
GRANT SELECT ON orders_to_ship TO USER;
-- Nothing that Sluice does changes or deletes an order.
GRANT SELECT, INSERT ON orders TO USER;
-- A rejection that is recorded again replaces itself.
GRANT SELECT, INSERT, UPDATE ON rejections TO USER;
-- The next smoke order deletes those that have expired.
GRANT SELECT, INSERT, DELETE ON smoke_orders TO USER;
