"""How good matches are: an invented population whose good pairs are known, beside plain search."""
