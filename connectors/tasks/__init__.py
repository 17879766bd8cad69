"""Tasks for people: the command of § 5.9, kept in SQL or in Salesforce, and the staff's page and API."""
