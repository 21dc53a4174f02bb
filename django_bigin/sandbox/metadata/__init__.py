"""The REST API's settings: modules, fields, layouts, tags, users and the organization."""
