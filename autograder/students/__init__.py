"""Who is in the course: roster, who has left, extensions, late penalties, what was changed by hand."""
