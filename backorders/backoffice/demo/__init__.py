"""Living demo data: 120 days of a small importer, played through the product's own verbs up to this minute."""
