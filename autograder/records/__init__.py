"""What grading leaves and reads everywhere: results, source cells, pictures, files written in one step."""
