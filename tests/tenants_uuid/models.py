"""The tenant of a site that keys its customers by UUID."""

import uuid

from django.db import models


class Customer(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=50, unique=True)

    def __str__(self):
        return self.slug
