"""Words every other layer shares: frozen records, validated options, errors a user can act on."""
