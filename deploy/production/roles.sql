-- The rights of those who work with a ledger on PostgreSQL. Run it in the ledger's database, as the role that made the ledger
-- (`second-reader init` with the owner's URL), and again after an upgrade of the ledger: it may be run any number of times.
--
--   second_reader_flows    what the flows and the owner's commands need: read, and add facts. It cannot change a fact, nor
--                          take away what keeps facts from being changed.
--   second_reader_readers  reads all but the salts, which would foretell who is sampled. For dashboards and notebooks.
--   second_reader_auditors reads everything, as `second-reader verify` must: the seals cover the salts too.
--
-- None can log in. Give each program an account of its own in one of them:
--   CREATE ROLE mail_worker LOGIN PASSWORD '...' IN ROLE second_reader_flows;

BEGIN; -- at no moment may anybody read more than at the end

DO $$
BEGIN
    BEGIN
        CREATE ROLE second_reader_flows NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE second_reader_readers NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE second_reader_auditors NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    -- Temporary tables: an append lays its keys beside the ledger's, in a table of its own session.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO second_reader_flows', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO second_reader_readers, second_reader_auditors', current_database());
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC, second_reader_flows, second_reader_readers, second_reader_auditors;
GRANT USAGE ON SCHEMA public TO second_reader_flows, second_reader_readers, second_reader_auditors;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, second_reader_flows, second_reader_readers, second_reader_auditors;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO second_reader_flows, second_reader_readers, second_reader_auditors;
GRANT INSERT ON ALL TABLES IN SCHEMA public TO second_reader_flows;
DO $$
BEGIN
    REVOKE INSERT ON alembic_version, edition FROM second_reader_flows; -- the schema's version is the owner's to write
EXCEPTION WHEN undefined_table THEN NULL;
END
$$;
DO $$
DECLARE
    shown text;
BEGIN
    SELECT string_agg(quote_ident(column_name), ', ') INTO shown FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = 'epoch' AND column_name <> 'salt';
    IF shown IS NOT NULL THEN
        REVOKE SELECT ON epoch FROM second_reader_readers;
        EXECUTE format('GRANT SELECT (%s) ON epoch TO second_reader_readers', shown);
    END IF;
END
$$;

COMMIT;
