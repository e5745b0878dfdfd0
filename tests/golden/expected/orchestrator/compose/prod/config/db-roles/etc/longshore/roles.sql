-- Roles and rights of this database. Written by Longshore; changes nothing when all is as it says.
SET client_min_messages = warning;
-- A failing statement would otherwise be logged by the server with the password in it.
SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user \gset
\if :superuser
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\endif
SELECT 'CREATE ROLE orchestrator_owner NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orchestrator_owner') \gexec
SELECT 'CREATE ROLE orchestrator_app NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orchestrator_app') \gexec
SELECT 'CREATE ROLE orchestrator_migrate NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orchestrator_migrate') \gexec
SELECT 'CREATE ROLE orchestrator_app_a NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orchestrator_app_a') \gexec
SELECT 'CREATE ROLE orchestrator_app_b NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orchestrator_app_b') \gexec
SELECT 'CREATE ROLE orchestrator_metrics NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orchestrator_metrics') \gexec
GRANT orchestrator_owner TO orchestrator_migrate, CURRENT_USER;
GRANT orchestrator_app TO orchestrator_app_a, orchestrator_app_b;
\set password `cat "$MIGRATE_PASSWORD_FILE"`
ALTER ROLE orchestrator_migrate LOGIN PASSWORD :'password';
\set password `cat "$APP_PASSWORD_FILE"`
ALTER ROLE orchestrator_app_a LOGIN PASSWORD :'password';
ALTER ROLE orchestrator_app_b NOLOGIN PASSWORD NULL;
\set password `cat "$METRICS_PASSWORD_FILE"`
ALTER ROLE orchestrator_metrics LOGIN PASSWORD :'password';
GRANT pg_monitor TO orchestrator_metrics;
SELECT 'ALTER ROLE orchestrator_archive NOLOGIN NOREPLICATION PASSWORD NULL' FROM pg_roles WHERE rolname = 'orchestrator_archive' \gexec
DO $$
BEGIN
  PERFORM pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = 'longshore_archive' AND active;
  PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'longshore_archive';
END
$$;
REVOKE ALL ON DATABASE "orchestrator" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE "orchestrator" TO orchestrator_app, orchestrator_migrate;
GRANT CONNECT ON DATABASE "orchestrator" TO orchestrator_metrics;
ALTER SCHEMA public OWNER TO orchestrator_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO orchestrator_app;
ALTER DEFAULT PRIVILEGES FOR ROLE orchestrator_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO orchestrator_app;
ALTER DEFAULT PRIVILEGES FOR ROLE orchestrator_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO orchestrator_app;
