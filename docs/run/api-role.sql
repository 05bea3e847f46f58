-- A role of its own for the site (`paidforby serve`): it reads the archive and writes what people send it,
-- and can change or delete nothing that was collected. Run it as the owner of the tables, and again after
-- each upgrade; it may be run as often as you like:
--   psql -h 127.0.0.1 -U paidforby paidforby -v ON_ERROR_STOP=1 -f docs/run/api-role.sql
-- then, once, give it a password (\password paidforby_api) and the site its own address:
--   PAIDFORBY_DATABASE_URL=postgresql+psycopg://paidforby_api:…@127.0.0.1/paidforby
-- Whoever runs this must be allowed to make roles, or have an administrator run the first statement.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'paidforby_api') THEN
        CREATE ROLE paidforby_api LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
END $$;

BEGIN;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM paidforby_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO paidforby_api;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO paidforby_api;
-- The key of the hashes of rows is for those that import alone.
REVOKE ALL ON archive_secret FROM paidforby_api;
-- Notices of readers; flags and decisions of people with a key, the texts they rest on, and their places in
-- the order of changes and in the ledger.
GRANT INSERT ON notice, flag, case_step, decision, rule_version, change, ledger_leaf
    TO paidforby_api;
-- What became of them.
GRANT UPDATE ON notice, flag TO paidforby_api;
GRANT UPDATE (meaning_sha256) ON rule_version TO paidforby_api;
-- The day on which a key was last used.
GRANT UPDATE (last_used_on) ON api_key TO paidforby_api;

-- The queue's tables are made anew when its library is; /metrics counts what waits in them.
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO paidforby_api;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO paidforby_api;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'work_queue') THEN
        GRANT USAGE ON SCHEMA work_queue TO paidforby_api;
        GRANT SELECT ON ALL TABLES IN SCHEMA work_queue TO paidforby_api;
    END IF;
END $$;
COMMIT;
