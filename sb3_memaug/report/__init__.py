"""The report on an experiment: figures, tables, videos and settings, in one page that needs no network."""
