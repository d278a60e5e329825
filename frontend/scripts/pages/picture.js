// The reach picture's size: buttons, and keys while it has focus. Tab is left alone, so nobody is held in it; without
// this script the picture scrolls and every link of it works.

const STEP = 1.25;
const LEAST = 0.2;
const MOST = 4;
const MOVE = 80; // pixels an arrow key moves it

function start(frame) {
  const drawing = frame.querySelector("svg");
  const whole = { width: drawing.viewBox.baseVal.width, height: drawing.viewBox.baseVal.height };
  const said = document.querySelector("[data-zoom-said]");
  let scale = 1;

  function show(wanted) {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    const middle = {
      x: (frame.scrollLeft + frame.clientWidth / 2) / scale,
      y: (frame.scrollTop + frame.clientHeight / 2) / scale,
    };
    scale = next;
    drawing.setAttribute("width", String(Math.round(whole.width * scale)));
    drawing.setAttribute("height", String(Math.round(whole.height * scale)));
    frame.scrollTo(middle.x * scale - frame.clientWidth / 2, middle.y * scale - frame.clientHeight / 2);
    said.textContent = `${Math.round(scale * 100)} %`;
  }

  const fit = () => {
    const room = parseFloat(getComputedStyle(frame).maxHeight) || frame.clientHeight;
    show(Math.min(frame.clientWidth / whole.width, room / whole.height, 1));
  };
  const acts = { in: () => show(scale * STEP), out: () => show(scale / STEP), fit };
  const keys = { "+": acts.in, "=": acts.in, "-": acts.out, "−": acts.out, 0: acts.fit };
  const arrows = { ArrowLeft: [-MOVE, 0], ArrowRight: [MOVE, 0], ArrowUp: [0, -MOVE], ArrowDown: [0, MOVE] };

  for (const bar of document.querySelectorAll("[data-zoom-bar]")) bar.hidden = false;
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", acts[button.dataset.zoom]);
  }
  frame.addEventListener("keydown", (event) => {
    if (event.target !== frame || event.ctrlKey || event.metaKey || event.altKey) return;
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    } else if (Object.hasOwn(arrows, event.key)) {
      const [right, down] = arrows[event.key];
      const before = [frame.scrollLeft, frame.scrollTop];
      frame.scrollBy(right, down);
      // At its end the page moves on, as it does anywhere else.
      if (before[0] !== frame.scrollLeft || before[1] !== frame.scrollTop) event.preventDefault();
    }
  });
}

for (const frame of document.querySelectorAll("[data-picture]")) start(frame);
