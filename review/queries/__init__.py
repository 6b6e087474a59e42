"""What things are now: queries over the facts.

Portable to SQLite and PostgreSQL. Every function takes an open ledger; frames keep the ledger's column types.
"""
