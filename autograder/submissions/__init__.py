"""What lies in a course folder: hand-ins, the files beside them, archives, assignments as they were released."""
