"""What people look at: one HTML page per batch, and figures.

Topology:
    words.py     a decision -> the sentence, and what to do next
    charts.py    numbers -> coordinates of the page's small inline charts
    page.py      report and history -> one self-contained HTML page (templates/page.html.j2)
    figures.py   history -> timeline; with curves.py (ROC, calibration) and canvas.py (the shared look)
"""
