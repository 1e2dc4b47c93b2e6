"""Models that run in the page, and the course models for the pictures of widgets that run them."""
