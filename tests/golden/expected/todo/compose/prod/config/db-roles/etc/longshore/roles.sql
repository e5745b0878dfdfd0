-- Roles and rights of this database. Written by Longshore; changes nothing when all is as it says.
SET client_min_messages = warning;
-- A failing statement would otherwise be logged by the server with the password in it.
SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user \gset
\if :superuser
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\endif
SELECT 'CREATE ROLE todo_owner NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_owner') \gexec
SELECT 'CREATE ROLE todo_app NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_app') \gexec
SELECT 'CREATE ROLE todo_migrate NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_migrate') \gexec
SELECT 'CREATE ROLE todo_app_a NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_app_a') \gexec
SELECT 'CREATE ROLE todo_app_b NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_app_b') \gexec
SELECT 'CREATE ROLE todo_metrics NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_metrics') \gexec
GRANT todo_owner TO todo_migrate, CURRENT_USER;
GRANT todo_app TO todo_app_a, todo_app_b;
\set password `cat "$MIGRATE_PASSWORD_FILE"`
ALTER ROLE todo_migrate LOGIN PASSWORD :'password';
\set password `cat "$APP_PASSWORD_FILE"`
ALTER ROLE todo_app_a LOGIN PASSWORD :'password';
ALTER ROLE todo_app_b NOLOGIN PASSWORD NULL;
\set password `cat "$METRICS_PASSWORD_FILE"`
ALTER ROLE todo_metrics LOGIN PASSWORD :'password';
GRANT pg_monitor TO todo_metrics;
SELECT 'ALTER ROLE todo_archive NOLOGIN NOREPLICATION PASSWORD NULL' FROM pg_roles WHERE rolname = 'todo_archive' \gexec
DO $$
BEGIN
  PERFORM pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = 'longshore_archive' AND active;
  PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'longshore_archive';
END
$$;
REVOKE ALL ON DATABASE "todo" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE "todo" TO todo_app, todo_migrate;
GRANT CONNECT ON DATABASE "todo" TO todo_metrics;
ALTER SCHEMA public OWNER TO todo_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO todo_app;
ALTER DEFAULT PRIVILEGES FOR ROLE todo_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO todo_app;
ALTER DEFAULT PRIVILEGES FOR ROLE todo_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO todo_app;
