"""How often is the verdict right? Known changes, played through the very nodes that judge real batches.

Topology:
    scenarios.py   what happens in which week, and which actions are right then
    player.py      deliveries in memory -> the monitoring nodes -> what was decided
    streams.py     one seed: simulate, train a champion, play every scenario
    tally.py       outcomes -> rates with intervals
    backtest.py    saved batches decided again under other parameters
"""
