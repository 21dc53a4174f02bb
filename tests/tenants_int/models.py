"""The tenant of a site that numbers its customers itself."""

from django.db import models


class Workspace(models.Model):
    number = models.IntegerField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)

    def __str__(self):
        return self.code
