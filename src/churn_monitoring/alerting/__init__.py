"""Which problems are worth a person's attention, under which key and how urgent."""
