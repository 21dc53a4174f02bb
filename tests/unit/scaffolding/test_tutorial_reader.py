"""Whoever follows the tutorial for the browser test leaves nothing of it out, and adds nothing."""

import pytest

from tests.support.tutorial import Tutorial

PAGE = """
<!-- tutorial -->
```sh
pip install something
echo one
```
<!-- instead of the browser -->
```sh
echo by commands
```
<!-- /instead of the browser -->
<!-- /tutorial -->

<!-- browser -->
1. Open *Tenants*, enter the **Name** `Acme
   Pumps`, and **Save**.
2. Press **Log
   out**.
<!-- /browser -->

<!-- tutorial -->
```console
$ echo two
two
```
<!-- /tutorial -->
"""


@pytest.fixture
def tutorial() -> Tutorial:
    return Tutorial(PAGE)


def test_commands_and_steps_come_in_the_order_of_the_page(tutorial: Tutorial) -> None:
    assert tutorial.commands() == ("echo one\n", [])
    with tutorial.step("Open *Tenants*"):
        tutorial.require_said("Acme Pumps")
        tutorial.touch("Name")
        tutorial.touch("Save")
    with tutorial.step("Press"):
        tutorial.touch("Log out")
    assert tutorial.commands() == ("echo two\n", ["two"])
    tutorial.require_end()


def test_a_step_does_not_come_before_the_commands_above_it(tutorial: Tutorial) -> None:
    with pytest.raises(AssertionError, match="there are commands to run"), tutorial.step("Open"):
        pass


@pytest.mark.parametrize("touched", [[], ["Name"], ["Save", "Name"], ["Name", "Slug", "Save"]])
def test_every_label_of_a_step_is_touched_and_no_other(touched: list[str], tutorial: Tutorial) -> None:
    tutorial.commands()
    with pytest.raises(AssertionError, match="Acme Pumps"), tutorial.step("Open"):
        for label in touched:
            tutorial.touch(label)


def test_what_is_entered_stands_in_the_step(tutorial: Tutorial) -> None:
    tutorial.commands()
    with pytest.raises(AssertionError, match="does not say 'Acme'"), tutorial.step("Open"):
        tutorial.require_said("Acme")


def test_no_step_is_passed_over(tutorial: Tutorial) -> None:
    tutorial.commands()
    with pytest.raises(AssertionError, match="goes on otherwise: Open"), tutorial.step("Press"):
        pass


@pytest.mark.parametrize("left", ["commands", "require_end"])
def test_no_step_is_left_out_at_the_end(left: str, tutorial: Tutorial) -> None:
    tutorial.commands()
    with tutorial.step("Open"):
        tutorial.touch("Name")
        tutorial.touch("Save")
    with pytest.raises(AssertionError, match="Log"):
        getattr(tutorial, left)()
