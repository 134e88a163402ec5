"""The report's figures: each module makes the charts of one kind from the tables of runs, none where they are empty."""
