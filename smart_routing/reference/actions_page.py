"""`docs/reference/actions.md`: the action types, in the order of their sections."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from processor.actions import action_types
from processor.engine.action import Action
from processor.engine.interaction import Wait
from processor.flow.example import description, example
from processor.flow.icons import family
from schemas.topics import Topics
from smart_routing.reference.example_run import AT, ExampleRun, run_example, shown
from smart_routing.reference.fields import fields_of
from smart_routing.reference.markdown import as_yaml, code, page, table

_INTRODUCTION: Final = """An action is placed in a flow under an id of its own, with its `type`, its parameters and its `links`:

```yaml
actions:
  tell:                      # id
    type: simple_message
    message: "Hello {{ customer.name }}"
    links: {ok: end}         # branch → id of the next action, or `end`
```

A *template* is text that may hold `{{ variable.field }}` and whatever else [Liquid](https://shopify.github.io/liquid/) has. What is
named *by `id` or `reference`* is written `{id: …}` or `{reference: …}`; the reference may be a template. `links` is a parameter of every
type and left out of the tables. Reasons are explained in [reasons.md](reasons.md).

Each example was applied to the first message of a customer on Monday 2 March 2026 at 10:00 in Paris; what it did then stands
below it."""

_AWAITED: Final = {"message": "the customer's reply", "response": "the connector's answer", "time": "time to pass", "agent": "the ACD"}


def actions_page(named: Sequence[Mapping[str, Any]]) -> str:
    """Return the page; `named` are the documents that examples name."""
    types = list(action_types().values())
    return page("Action types", _INTRODUCTION, _contents(types), *(_section(action_type, named) for action_type in types))


def _contents(types: Sequence[type[Action]]) -> str:
    rows = [
        (name, ", ".join(f"[{action_type.type}](#{_anchor(action_type)})" for action_type in group))
        for name, group in groupby(types, key=lambda action_type: family(action_type.section))
    ]
    return table(("family", "types"), rows)


def _anchor(action_type: type[Action]) -> str:
    return f"{action_type.section.replace('.', '')}-{action_type.type}"


def _section(action_type: type[Action], named: Sequence[Mapping[str, Any]]) -> str:
    parameters = fields_of(action_type, leave_out=frozenset({"links"}), definitions="definitions.md")
    parts = [
        f"## {action_type.section} {action_type.type}",
        description(action_type),
        parameters.replace("| field |", "| parameter |", 1) or "It has no parameters.",
        f"A template that fails takes {code(action_type.failure)}." if "template" in parameters or "reference" in parameters else "",
        as_yaml(dict(example(action_type))),
        *_told(run_example(action_type, named)),
    ]
    return "\n\n".join(part for part in parts if part)


def _told(run: ExampleRun) -> Iterator[str]:
    """Give what an example did."""
    step = run.step
    if step.branch is not None:
        done = f"takes {code(step.branch)}" + (f", reason {code(step.reason)}" if step.reason else "")
    elif step.handed_over_to is not None:
        reference, _, version = step.handed_over_to.rpartition(" ")
        done = f"hands over to version {version} of flow {code(reference)}"
    else:
        assert run.wait is not None, "an action takes a branch, hands over or waits"
        done = _waits(run.wait)
    writes = [f"{code(f'{write.variable}.{write.field}')} becomes {code(write.value) if write.value else 'empty'}" for write in step.writes]
    warnings = [f"warning {code(warning)}" for warning in step.warnings]
    commands = dict.fromkeys(f"on {code(Topics().commands(command.body.family))}" for command in step.commands)
    asks = f", with {'a command' if len(step.commands) == 1 else 'commands'} {' and '.join(commands)}" if commands else ""
    more = "".join(f"; {part}" for part in (*writes, *warnings))
    yield f"Applied, it {done}{more}{asks}{':' if commands else '.'}"
    for command in step.commands:
        yield as_yaml({type(command.body).__name__: shown(command.body)})


def _waits(wait: Wait) -> str:
    if wait.deadline is None:
        return f"waits for {_AWAITED[wait.awaits]}"
    return f"waits for {_AWAITED[wait.awaits]}, at most {(wait.deadline - AT) / 1000:,.0f} s"
