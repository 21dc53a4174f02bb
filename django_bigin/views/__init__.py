"""The pages that Zoho and people visit."""
