"""Invoices in a file: YAML, JSON or CSV, whose amounts stay the decimals that they are."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from connectors.billing.new_invoice import NewInvoice
from connectors.framework.fault import Fault

LARGEST_BYTES: Final = 64 * 1_048_576

_SHOWN: Final = 20


class Unimportable(ValueError):
    """A file that cannot be brought in; the message names each fault, with its place."""


def read(path: Path) -> list[NewInvoice]:
    """Read a file: a list of invoices, or a mapping with `invoices`; of CSV, a line each below a line of names.

    Raises Unimportable with all faults at once, and OSError.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise Unimportable(f"{path.name}: expected at most {LARGEST_BYTES} bytes")
    try:
        found = list(_entries(path.suffix.lower(), path.read_text(encoding="utf-8-sig")))
    except (ValueError, yaml.YAMLError, csv.Error) as error:
        raise Unimportable(f"{path.name}: expected a list of invoices as YAML, JSON or CSV: {error}") from None
    invoices, faults = [], []
    for number, entry in enumerate(found, start=1):
        try:
            invoices.append(NewInvoice.model_validate(entry))
        except ValidationError as invalid:
            fault = Fault.of(invalid)
            faults.append(f"{path.name}, invoice {number}: {fault}")
    if faults:
        more = [f"… and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        raise Unimportable("\n".join((*faults[:_SHOWN], *more)))
    if not invoices:
        raise Unimportable(f"{path.name}: expected invoices, found none")
    return invoices


def _entries(suffix: str, text: str) -> Iterator[Any]:
    match suffix:
        case ".csv":
            yield from csv.DictReader(io.StringIO(text), strict=True)
            return
        case ".json":
            found = json.loads(text, parse_float=_decimal)
        case ".yaml" | ".yml":
            found = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - makes texts only: no amount becomes a binary fraction, no object is made
        case _:
            raise ValueError(f"the name ends with {suffix or 'nothing'}")
    found = found.get("invoices") if isinstance(found, dict) else found
    if not isinstance(found, list):
        raise ValueError("there is no list")  # noqa: TRY004 - the file's fault, told as its others are
    yield from found


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"a number with an exponent that is too large: {text[:40]}") from None
