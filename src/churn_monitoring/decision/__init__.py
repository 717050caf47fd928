"""From evidence to an action: one table of rules that can be read, and the cooldown."""
