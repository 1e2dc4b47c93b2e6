"""The commands of a course folder, and its configuration."""
