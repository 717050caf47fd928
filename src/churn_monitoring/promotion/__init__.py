"""Whether a challenger replaces the champion: a paired comparison on unseen rows and the rule over it."""
