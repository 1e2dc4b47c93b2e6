"""What several widgets share on the page: their base, their frame, controls, charts, pictures, and the host."""
