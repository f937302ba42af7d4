"use strict";
// Long tables sort, search and filter, and the contents mark their place. The page reads without.
(() => {
  const LONG = 8, FEW = 8, SHORT = 40, MENUS = 4, SIZES = { k: 1e3, M: 1e6, B: 1e9 };
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const make = (tag, into, set) => into.appendChild(Object.assign(document.createElement(tag), set));
  const text = (node) => node.textContent.replace(/\s+/g, " ").trim();
  const plain = (said) => said.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  // A cell as a number: an estimate's own, a date, or what the text begins with.
  const number = (cell) => {
    const mark = cell.querySelector(".estimate");
    if (mark) return Number(mark.dataset.value);
    const said = text(cell.querySelector(".imported") || cell);
    if (/^\d{1,2} [A-Z][a-z]{2} \d{4}$/.test(said)) return Date.parse(said + " UTC");
    const found = /^(?:about |under |over )?([-+]?)[$€£]?([\d,]*\.?\d+)(?:st|nd|rd|th)?([kMB%]?)(?![\w.@/-])/.exec(said);
    if (!found) return NaN;
    const size = Number(found[2].replaceAll(",", "")) * (SIZES[found[3]] || 1);
    return found[1] === "-" ? -size : size;
  };
  const empty = (cell) => /^(no data.*|[-–—]?)$/.test(text(cell));

  const column = (rows, place) => {
    const cells = rows.map((row) => row.cells[place]);
    const numbers = cells.map(number), told = cells.map((cell) => !empty(cell));
    const counted = numbers.filter((value, n) => told[n] && !Number.isNaN(value)).length;
    const texts = [...new Set(cells.map(text))];
    const isNumber = counted > told.filter(Boolean).length / 2;
    const short = texts.length > 1 && texts.length <= Math.min(FEW, rows.length / 2)
      && texts.every((said) => said.length <= SHORT);
    return {
      missing: cells.map((_, n) => (isNumber ? Number.isNaN(numbers[n]) : !told[n])),
      keys: isNumber ? numbers : cells.map((cell) => text(cell.querySelector(".imported") || cell)),
      compare: isNumber ? (a, b) => a - b : words.compare,
      choices: !isNumber && place > 0 && short ? texts.sort(words.compare) : [],
    };
  };

  const serve = (table) => {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
    const columns = heads.map((_, place) => column(rows, place));
    const menus = columns.filter((one) => one.choices.length).length <= MENUS;
    const found = rows.map((row) => plain(text(row)));
    const tools = document.createElement("div"), filters = [];
    let by = -1, turn = 0; // turn: 1 up, -1 down, 0 as it came
    tools.className = "tools";
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", "Rows of: " + text(table.caption));
    const label = (said) => make("label", tools, { textContent: said + " " });
    const search = make("input", label("Search"), { type: "search", autocomplete: "off" });

    const show = () => {
      const wanted = plain(search.value).split(/\s+/);
      const order = rows.map((_, n) => n);
      if (turn) {
        const { keys, missing, compare } = columns[by];
        order.sort((a, b) => missing[a] - missing[b] || (missing[a] ? 0 : turn * compare(keys[a], keys[b])));
      }
      let left = 0;
      rows.forEach((row, n) => {
        row.hidden = !(wanted.every((word) => found[n].includes(word))
          && filters.every(([place, menu]) => !menu.value || text(row.cells[place]) === menu.value));
        left += !row.hidden;
      });
      if (order.some((n, at) => body.rows[at] !== rows[n])) body.append(...order.map((n) => rows[n]));
      heads.forEach((head, place) => {
        if (turn && place === by) head.setAttribute("aria-sort", turn > 0 ? "ascending" : "descending");
        else head.removeAttribute("aria-sort");
      });
      tools.classList.toggle("cut", left < rows.length);
      const said = (left < rows.length ? left + " of " : "") + rows.length + " rows";
      if (status.textContent !== said) status.textContent = said;
    };

    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        turn = by !== place || !turn ? 1 : turn > 0 ? -1 : 0;
        by = place;
        show();
      });
      const { choices } = columns[place];
      if (!menus || !choices.length) return; // a matrix would be all menus
      const menu = make("select", label(text(button)), {});
      menu.append(new Option("All", ""), ...choices.map((said) => new Option(said)));
      menu.addEventListener("change", show);
      filters.push([place, menu]);
    });
    search.addEventListener("input", show);
    const status = make("p", tools, {});
    status.setAttribute("role", "status");
    status.setAttribute("aria-live", "polite");
    const region = table.closest(".scroll") || table;
    region.before(tools);
    show();
  };
  for (const table of document.querySelectorAll("main table")) {
    const long = table.rows.length - 1 > (table.rows[0].cells.length > 2 ? LONG : 2 * LONG);
    if (long && table.tHead && table.caption) serve(table);
  }

  const links = [...document.querySelectorAll(".contents a")];
  const places = links.map((link) => document.getElementById(link.hash.slice(1)));
  let due = false;
  const follow = () => {
    due = false;
    const end = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const line = innerHeight * (end ? 1 : 0.25);
    const now = places.findLastIndex((place) => place.getBoundingClientRect().top <= line);
    links.forEach((link, n) => {
      if (n === now) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    });
  };
  addEventListener("scroll", () => {
    if (!due) requestAnimationFrame(follow);
    due = true;
  }, { passive: true });
  follow();
})();
