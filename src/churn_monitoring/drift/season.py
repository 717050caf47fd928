"""Has the reference shown this before? A season that it covers is no drift.

    reference rows by period of four weeks ─ profiles on the reference's own grid ─ the period most like the batch

A reference of a whole year is a mixture: December differs from it every December. Where some period of the
reference itself differed from the whole in the same features, and the batch does not differ from that period,
the batch is a customer base the champion has been judged on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from churn_monitoring.core.options import DriftOptions
from churn_monitoring.core.records import FeatureDrift
from churn_monitoring.drift.feature import measure_features, measure_prediction
from churn_monitoring.profiling import NumericProfile, TableProfile, profile_numbers, profile_rows

PERIOD_DAYS = 28


def split_periods(dates: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    """Names (``first to last`` day) and positions of the rows of every four weeks, counted back from the newest."""
    days = dates.to_numpy(dtype="datetime64[D]")
    known = np.flatnonzero(~np.isnat(days))
    if not known.size:
        return
    age = (days[known].max() - days[known]).astype(int) // PERIOD_DAYS
    for period in np.unique(age):
        positions = known[age == period]
        yield f"{days[positions].min()} to {days[positions].max()}", positions


def explain_by_season(
    features: Sequence[FeatureDrift],
    reference: TableProfile,
    batch: TableProfile,
    rows: pd.DataFrame,
    dates: pd.Series,
    options: DriftOptions,
    alpha: float,
) -> tuple[FeatureDrift, ...]:
    """Take back the verdict on features that a period of the reference explains.

    A period explains the batch when it differs from the whole reference as well: surely in one of the drifted features
    (p-value below ``alpha`` over the number of periods and of drifted features), and in every one of them by at least
    half the batch's effect; and when no feature differs between the batch and the period, all by
    :func:`measure_features`. Periods with fewer than ``min_rows`` rows are passed over. (At ``alpha`` itself, in 8 of
    300 references without any season some one of thirteen periods of 200 rows excused a shift by 0.3 standard
    deviations for good. To be sure of every drifted feature takes more rows than a period of a small reference has: a
    season of 2 to 4 features was missed in 14 of 65 batches with 270 rows a period.)

    Args:
        features: verdicts against the whole reference.
        reference: its profile.
        batch: the batch's, on the same grids.
        rows: coerced features of the reference's rows.
        dates: of the same rows.
        options: floors and least rows.
        alpha: false discovery rate across features.

    Returns:
        The same records; the drifted ones with ``drifted`` false and ``usual_in`` set where a period explains all.
    """
    drifted = {one.feature: one for one in features if one.drifted}
    if not drifted:
        return tuple(features)
    periods = _find_large(dates, options)
    for name, positions in periods.items():
        period = profile_rows(rows.iloc[positions], reference)
        of_period = {one.feature: one for one in measure_features(reference, period, options, alpha)}
        pairs = [(of_period[key], one) for key, one in drifted.items()]
        level = alpha / (len(periods) * len(pairs))
        if not all(_is_half(*pair) for pair in pairs) or not any(_is_sure(one, level) for one, _ in pairs):
            continue
        if any(one.drifted for one in measure_features(period, batch, options, alpha)):
            continue
        return tuple(replace(one, drifted=False, usual_in=name) if one.drifted else one for one in features)
    return tuple(features)


def explain_scores_by_season(
    prediction: FeatureDrift,
    reference: NumericProfile,
    batch: NumericProfile,
    scores: np.ndarray,
    dates: pd.Series,
    options: DriftOptions,
    named: str | None = None,
) -> FeatureDrift:
    """The same for the scores: a drift that some period of the reference shows too is taken back.

    Scores are a function of the features. Where a period explains all features that drifted, its scores need not show
    the season surely once more: they move by at least half as much, and do not differ from the batch's. (Asked for
    surely, a season of the Telco replay whose features were all explained was reported as prediction drift in 20 of 52
    batches of 1,000 rows, with 270 rows a period.)

    Args:
        prediction: verdict against the whole reference.
        reference: profile of its scores.
        batch: the batch's, on the same grid.
        scores: of the reference's rows, ``float64[n]``.
        dates: of the same rows.
        options: level, floor and least rows.
        named: the period that explains the features, if any drifted and one does.
    """
    if not prediction.drifted:
        return prediction
    periods = _find_large(dates, options)
    for name, positions in periods.items():
        period = profile_numbers(scores[positions], reference.grid)
        if measure_prediction(period, batch, options).drifted:
            continue
        of_period = measure_prediction(reference, period, options)
        is_season = name == named or _is_sure(of_period, options.prediction_p_value / len(periods))
        if is_season and _is_half(of_period, prediction):
            return replace(prediction, drifted=False, usual_in=name)
    return prediction


def _find_large(dates: pd.Series, options: DriftOptions) -> dict[str, np.ndarray]:
    """The periods with enough rows to tell."""
    return {name: positions for name, positions in split_periods(dates) if len(positions) >= options.min_rows}


def _is_half(of_period: FeatureDrift, of_batch: FeatureDrift) -> bool:
    return 2.0 * of_period.effect_size >= of_batch.effect_size


def _is_sure(of_period: FeatureDrift, level: float) -> bool:
    return of_period.p_value is not None and of_period.p_value < level
