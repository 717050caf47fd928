"""What people look at: a page per batch, a dashboard over all of them, and figures.

Topology:
    words.py, glossary.py       a decision -> the sentence and what to do next; the meaning of every term
    history.py                  ledger, digests, attempts -> records of batches and events
    ranking.py, features.py     features of a batch -> the most telling first, drawn and in plain numbers
    axes.py, charts.py, lanes.py    numbers -> coordinates of the pages' own charts
    formats.py, environment.py  numbers -> text; the templates under one set of rules
    page.py, dashboard.py       all of these -> one self-contained HTML page (templates/)
    report.py, model_card.py    the JSON report; the card of a model
    figures.py                  history -> timeline; with curves.py (ROC, calibration) and canvas.py (the shared look)
"""
