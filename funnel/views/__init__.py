"""Pages of the console where the agreement is made. Those that show numbers are metrics.views_console."""
