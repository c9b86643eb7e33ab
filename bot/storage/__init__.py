"""The durable store: cases, letters and wishes in SQLite or PostgreSQL, one writer thread, many jobs in one commit.

`opening.create_storage` is the way in. A job goes down through the files in this order:

    store.py        the port: what a channel calls
    writer.py       the thread: jobs in the order they came, as many in one commit as are waiting
    transaction.py  one transaction: what is tried again, who is told what went wrong
    desk.py         letters and wishes, on top of
    ledger.py       cases
    tables.py       how all of it lies in the database

Only `sqlite.py` and `postgresql.py` know which database it is; `migrate.py` brings it up to date when it is opened.
"""
