"""The pages are true: what they show is run, what they promise exists, what exists is on them."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from dunwell_docs import PLAYED, REFERENCE, ROOT, Block, blocks, made, play, reference

from dunwell import errors
from dunwell.cli import exits, main
from dunwell.cli.commands import entries
from dunwell.cli.config import Run, _File, _Plugins
from dunwell.facts import Registry
from dunwell.hooks import Hooks, load_plugins
from dunwell.message.sandbox import FILTERS
from dunwell.policy.reference import reference as words_of_the_language
from dunwell.port import Adapter, Capability, Channel

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
EXAMPLES = ROOT / "plugins" / "examples"
ANEW = "write the pages anew: make docs"


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def marked(word: str) -> Iterator[tuple[str, Block]]:
    """The blocks of all pages whose comment begins with a word."""
    for page in PAGES:
        for block in blocks(page.read_text("utf-8")):
            if block.marker.partition(":")[0] == word:
                yield named(page), block


def where(page: str, block: Block) -> str:
    return f"{page}:{block.line}"


# -- what the pages show --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAYED)
def test_the_commands_of_a_page_print_what_it_shows(name: str, tmp_path: Path) -> None:
    assert made(play(text_of(name), tmp_path)) == text_of(name), ANEW


def test_every_page_with_commands_to_run_is_run() -> None:
    assert {page for page, _ in (*marked("run"), *marked("quiet"))} <= set(PLAYED)


def test_the_page_of_the_command_line_is_the_help_of_every_command() -> None:
    assert reference() == text_of(REFERENCE), ANEW


LOOSE = [
    pytest.param(page.stem, block, id=where(named(page), block))
    for page in PAGES
    for block in blocks(page.read_text("utf-8"))
    if block.language == "yaml" and not block.marker
]
HOUSE_WORDS = ("calendar", "limits", "require", "budget", "roles", "contact", "veto")
LADDER = """ladder:
  - stage: first_notice
    when: {days_past_due: {at_least: 5}}
    do: [{remind: {template: first_notice}}]
