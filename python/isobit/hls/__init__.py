"""Export to a synthesisable project, its simulation on a host, the reports of the tool."""
