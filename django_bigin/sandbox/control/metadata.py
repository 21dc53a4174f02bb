"""The methods that add custom fields and team pipelines."""

from __future__ import annotations

from typing import Any

from ..world.modules import custom_field
from .base import ControlBase
from .stores import named_store


class MetadataControl(ControlBase):
    """Fields and team pipelines."""

    def add_fields(self, module: str, fields: list[dict[str, Any]], org_id: str | None = None) -> None:
        """Add custom fields: {"api_name"} and, where wanted, "data_type", "label", "length", "lookup", "unique"."""
        with self._lock:
            organization = self._state.organization(org_id)
            named_store(organization, module)
            for options in fields:
                organization.add_field(module, custom_field(**options), at=self._state.now())

    def add_team_pipeline(
        self, name: str, sub_pipelines: dict[str, list[str]] | None = None, org_id: str | None = None
    ) -> dict[str, str]:
        """Add a team pipeline with the stages of each sub-pipeline, as somebody would in Bigin; returns {"id", "name"}.

        Without sub-pipelines it has `<name> Standard` alone, as every new one.
        """
        with self._lock:
            organization = self._state.organization(org_id)
            if any(layout.name == name for layout in organization.layouts):
                raise ValueError(f"there already is a team pipeline {name!r}")
            chosen = sub_pipelines or {f"{name} Standard": list(organization.product.stages)}
            stages = {sub_pipeline: tuple(names) for sub_pipeline, names in chosen.items()}
            layout = organization.add_layout(name, stages, at=self._state.now())
            return {"id": str(layout.id), "name": layout.name}
