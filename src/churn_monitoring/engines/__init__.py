"""A function over the chunks of a batch: on this machine, or on a cluster."""
