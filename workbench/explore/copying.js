// A button that copies the model's text; where the browser forbids it, the text is there to select.
function render({ model, el }) {
  const button = document.createElement("button");
  const said = document.createElement("span");
  el.classList.add("workbench-copy");
  button.textContent = `Copy ${model.get("name")}`;
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(model.get("text"));
      said.textContent = "Copied.";
    } catch {
      said.textContent = "Not allowed here: select the text below and copy it.";
    }
  });
  model.on("change:text", () => { said.textContent = ""; });
  el.append(button, said);
}
export default { render };
