"""Looking at the mirror as a whole."""

import hashlib

from django_bigin.api.canonical import content_hash
from django_bigin.models import Record


def mirror_hash(module: str) -> tuple[int, str]:
    """Number and hash of a mirrored module, from the stored data itself; to be compared with the sandbox's."""
    digest, count = hashlib.sha256(), 0
    rows = Record.objects.live().filter(module=module).order_by("bigin_id").values_list("bigin_id", "data")
    for bigin_id, data in rows.iterator(chunk_size=500):
        digest.update(f"{bigin_id}:{content_hash(data)}\n".encode())
        count += 1
    return count, digest.hexdigest()
