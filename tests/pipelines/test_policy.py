"""What the judging nodes are given: every parameter, and the table as the champion knows it."""

import pytest

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.pipelines.policy import adopt_policy, read_policy


def test_a_batch_is_judged_by_the_champions_schema_and_the_users_thresholds(parameters, champion):
    edited = champion.schema.model_dump() | {"numeric": ["age", "income"]}
    values = parameters.model_dump(by_alias=True) | {"drift_threshold": 0.01, "schema": edited}
    policy = adopt_policy(values, champion)
    assert policy.table == champion.schema
    assert policy.drift_threshold == 0.01
    assert read_policy(values).table.numeric == ("age", "income")


def test_a_misspelt_parameter_is_refused_by_name(parameters, champion):
    with pytest.raises(ConfigurationError, match="drift_treshold is not known"):
        adopt_policy(parameters.model_dump(by_alias=True) | {"drift_treshold": 0.01}, champion)
