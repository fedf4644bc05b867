"""What keeps people out who use a keyboard, a screen reader or less motion: looked for in the outputs of a page.

axe-core judges names, roles and contrast; Tab is pressed through each box of widgets; what moves by itself is listed.
"""

from functools import cache
from importlib.resources import files

from lab_in_chromium import all_in_view

OUTPUTS = ".jp-OutputArea-output"
# {rule of axe: why it may be broken here}, for faults of JupyterLab that cannot be mended from here: none so far
EXCEPTIONS = {}
IN_PAGE = """
window.access = {
    seen: it => it.checkVisibility({visibilityProperty: true, opacityProperty: true}) && it.getClientRects().length > 0,
    controls: box => [...box.querySelectorAll('[role=slider], [contenteditable], button, select, input, textarea')]
        .filter(it => !it.disabled && access.seen(it)),
    // the words that stand on the control or beside it
    name(it) {
        const row = it.closest('label, .widget-inline-hbox'), label = row?.querySelector('.widget-label') ?? row;
        const words = it.matches('button') ? it : label;
        return words && access.seen(words) ? words.innerText.trim() : '';
    },
    what: it => `${it.tagName.toLowerCase()} "${access.name(it)}"`,
    // a group of radio buttons is one stop of the Tab key: arrows move in it
    stop: it => it.matches('[type=radio]') ? it.closest('.widget-radio') : it,
}
"""


@cache
def axe():
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def what_axe_finds(page, selector=OUTPUTS):
    """One line for each thing that axe-core calls a violation, or cannot judge as something lies over it."""
    if not page.query_selector(selector):
        return []
    page.evaluate(f"() => {{ if (!window.axe) {{ {axe()} }} }}")
    with all_in_view(page):
        report = page.evaluate(
            """selector => {
                const before = document.body.style.height;
                document.body.style.height = '100vh';  // JupyterLab's is 0, and all words in it count as hidden for axe
                return axe.run({include: [[selector]]}, {resultTypes: ['violations', 'incomplete']})
                    .finally(() => document.body.style.height = before);
            }""",
            selector,
        )
    faults = [(rule, node) for rule in report["violations"] for node in rule["nodes"]]
    unsure = [(rule, node) for rule in report["incomplete"] for node in rule["nodes"]]
    faults += [
        (rule, node)
        for rule, node in unsure
        if "overlapped by another element" in node["failureSummary"] and not node["html"].startswith("<text ")
    ]  # words in a picture lie on it: test_readable.py judges them
    return [
        f"axe: {rule['id']} ({rule['help']}): {node['html'][:200]}"
        for rule, node in faults
        if rule["id"] not in EXCEPTIONS
    ]


def what_axe_finds_in_the_dark(page):
    """The same with JupyterLab's dark theme, which many readers choose; the light one is put back."""
    try:
        _put_on(page, "JupyterLab Dark")
        return [f"in the dark, {fault}" for fault in what_axe_finds(page)]
    finally:
        _put_on(page, "JupyterLab Light")


def _put_on(page, theme):
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
    page.wait_for_selector("#jupyterlab-splash", state="detached")  # it lies over the page while the theme is loaded


def what_tab_misses(page, box):
    """One line for each control of this box of widgets that has no visible name, or that Tab alone does not reach."""
    page.evaluate(IN_PAGE)
    controls = box.evaluate("box => access.controls(box).map(access.what)")
    found = [f"a control without a visible name: {control}" for control in controls if control.endswith('""')]
    box.evaluate("""box => {
        const controls = access.controls(box);
        box.missed = new Set(controls.map(access.stop));
        controls[0]?.focus();
    }""")
    for _ in range(len(controls) + 1):
        inside = box.evaluate("""box => {
            const here = document.activeElement;
            if (!box.contains(here)) return false;
            box.missed.delete(access.stop(here));
            return true;
        }""")
        if not inside:
            break
        page.keyboard.press("Tab")
    missed = box.evaluate("box => [...box.missed].map(access.what)")
    return found + [f"Tab does not reach {control}" for control in missed]


def what_moves_by_itself(page, root=".jp-Notebook"):
    """One line for each animation among outputs and texts: nothing here moves before the reader does something."""
    return page.evaluate(
        """root => [
            ...document.getAnimations().map(it => it.effect.target)
                .filter(it => it?.closest(root)?.contains(it) && it.closest('.jp-OutputArea, .jp-MarkdownOutput')),
            ...document.querySelectorAll(['video', 'marquee', 'animate', 'animateTransform', 'animateMotion',
                '.widget-play', 'img[src*=".gif"]', 'img[src^="data:image/gif"]'].map(it => `${root} ${it}`).join()),
        ].map(it => `moves by itself: ${it.outerHTML.slice(0, 200)}`)""",
        root,
    )
