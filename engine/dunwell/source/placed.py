"""Models that remember where in a file each of their parts was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, PrivateAttr, RootModel

from dunwell.errors import NOWHERE, Place
from dunwell.source.nodes import ListNode, MapNode, Node
from dunwell.source.schema import names_of


@dataclass(frozen=True, slots=True)
class _Spots:
    """Where things stand; all spots are equal, so that equal policies are, wherever written."""

    place: Place = field(default=NOWHERE, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    key_places: Mapping[str, Place] = field(default_factory=dict, compare=False)


class PlacedModel(BaseModel):
    """A model with a closed vocabulary whose instances, when bound, know their places.

    Places are no part of its value: they are neither compared nor dumped.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    _spots: _Spots = PrivateAttr(default_factory=_Spots)

    @property
    def place(self) -> Place:
        """Where this was written; NOWHERE for what was never bound to a file."""
        return self._spots.place

    @property
    def places(self) -> Mapping[str, Place]:
        """The place of the value of each field that was written, by the field's Python name."""
        return self._spots.places

    @property
    def key_places(self) -> Mapping[str, Place]:
        """The place of the key of each field that was written, by the field's Python name."""
        return self._spots.key_places

    def place_of(self, field_name: str) -> Place:
        """The place of a field's value; of the whole where the field was not written."""
        return self._spots.places.get(field_name, self._spots.place)


def set_places(value: object, node: Node) -> None:
    """Tell every placed model in `value` where it stands; `node` is what `value` was made of."""
    if isinstance(value, BaseModel):
        _place_model(value, node)
    elif isinstance(value, list | tuple):
        items = node.items if isinstance(node, ListNode) else [node] * len(value)
        for part, item in zip(value, items, strict=False):
            set_places(part, item)
    elif isinstance(value, Mapping) and isinstance(node, MapNode):
        for key, entry in zip(value, node.entries, strict=False):
            set_places(value[key], node.get(str(key)) or entry[1])


def _place_model(model: BaseModel, node: Node) -> None:
    if isinstance(model, RootModel):
        set_places(model.root, node)
        return
    places: dict[str, Place] = {}
    key_places: dict[str, Place] = {}
    inner = _written_fields(model, node)
    for name, info in type(model).model_fields.items():
        pair = None
        if isinstance(inner, MapNode):
            pair = next((p for key in names_of(name, info) if (p := inner.entry(key))), None)
        if pair is not None:
            key_places[name], places[name] = pair[0].place, pair[1].place
            set_places(getattr(model, name), pair[1])
        elif name in model.model_fields_set:
            # A validator made this field out of a shorter form: it stands where that stands.
            places[name] = inner.place
            set_places(getattr(model, name), inner)
    if isinstance(model, PlacedModel):
        model._spots = _Spots(node.place, places, key_places)


def _written_fields(model: BaseModel, node: Node) -> Node:
    """The node that has the model's fields: itself, or what stands behind the word of its kind."""
    if isinstance(node, MapNode) and len(node.entries) == 1:
        key, value = node.entries[0]
        known = {n for f, info in type(model).model_fields.items() for n in names_of(f, info)}
        if key.text not in known:
            return value
    return node