"""


def whole(fragment: str) -> str:
    """A block as a whole file: what a fragment leaves out is put around it."""
    if re.search(r"^(house|policy|test):", fragment, re.M):
        return fragment
    house = "house: example\npolicies: [example]\n"
    policy = "policy: example\ncurrency: EUR\n"
    if fragment.partition(":")[0] in HOUSE_WORDS:
        house += fragment
    else:
        house += "roles: {collector: ana@acme.example, credit_manager: luis@acme.example}\n"
        policy += fragment
    return f"{house}---\n{policy}{'' if 'ladder:' in policy else LADDER}"


@pytest.mark.parametrize(("page", "block"), LOOSE)
def test_every_block_of_yaml_can_be_used(
    page: str, block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    erp = page if page == "odoo" else "ledger"  # its messages are of more kinds
    config = f'[erp]\nadapter = "{erp}"\n[plugins]\nfolder = "{EXAMPLES.as_posix()}"\n'
    Path("dunwell.toml").write_text(config, "utf-8")
    Path("policies").mkdir()
    text = whole(block.text)
    Path("policies/block.yaml").write_text(text, "utf-8")
    checked = CliRunner().invoke(main, ["check", "policies"])
    assert checked.exit_code == exits.DONE, f"{checked.output}\n{text}"
    tested = CliRunner().invoke(main, ["test", "policies"])
    assert tested.exit_code == exits.DONE, f"{tested.output}\n{text}"


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=where(page, block)) for page, block in marked("in")]
)
def test_code_on_a_page_is_the_code_of_the_example(block: Block) -> None:
    file = text_of(block.marker.partition(": ")[2])
    parts = block.text.split("\n...\n")
    assert [part for part in parts if part.strip("\n") not in file] == []


def test_every_block_of_code_is_in_a_file_that_is_tested() -> None:
    loose = [
        where(named(page), block)
        for page in PAGES
        for block in blocks(page.read_text("utf-8"))
        if block.language == "python" and not block.marker.startswith("in: ")
    ]
    assert loose == []


def test_every_block_of_toml_can_be_read() -> None:
    for page in PAGES:
        for block in blocks(page.read_text("utf-8")):
            if block.language == "toml":
                tomllib.loads(block.text)


def test_every_link_between_pages_leads_somewhere() -> None:
    lost = []
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            found = (page.parent / file) if file else page
            if not found.exists() or (anchor and anchor not in anchors(found)):
                lost.append(f"{named(page)}: {target}")
    assert lost == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made from their words."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# -- what exists is on a page ---------------------------------------------------------------------


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)", text_of("README.md")))
    assert [named(page) for page in PAGES if named(page) not in {*linked, "README.md"}] == []


def test_every_word_of_the_language_is_in_its_reference() -> None:
    page = text_of("docs/language.md")
    words = {word.name for word in words_of_the_language(Registry())}
    assert [word for word in sorted(words) if f"`{word}`" not in page] == []


def test_every_command_is_on_the_page_of_the_command_line_and_in_use_on_another() -> None:
    others = "".join(p.read_text("utf-8") for p in PAGES if named(p) != REFERENCE)
    for name in entries():
        assert f"### `dunwell {name}`" in text_of(REFERENCE)
        assert re.search(rf"dunwell {name}\b|make {name}\b", others), name


HOOKS = [name for name in vars(Hooks) if name.startswith("dunwell_")]


@pytest.mark.parametrize("name", HOOKS)
def test_the_exact_signature_of_a_hook_is_on_a_page(name: str) -> None:
    signature = inspect.signature(getattr(Hooks, name))
    plain = signature.replace(parameters=list(signature.parameters.values())[1:])
    written = f"def {name}{plain}".replace("'", "")
    assert [named(page) for page in PAGES if f"`{written}`" in page.read_text("utf-8")], written


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_has_a_real_user(name: str) -> None:
    plugins = load_plugins(folder=EXAMPLES)
    assert plugins.problems == []
    assert [plugin.name for plugin in plugins.installed if name in plugin.hooks]


def test_every_example_plugin_has_a_page() -> None:
    pages = "".join(page.read_text("utf-8") for page in PAGES)
    assert [
        file.name
        for file in EXAMPLES.glob("*.py")
        if f"`plugins/examples/{file.name}`" not in pages
    ] == []


def test_every_capability_is_documented() -> None:
    page = text_of("docs/write-an-adapter.md")
    assert [c.name for c in Capability if f"| `{c.name.lower()}` |" not in page] == []


@pytest.mark.parametrize(
    ("protocol", "page"),
    [(Adapter, "docs/write-an-adapter.md"), (Channel, "docs/write-a-channel.md")],
)
def test_every_member_of_the_port_is_documented(protocol: type, page: str) -> None:
    members = {*vars(protocol), *vars(protocol).get("__annotations__", {})}
    public = sorted(member for member in members if not member.startswith("_"))
    assert [member for member in public if f"| `{member}` |" not in text_of(page)] == []


def test_every_error_that_crosses_the_port_is_documented() -> None:
    page = text_of("docs/write-an-adapter.md")
    crossing = [e.__name__ for e in errors.AdapterError.__subclasses__()]
    known = [name for name in crossing if hasattr(errors, name)]
    assert len(known) == 5
    assert [name for name in known if f"| `{name}` |" not in page] == []


def test_every_setting_is_on_the_page_of_the_configuration() -> None:
    page = text_of("docs/configuration.md")
    known = {name for table in (_File, Run, _Plugins) for name in table.model_fields}
    assert [name for name in sorted(known) if not re.search(rf"^\[?{name}\b", page, re.M)] == []


def test_every_filter_of_templates_is_documented() -> None:
    page = text_of("docs/templates.md")
    assert [name for name in FILTERS if f"`{name}`" not in page] == []


def test_the_layers_are_those_that_the_build_enforces() -> None:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    enforced = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    (picture,) = (b for b in blocks(text_of("CONTRIBUTING.md")) if b.text.startswith("cli "))
    drawn = [line[:43].strip() for line in picture.text.splitlines()]
    assert drawn == [re.sub("[()]", "", layer) for layer in enforced]


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    written = dict(re.findall(r"^\| (\d) \| (.*) \|$", text_of("README.md"), re.M))
    assert written == {str(code): meaning for code, meaning in exits.MEANINGS.items()}


def test_no_page_names_a_place_that_is_only_here() -> None:
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        assert not re.search(r"/(home|root|work|tmp|Users)/", page.read_text("utf-8")), page
