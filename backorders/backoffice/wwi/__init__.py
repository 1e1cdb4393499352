"""Wide World Importers, Microsoft's sample of a wholesale importer, brought in as the recorded facts it holds."""
