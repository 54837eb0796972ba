/** The button beside a link that copies it. Where the browser denies the clipboard, it selects the link. */
const field = document.getElementById("link");
const button = document.getElementById("copy-link");
const said = document.getElementById("link-copied");

async function copy() {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

// Without script there is only the field, from which everybody can copy by hand.
button.hidden = false;
field.addEventListener("focus", () => field.select());
button.addEventListener("click", async () => {
  field.select();
  said.textContent = (await copy()) ? said.dataset.copied : said.dataset.selected;
});
