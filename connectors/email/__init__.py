"""The e-mail family: messages made of templates, sent from the company's mailboxes."""
