"""From a submission to its result: runs the notebook, asks each function, judges the replies."""
