"""Records into the archive: `pages.ingest_page` takes a page of them in, in one transaction.

`pages` hands each kind of record on: ads (`ads`), what sources state for advertisers (`statements`),
filed expenditures (`filings`), sources' own totals (`totals`), ids that changed (`moved_ids`). What
arrives late goes to the `late_…` file of its kind and never becomes current; `series` decides where it
belongs.
"""
