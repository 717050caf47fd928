"""From labelled raw rows to a candidate that could go into service.

Topology:
    customers.py   who is who: one code per customer, folds that keep a customer whole
    split.py       train, validation and holdout rows
    prepare.py     raw rows -> fitted scikit-learn Pipeline -> probabilities, and how it is saved
    cross_fit.py   a score for every row from a model that has not seen its customer
"""
