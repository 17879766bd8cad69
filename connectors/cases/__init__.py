"""Cases of customers: the commands of § 5.1 to 5.4, and the staff's pages and API."""
