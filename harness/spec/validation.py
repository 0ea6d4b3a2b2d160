"""Tables of settings that refuse what they do not know, and the one line that says why."""

import re
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from harness.errors import InputError, nearest


class Table(BaseModel):
    """A frozen table of a study file: exact types (`true` is no number), no nan or inf, no unknown key."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)
    not_yet: ClassVar[tuple[str, ...]] = ()  # keys that a later version will read

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_key(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for key in values:
                if key in cls.not_yet:
                    raise refusal(f"{key}: not yet: this version reads no such key")
                if key not in cls.model_fields:
                    hint = nearest(str(key), cls.model_fields) or f"; known: {', '.join(cls.model_fields)}"
                    raise refusal(f"unknown key {shown(key)}{hint}")
        return values

    def given(self) -> dict[str, Any]:
        """Return what was written, without the defaults."""
        written = self.model_fields_set
        return {name: getattr(self, name) for name in type(self).model_fields if name in written}


AnyTable = TypeVar("AnyTable", bound=Table)

as_tuple = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
"""Lets a strict tuple field take the list that TOML and JSON have."""

or_none = BeforeValidator(lambda value: None if value == "none" else value)
"""Lets a field that may be empty take the word "none", for TOML has no None."""


def refusal(message: str) -> PydanticCustomError:
    """Return an error that a validator raises with its whole message."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def one_line(text: str) -> str:
    """Return `text`; refuses what does not print on one line."""
    if not text.isprintable() or text != text.strip():
        raise refusal(f"found {shown(text)}, expected one line of printable text")
    return text


Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(one_line)]

NOTHING_IN_CSV = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""Words that pandas reads as a missing value."""


def _not_nothing(text: str) -> str:
    if text in NOTHING_IN_CSV:
        raise refusal(f"found {shown(text)}, which a reader of CSV takes for a missing value; choose another name")
    return text


LONGEST_NAME = 120  # letters
CsvName = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(one_line), AfterValidator(_not_nothing)
]
"""What names a row in the tables: an arm, a block, a claim."""


def checked(table: type[AnyTable], values: Any, where: str, context: Any = None) -> AnyTable:
    """Validate `values` as a `table`; raises InputError with one line that starts with `where`.

    `context` is what the validators of its tables find in theirs.
    """
    try:
        return table.model_validate(values, context=context)
    except ValidationError as error:
        raise InputError(validation_line(error, where)) from None


def validation_line(error: ValidationError, where: str) -> str:
    """Return the first complaint of `error` as ``where: key path: found …, expected …``."""
    first = error.errors(include_url=False)[0]
    return ": ".join(part for part in (where, _key_path(first["loc"]), _complaint(first)) if part)


def shown(value: Any) -> str:
    """Return a value as a study file would write it, on one line and cut to a readable length."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, list | tuple):
        text = f"[{', '.join(shown(item) for item in value[:20])}{', …' if len(value) > 20 else ''}]"
    else:
        text = "none" if value is None else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text in quotes",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "finite_number": "a finite number",
    "too_short": "at least one entry",
}


def _complaint(first: Any) -> str:
    if first["type"] == "refused":
        return str(first["msg"])
    if first["type"] == "missing":
        return "missing"
    expected = EXPECTED.get(first["type"]) or re.sub(r"^\w+ should (be )?", "", first["msg"])
    hint = ""
    if first["type"] == "literal_error" and isinstance(first["input"], str):
        hint = nearest(first["input"], re.findall(r"'([^']*)'", first["ctx"]["expected"]))
    return f"found {shown(first['input'])}, expected {expected}{hint}"


def _key_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for key in location:
        if isinstance(key, int):
            path += f"[{key}]"
        elif key != "[key]":  # pydantic's mark for the key of a dict, which stands before it
            path += "." * bool(path) + (key if re.fullmatch(r"[\w-]+", key) else shown(key))
    return path
