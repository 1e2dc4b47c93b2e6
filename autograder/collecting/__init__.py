"""Takes what platforms give and lays it into submitted/."""
