"""Work in the background: what is due, who takes it, and the jobs that people ask for."""
