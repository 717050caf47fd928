"""One function per picture of ``docs/statistics``: our own statistics, on made-up data, drawn calmly."""
