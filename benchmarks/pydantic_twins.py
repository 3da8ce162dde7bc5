"""The classes of `core/documents` as models of pydantic: what both must say alike, and the cost.

`tests/core/test_documents.py` asks both about damaged plans; `make bench NAMES=documents` times
both. Each model is made of the annotations of the class, and of nothing else.
"""

from dataclasses import MISSING, fields
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    create_model,
    model_validator,
)

from forwardc.core.documents.part import (
    AtLeast,
    Checked,
    DocumentPart,
    ReadBy,
    TaggedBy,
    key_of,
)

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


@cache
def model_of(cls: Any) -> type[BaseModel]:
    """The model of a class: the same members, names and refusals."""
    members: Any = {each.name: (_twin(each.type), _field(each)) for each in fields(cls)}
    checks: Any = {}
    if hasattr(cls, "__post_init__"):

        def check(self: Any) -> Any:
            cls.__post_init__(self)
            return self

        checks = {"check": model_validator(mode="after")(check)}
    return create_model(cls.__name__, __config__=_STRICT, __validators__=checks, **members)


def _field(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return Field(default_factory=field.default_factory, alias=key_of(field))
    default = ... if field.default is MISSING else field.default
    return Field(default=default, alias=key_of(field))


def _twin(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, DocumentPart):
        part: Any = annotation
        return model_of(part)
    if origin is Annotated:
        twin = _twin(arguments[0])
        for marker in annotation.__metadata__:
            twin = Annotated[twin, _validator(marker)]
        return twin
    if origin in (Union, UnionType):
        return Union[tuple(map(_twin, arguments))]  # noqa: UP007 - made of a tuple
    if origin in (tuple, list, dict):
        return origin[tuple(item if item is ... else _twin(item) for item in arguments)]
    return annotation


def _validator(marker: Any) -> Any:
    match marker:
        case Checked(check=check):

            def checked(value: Any) -> Any:
                check(value)
                return value

            return AfterValidator(checked)
        case ReadBy(read=read):
            return PlainValidator(read)
        case TaggedBy(key=key):
            return Field(discriminator=key)
        case AtLeast(count=count):
            return Field(min_length=count)
        case _:
            raise TypeError(f"{type(marker).__name__} has no twin")
