"""The billing family: invoices, and payments by pages of our own or of a payment provider."""
