-- Roles and rights of this database. Written by Longshore; changes nothing when all is as it says.
SET client_min_messages = warning;
-- A failing statement would otherwise be logged by the server with the password in it.
SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user \gset
\if :superuser
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\endif
SELECT 'CREATE ROLE neurascale_owner NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'neurascale_owner') \gexec
SELECT 'CREATE ROLE neurascale_app NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'neurascale_app') \gexec
SELECT 'CREATE ROLE neurascale_migrate NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'neurascale_migrate') \gexec
SELECT 'CREATE ROLE neurascale_app_a NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'neurascale_app_a') \gexec
SELECT 'CREATE ROLE neurascale_app_b NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'neurascale_app_b') \gexec
SELECT 'CREATE ROLE neurascale_metrics NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'neurascale_metrics') \gexec
GRANT neurascale_owner TO neurascale_migrate, CURRENT_USER;
GRANT neurascale_app TO neurascale_app_a, neurascale_app_b;
\set password `cat "$MIGRATE_PASSWORD_FILE"`
ALTER ROLE neurascale_migrate LOGIN PASSWORD :'password';
\set password `cat "$APP_PASSWORD_FILE"`
ALTER ROLE neurascale_app_a LOGIN PASSWORD :'password';
ALTER ROLE neurascale_app_b NOLOGIN PASSWORD NULL;
\set password `cat "$METRICS_PASSWORD_FILE"`
ALTER ROLE neurascale_metrics LOGIN PASSWORD :'password';
GRANT pg_monitor TO neurascale_metrics;
SELECT 'ALTER ROLE neurascale_archive NOLOGIN NOREPLICATION PASSWORD NULL' FROM pg_roles WHERE rolname = 'neurascale_archive' \gexec
DO $$
BEGIN
  PERFORM pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = 'longshore_archive' AND active;
  PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'longshore_archive';
END
$$;
REVOKE ALL ON DATABASE "neurascale" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE "neurascale" TO neurascale_app, neurascale_migrate;
GRANT CONNECT ON DATABASE "neurascale" TO neurascale_metrics;
ALTER SCHEMA public OWNER TO neurascale_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO neurascale_app;
ALTER DEFAULT PRIVILEGES FOR ROLE neurascale_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO neurascale_app;
ALTER DEFAULT PRIVILEGES FOR ROLE neurascale_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO neurascale_app;
CREATE EXTENSION IF NOT EXISTS timescaledb;
