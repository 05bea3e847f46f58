"""Where everything is kept: database, bulk paths, blobs, change log, ledger, migrations."""
