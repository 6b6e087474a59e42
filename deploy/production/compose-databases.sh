#!/bin/sh
# One database and one role for each of the three, at the first start of PostgreSQL. No role can enter another's database.
set -eu

# make NAME PASSWORD (a psql variable, so that no character of it can end the statement)
make() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set name="$1" --set password="$2" --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

make label_studio "$LABEL_STUDIO_DB_PASSWORD"
make prefect "$PREFECT_DB_PASSWORD"
make ledger "$LEDGER_DB_PASSWORD"
