"""CRMs (§ 5.5 to 5.8): directories of customers' cards, and CRMs that are reached over HTTP."""
