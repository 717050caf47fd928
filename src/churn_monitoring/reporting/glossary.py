"""What the words on the pages mean, for a reader who has not studied statistics."""

TERMS = {
    "roc_auc": (
        "ROC-AUC",
        "The chance that a customer who leaves has a higher score than one who stays. 0.5 is guessing, 1 is perfect.",
    ),
    "interval": ("95 % interval", "Where the true value lies in 95 of 100 such batches. A wide one means few labels."),
    "realized": ("Realized", "Measured on labels: who has left by now and who has not."),
    "estimated": (
        "Estimated",
        "Expected from the scores alone, before labels come. It sees a harder mix of customers, "
        "and cannot see that the same customers behave differently.",
    ),
    "threshold": ("Threshold", "The least ROC-AUC that is accepted; performance_threshold in parameters.yml."),
    "reference": (
        "Reference",
        "Rows with labels that the model was not trained on, kept with it. Every batch is compared with them.",
    ),
    "drift": (
        "Drift",
        "The values of a feature are distributed otherwise than in the reference: surely (p-value) and by "
        "enough to matter (effect size).",
    ),
    "effect": (
        "Effect size",
        "How far a feature moved: for numbers in standard deviations of the reference (Wasserstein "
        "distance), for categories the share of rows with another value (total variation).",
    ),
    "p_value": (
        "p-value",
        "How often chance alone would show a change as large as this. Adjusted: corrected for the "
        "number of features that were looked at.",
    ),
    "importance": (
        "Importance",
        "The feature's share of what the model's ranking rests on: how much ROC-AUC is lost when "
        "its values are shuffled.",
    ),
    "link": (
        "Link to performance",
        "What this move alone should do to the model's mean squared error, by the mistakes it "
        "made on such customers of the reference. Above 0 the customers became harder.",
    ),
    "concept": (
        "Concept drift",
        "Customers with the same features leave more or less often than they did. Only labels "
        "can show it, and retraining is the cure.",
    ),
    "label_shift": (
        "Label shift",
        "The churn rate changed, and with it how high scores should be; their order is intact.",
    ),
    "coverage": ("Labels known", "Share of the batch's rows whose outcome is known by now."),
    "brier": ("Brier score", "Mean squared error of the probabilities. 0 is perfect; smaller is better."),
    "cooldown": ("Cooldown", "Days after a retraining in which no other is started."),
    "probation": ("Probation", "The first batches of a new model, on which it is held to what its promotion showed."),
    "promotion": (
        "Promotion",
        "A challenger that did better on labelled rows that neither model had seen replaces the model in service.",
    ),
    "recalibration": ("Recalibration", "The same model with its probabilities moved to the new churn rate."),
}
"""Title and explanation by key; a page shows those that it uses."""
