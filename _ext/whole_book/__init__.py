"""The whole book as one file, PDF or ePub, made from the pages of the built site: nothing is executed or read anew."""
