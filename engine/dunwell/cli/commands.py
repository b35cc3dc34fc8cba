"""The table of subcommands: where each is, and its one line in the help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One subcommand: `module:attribute` of its click command, and what it does in a line."""

    target: str
    help: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Write policies": {
        "init": Entry("dunwell.cli.init:init", "Make a starter: configuration, policy, test."),
        "check": Entry("dunwell.cli.check:check", "Show everything wrong with what you wrote."),
        "test": Entry("dunwell.cli.test:test", "Run the tests of the policies."),
        "schema": Entry("dunwell.cli.schema:schema", "Explain the words of the language."),
    },
    "Decide and act": {
        "plan": Entry("dunwell.cli.planning:plan", "Decide everything, do nothing."),
        "apply": Entry("dunwell.cli.planning:apply", "Do exactly what a plan says, once."),
        "run": Entry("dunwell.cli.planning:run", "Plan and apply, for a scheduler."),
        "approve": Entry("dunwell.cli.people:approve", "Say yes or no to steps that wait."),
        "resolve": Entry("dunwell.cli.people:resolve", "Settle an unknown outcome."),
    },
    "Understand": {
        "explain": Entry(
            "dunwell.cli.explaining:explain", "Say why this, why not that, and what comes next."
        ),
        "log": Entry("dunwell.cli.explaining:log", "Show the log as the ERP has it."),
        "demo": Entry("dunwell.cli.demo:demo", "See a small company's receivables collected."),
    },
    "Look after the installation": {
        "doctor": Entry("dunwell.cli.doctor:doctor", "Say what works here and what is missing."),
        "plugins": Entry("dunwell.cli.plugins:plugins", "List what is installed."),
        "new": Entry("dunwell.cli.new:new", "Begin a plugin of your own."),
    },
}
"""The commands of Dunwell itself, as the help shows them; adapters bring their own."""


def entries() -> dict[str, Entry]:
    """Every command by its name."""
    return {name: entry for section in SECTIONS.values() for name, entry in section.items()}
