"""How far from the database's own limit we are: each job of the product beside a floor measured in the same run."""
