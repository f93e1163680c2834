"""What is known about models: aliases, operations, typical times, prices with source and date. Data, not code."""
