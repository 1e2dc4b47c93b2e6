"""All that touches nbgrader: converters, the gradebook, formgrader, pages."""
