"""The table of reason codes against the code: whatever is passed as a `reason` is in it, and nothing else is."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from processor.engine.reasons import ENDED, REASONS, REFUSED

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def trees(*folders: str) -> Iterator[ast.Module]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text("utf-8"))


def parameter(function: Function, *, method: bool) -> int | None:
    """Return the position of the parameter `reason` as callers count."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return names.index("reason") - method if "reason" in names else None


def takers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Give what takes a reason, by name: functions, methods, classes with their fields or their `__init__`."""
    methods = {id(function) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for function in node.body}
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name != "__init__":
            position = parameter(node, method=id(node) in methods)
            if position is not None:
                yield node.name, position
        if isinstance(node, ast.ClassDef):
            fields = [line.target.id for line in node.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)]
            inits = [parameter(line, method=True) for line in node.body if isinstance(line, Function) and line.name == "__init__"]
            positions = [
                *(position for position in inits if position is not None),
                *([fields.index("reason")] if "reason" in fields else []),
            ]
            yield from ((node.name, position) for position in positions)


def leaves(node: ast.expr, module: ast.Module) -> Iterator[str]:
    """Give the texts that an expression may be; a name is what is assigned to it anywhere in its module."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.BoolOp(values=values):
            for value in values:
                yield from leaves(value, module)
        case ast.IfExp(body=body, orelse=orelse):
            yield from leaves(body, module)
            yield from leaves(orelse, module)
        case ast.Name(id=name):
            for target, value in assigned(module):
                if target == name and not isinstance(value, ast.Name):
                    yield from leaves(value, module)
        case _:
            return


def assigned(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Give names and what is assigned to them."""
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from ((name.id, value) for name, value in zip(names, values, strict=True) if isinstance(name, ast.Name))


def said(*folders: str) -> dict[str, set[str]]:
    """Return the reasons that the code says, by what takes them."""
    parsed = list(trees(*folders))
    places: defaultdict[str, set[int]] = defaultdict(set)
    for tree in parsed:
        for name, position in takers(tree):
            places[name].add(position)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for tree in parsed:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
                given = [node.args[place] for place in places.get(name, ()) if place < len(node.args)]
                given += [keyword.value for keyword in node.keywords if keyword.arg == "reason"] if name in places else []
                found[name].update(text for argument in given for text in leaves(argument, tree) if text)
    return found


def ended() -> set[str]:
    """Return why the engine ends an interaction: what is assigned to `ended`, and what `_overfull` returns."""
    found = said("processor/engine")["_ended"] | said("processor/engine")["_end"]
    for tree in trees("processor/engine"):
        found.update(text for name, value in assigned(tree) if name == "ended" for text in leaves(value, tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "_overfull":
                returned = [line.value for line in ast.walk(node) if isinstance(line, ast.Return) and line.value is not None]
                found.update(text for value in returned for text in leaves(value, tree))
    return found - {"start", "end"}


REFUSERS = ("EventRejected", "UndecodableRecord", "_bury")
"""What puts an input into the dead letters."""


def test_every_reason_of_a_branch_is_in_the_table_and_nothing_else_is():
    takers = said("processor/engine", "processor/actions")
    codes = set.union(*(found for name, found in takers.items() if name not in (*REFUSERS, "_ended", "_end")))
    assert codes == set(REASONS)


def test_every_reason_of_an_ending_is_in_the_table_and_nothing_else_is():
    assert ended() == set(ENDED)


def test_every_reason_of_a_dead_letter_is_in_the_table_and_nothing_else_is():
    takers = said("processor", "schemas")
    assert set.union(*(takers[name] for name in REFUSERS)) == set(REFUSED)


def test_every_code_is_one_word_and_every_sentence_is_one():
    for code, sentence in (*REASONS.items(), *ENDED.items()):
        assert re.fullmatch("[a-z][a-z_]*", code)
        assert re.fullmatch(r"[A-Z][^.]*\.", sentence), f"{code}: expected one sentence"
    for code, refused in REFUSED.items():
        assert re.fullmatch("[a-z][a-z_]*", code)
        assert refused.wrong.endswith(".")
        assert refused.mend.endswith(".")


def test_the_scan_sees_what_is_said_in_every_form():
    tree = ast.parse("class Refusal(Exception):\n    def __init__(self, detail, reason): ...\n")
    assert list(takers(tree)) == [("Refusal", 1)]
    module = ast.parse("gap, other = 'one', 3\nreason = gap\nreason = 'two'")
    expression = ast.parse("known or ('three' if found else reason)", mode="eval").body
    assert list(leaves(expression, module)) == ["three", "two"]
