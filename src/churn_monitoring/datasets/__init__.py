"""The effects: files written whole or not at all, and the tracking database.

Topology:
    files.py       JSON, text, CSV and Parquet, each replaced atomically
    folder.py      a folder of like files by name, one entry in the catalog
    deliveries.py  production batches and label files as they lie in their folders
    ledger.py      what the tracking database remembers of batches and attempts
    champion.py    the champion, loaded and put in service; versions.py any version
    champion_ledger.py  who was champion from when to when
    registry.py    versions and aliases; claims.py who of two may move them; verification.py whether one may serve
    package_files.py    what lies beside a model
    run_facts.py   metrics, tags and artifacts of the active run, in one request each
"""
