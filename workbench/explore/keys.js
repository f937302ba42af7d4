const EDITABLE = "input, textarea, select, [contenteditable=true]";

const make = (parent, name, settings = {}, text = "") => {
  const element = parent.appendChild(document.createElement(name));
  for (const [key, value] of Object.entries(settings)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
};

export default {
  render({ model, el }) {
    const actions = model.get("actions");
    const bar = make(el, "div", {
      class: "workbench-keys", role: "group", tabindex: "0", "aria-label": model.get("name"),
    });
    const facts = make(bar, "dl", { "aria-live": "polite" });
    const press = (key) => model.send({ key, turn: model.get("turn") });
    for (const [key, label] of Object.entries(actions)) {
      const button = make(bar, "button", { type: "button", "aria-keyshortcuts": key });
      make(button, "kbd", { "aria-hidden": "true" }, key);
      button.append(` ${label}`);
      button.addEventListener("click", () => press(key));
    }
    const status = make(bar, "p", { role: "status", "aria-live": "polite" });
    const listed = make(bar, "p", { class: "workbench-listed" });
    const show = () => {
      status.textContent = model.get("status");
      listed.textContent = model.get("listed");
      facts.replaceChildren();
      for (const [name, value] of model.get("facts")) {
        make(facts, "dt", {}, name);
        make(facts, "dd", {}, value);
      }
    };
    const shown = "change:status change:listed change:facts";
    model.on(shown, show);
    show();

    const inPanel = (target) =>
      target instanceof Element && !target.closest(EDITABLE) &&
      el.closest(`.${model.get("panel")}`)?.contains(target);
    // On the window, before JupyterLab: there `a` adds a cell and `d` twice deletes one.
    const onKey = (event) => {
      if (!inPanel(event.target) || event.key.length > 1) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      event.stopPropagation();
      if (event.key in actions && !event.repeat) press(event.key);
    };
    // Canvas and table cells take no focus: after a loop the keys must be heard all the same.
    const onClick = ({ target }) => {
      const taker = target instanceof Element && target.closest("button, a, [tabindex]");
      if (inPanel(target) && !inPanel(taker)) bar.focus({ preventScroll: true });
    };
    window.addEventListener("keydown", onKey, true);
    window.addEventListener("click", onClick, true);
    return () => {
      model.off(shown, show);
      window.removeEventListener("keydown", onKey, true);
      window.removeEventListener("click", onClick, true);
    };
  },
};
