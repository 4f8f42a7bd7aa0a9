-- What the functions' role may do, and how long. It is written for psql too: psql -v role=sluice -f role.sql

GRANT USAGE ON SCHEMA sluice TO :"role";
GRANT SELECT ON sluice.migrations, sluice.order_lines, sluice.orders_to_ship TO :"role";
-- Nothing that Sluice does changes or deletes an order.
GRANT SELECT, INSERT ON sluice.orders TO :"role";
-- A rejection that is recorded again replaces itself.
GRANT SELECT, INSERT, UPDATE ON sluice.rejections TO :"role";
-- The next smoke order deletes those that have expired.
GRANT SELECT, INSERT, DELETE ON sluice.smoke_orders TO :"role";

-- These belong to the role, so that no connection spends a round trip on them and RDS Proxy sees no SET.
-- A consumer waits 3 s for a call. The server gives up before, so that it is known that nothing was written.
ALTER ROLE :"role" SET statement_timeout = '2s';
ALTER ROLE :"role" SET lock_timeout = '1s';
ALTER ROLE :"role" SET idle_in_transaction_session_timeout = '10s';
-- Without it an order that was acknowledged may vanish in a crash of the server.
ALTER ROLE :"role" SET synchronous_commit = 'on';
ALTER ROLE :"role" SET default_transaction_isolation = 'read committed';
