"""The one door: the JSON API of the platform; it holds no data of its own."""
