"""The assignment 13_peft."""
