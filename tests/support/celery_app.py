"""The Celery of a site, with two differences: every message is sent twice, and leases are as short as the test wants.

`celery -A tests.support.celery_app`. The environment says which database, sandbox and broker; `WORKERS_FOLDER`,
`WORKERS_QUEUES` (what the queues' names end with) and `WORKERS_CONSTANTS` come from `tests.support.workers`.
"""

import json
import os
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from celery import Celery, Task
from celery.signals import task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings

BROKER = os.environ["CELERY_BROKER_URL"]
FOLDER = Path(os.environ["WORKERS_FOLDER"])
CONSTANTS = json.loads(os.environ["WORKERS_CONSTANTS"])

# Before the tasks are imported: some constants are read then.
for path, value in CONSTANTS.items():
    module, _, name = path.rpartition(".")
    owner = settings if module == "settings" else import_module(module)
    assert module == "settings" or hasattr(owner, name), path
    setattr(owner, name, value)


class DoubledTask(Task):
    """Each message reaches the broker twice: the same task, id and argument. Ticks as well."""

    def apply_async(self, args: Any = None, kwargs: Any = None, task_id: str | None = None, **options: Any) -> Any:
        options["queue"] = options["queue"] + os.environ["WORKERS_QUEUES"]
        task_id = task_id or str(uuid.uuid4())
        super().apply_async(args, kwargs, task_id=task_id, **options)
        return super().apply_async(args, kwargs, task_id=task_id, **options)


def transport_options() -> dict[str, Any]:
    if BROKER.startswith("filesystem:"):
        for name in ("messages", "control"):
            (FOLDER / name).mkdir(exist_ok=True)
        folders = {"data_folder_in": str(FOLDER / "messages"), "data_folder_out": str(FOLDER / "messages")}
        return {**folders, "control_folder": str(FOLDER / "control"), "polling_interval": 0.1}
    if BROKER.startswith("redis:"):
        # What a dead worker held comes back so soon, and what a living one holds for longer comes twice as well.
        return {"visibility_timeout": 8, "global_keyprefix": os.environ["WORKERS_QUEUES"]}
    return {}


app = Celery("tests", task_cls=DoubledTask)
app.conf.update(
    broker_url=BROKER,
    broker_transport="django_bigin.testing.folder_broker:Transport" if BROKER.startswith("filesystem:") else None,
    broker_transport_options=transport_options(),
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
)
app.autodiscover_tasks()


@app.on_after_finalize.connect
def add_schedule(sender: Celery, **_: object) -> None:
    from django_bigin.tasks import beat_schedule

    sender.conf.beat_schedule = beat_schedule()


# What this process does now, for a test that wants to stop it in the middle.


def note() -> Path:
    return FOLDER / f"now-{os.getpid()}"


@task_prerun.connect
def begin(task: Task, args: Any, **_: Any) -> None:
    note().write_text(" ".join([task.name, *map(str, args)]))


@task_postrun.connect
def end(**_: Any) -> None:
    note().unlink(missing_ok=True)
