/** Loads what it takes to solve an exercise in the page when a reader presses its button. */

const FROM_A_FILE = "Browsers run no Python on a page that was opened from a file. Run python3 -m http.server in the book's folder and " +
  "open http://localhost:8000 in the browser, or download the notebook from the page of exercises.";

for (const place of document.querySelectorAll(".solve")) {
  const [button, said] = place.querySelectorAll("button, [role=status]");
  const { exercise, script } = place.dataset;
  if (localStorage.getItem(`llm-course:answer:${exercise}`)) said.textContent = "What you wrote is kept in this browser.";
  if (location.protocol === "file:") said.textContent = FROM_A_FILE;

  button.addEventListener("click", async () => {
    if (location.protocol === "file:") return;
    said.textContent = "Loading …";
    try {
      const { solve } = await import(new URL(script, document.baseURI));
      await solve(place, exercise);
    } catch (error) {
      said.textContent = `The editor could not be loaded (${error.message}): look at your connection, then press the button again.`;
    }
  });
}
