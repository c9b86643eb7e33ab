"""The durable store: cases, inbox and outbox in SQLite or PostgreSQL; one write thread, many jobs in one commit.

`factory.create_storage` opens it. A job goes down through the files in this order:

    storage.py          the port: what a channel calls
    writer.py           the thread: jobs in the order they came, as many in one commit as are waiting
    transactions.py     one transaction: what is tried again, who is told what went wrong
    unit_of_work.py     inbox and outbox, on top of
    case_repository.py  cases, with
    access_repository.py who may use the bot
    schema.py           the tables

Only `backends/` knows which database it is; `migrate.py` brings it up to date when it is opened.
"""
