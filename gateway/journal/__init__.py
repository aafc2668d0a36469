"""The journal: blocks of records, sealed, chained and durable.

`opening.open_journal` gives its one writer, `sqlite.SqliteJournalReader` reads.
"""
