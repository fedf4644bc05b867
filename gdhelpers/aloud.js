// What ipywidgets leaves unsaid to a screen reader, said for all widgets of one box, and the focus kept where it was lost.
// Run by the <style> of live.aloud() whenever it arrives in a page; `this` is that element, and after it stands the
// paragraph that is read aloud.
const box = this.closest(".widget-box"), aloud = this.nextElementSibling, REST = 600; // milliseconds
if (box.namedAloud) return; // the page took the box out and put it back
box.namedAloud = true;
const put = (it, name, value) => it && it.getAttribute(name) !== value && it.setAttribute(name, value);
const text = it => it?.textContent.trim() ?? "";

const name = () => {
    for (const row of box.querySelectorAll(".widget-inline-hbox, .widget-radio, .widget-toggle-buttons")) {
        const label = row.querySelector(":scope > .widget-label"), readout = row.querySelector(".widget-readout");
        if (label?.title === "null") label.removeAttribute("title"); // ipywidgets writes Python's None there
        const handle = row.querySelector("[role=slider]"), choices = row.querySelector(":scope > .widget-radio-box");
        put(handle, "aria-label", text(label));
        put(handle, "aria-valuetext", text(readout)); // on a log scale it would be the exponent alone
        put(readout, "role", "textbox");
        put(readout, "aria-label", `${text(label)}, typed`);
        put(choices, "role", "radiogroup");
        put(choices, "aria-label", text(label) || text(box.querySelector(".widget-html-content")));
        if (row.matches(".widget-toggle-buttons")) {
            put(row, "role", "group");
            put(row, "aria-label", text(label));
        }
        const bar = row.querySelector(".progress");
        put(bar, "role", "progressbar");
        put(bar, "aria-label", text(label));
        put(bar, "aria-valuenow", `${parseInt(bar?.firstElementChild.style.width || 0)}`);
    }
    for (const button of box.querySelectorAll(".widget-toggle-button")) {
        put(button, "aria-pressed", `${button.classList.contains("mod-active")}`);
    }
    // the arrow keys belong to the choices, not to JupyterLab, which would leave for the next cell
    for (const choice of box.querySelectorAll("input[type=radio], select")) {
        put(choice, "data-lm-suppress-shortcuts", "true");
    }
};

// A control that is disabled by its own press loses the focus, and with it the reader's place in the page: go on to the
// next control of this output, or to its cell, from where the arrow keys lead on.
let held;
box.addEventListener("focusin", event => { held = event.target; });
box.addEventListener("focusout", event => { if (event.relatedTarget) held = undefined; });
const goOn = () => {
    if (!held?.disabled || ![held, document.body].includes(document.activeElement)) return;
    held = undefined;
    const next = [...box.closest(".jp-OutputArea")?.querySelectorAll("input:enabled, button:enabled, [tabindex='0']") ?? []]
        .find(it => !box.contains(it) && box.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING);
    (next ?? box.closest(".jp-Cell"))?.focus();
};

// A drag changes the words 25 times a second: read them when it rests, from an element that was there before, since
// one that arrives together with its words is often passed over. Nothing is read before the reader does something.
let touched = false, waiting, last;
for (const event of ["pointerdown", "keydown", "click"]) {
    box.addEventListener(event, () => { touched = true; }, { once: true });
}
const say = () => {
    const said = box.querySelector(".gdhelpers-said, div[role=status]");
    if (said?.role) {
        said.removeAttribute("role"); // else it might be read twice
        said.classList.add("gdhelpers-said");
    }
    const words = text(said);
    if (words === last) return;
    last = words;
    clearTimeout(waiting);
    if (touched) waiting = setTimeout(() => { aloud.textContent = words; }, REST);
};

const observer = new MutationObserver(() => {
    goOn();
    name();
    say();
    observer.takeRecords(); // its own changes are no news
});
observer.observe(box, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "disabled"] });
name();
say();
