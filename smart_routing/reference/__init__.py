"""The generated reference: pages of Markdown from docstrings, parameters' types, executed examples, tables and schemas."""
