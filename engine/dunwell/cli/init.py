"""`dunwell init`: a starter that passes `check` and `test` from its first minute."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import click

from dunwell.cli.output import examples, say
from dunwell.cli.session import Session, pass_session
from dunwell.hooks import Plugins, load_plugins

POLICY = "standard_b2b"
SCHEMA = "policy.schema.json"
LEDGER = "ledger.sqlite"
_TEMPLATES = ("first_notice.en.j2", "first_notice.es.j2")


@click.command(
    short_help="Make a starter: configuration, policy, test.",
    epilog=examples("dunwell init receivables"),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@pass_session
def init(session: Session, folder: Path) -> None:
    """Make a starter in DIR, a new or empty folder.

    It has a configuration for the embedded ledger and messages as files, the standard policy for
    business customers with its tests, a template to change, and the schema wired for editors.
    """
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"the folder '{folder}' is not empty (name a new one)")
    plugins = load_plugins()
    for name, text in files(plugins).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _make_ledger(folder, plugins)
    say(f"made a starter in '{folder}'; next:")
    say()
    say(f"  cd {folder}")
    say("  dunwell check                  # everything wrong with these files, at once")
    say("  dunwell test                   # the tests of the policy")
    say("  dunwell ledger import FILES    # what your ERP exported")
    say("  dunwell plan                   # decide everything, do nothing")


def files(plugins: Plugins) -> dict[str, str]:
    """The text of each file of the starter, by its path."""
    from dunwell.cli.schema import json_schema
    from dunwell.facts import Registry

    rules = resources.files("dunwell_rules")
    own = resources.files("dunwell.cli") / "starter"
    hint = f"# yaml-language-server: $schema=../{SCHEMA}\n"
    found = {
        "dunwell.toml": (own / "dunwell.toml").read_text("utf-8"),
        "README.md": (own / "README.md").read_text("utf-8"),
        ".gitignore": (own / "gitignore").read_text("utf-8"),
        SCHEMA: json_schema(Registry(plugins.facts.values()), plugins),
        ".vscode/settings.json": _editor(),
    }
    for name in (f"{POLICY}.yaml", f"{POLICY}.test.yaml"):
        text = (rules / "policies" / name).read_text("utf-8")
        found[f"policies/{name}"] = hint + text
    for name in _TEMPLATES:
        found[f"templates/{name}"] = (rules / "templates" / name).read_text("utf-8")
    return found


def _editor() -> str:
    settings = {"yaml.schemas": {f"./{SCHEMA}": ["policies/*.yaml", "policies/**/*.yaml"]}}
    return json.dumps(settings, indent=2) + "\n"


def _make_ledger(folder: Path, plugins: Plugins) -> None:
    """An empty ledger, by the adapter's own command, so that nothing here knows how."""
    from dunwell.cli.group import commands_of

    plugin = plugins.adapters.get("ledger")
    if plugin is None or not plugin.commands:
        return
    company = ["main", "--name", "Your company", "--currency", "EUR", "--timezone", "UTC"]
    path = str(folder / LEDGER)
    arguments = ["--ledger", path, "new", *company]
    commands_of(plugin).main(arguments, prog_name="dunwell ledger", standalone_mode=False)
