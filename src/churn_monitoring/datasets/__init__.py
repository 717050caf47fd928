"""The effects: files written whole or not at all, and the tracking database.

Topology:
    files.py       JSON, text, CSV and Parquet, each replaced atomically
    folder.py      a folder of like files by name, one entry in the catalog
    deliveries.py  production batches and label files as they lie in their folders
    ledger.py      what the tracking database remembers of batches and attempts
    champion.py    the champion package in the model registry
    run_facts.py   metrics, tags and artifacts of the active run, in one request each
"""
